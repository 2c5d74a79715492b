/** docs/diagnostics.md against the source: every channel, and every field of what is told on it. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createConsumer } from './support/consumer.js';
import { root, start } from './support/processes.js';
import { names } from './support/told.js';

const page = readFileSync(join(root, 'docs/diagnostics.md'), 'utf8');
const source = readFileSync(join(root, 'src/process/messages.ts'), 'utf8').replace(/\/\*\*[\s\S]*?\*\//g, '');

test('its table has every channel, and all that is told there', () => {
  const rows = [...page.matchAll(/^\| `(rollcall:\w+)` \| (.*?) \|/gm)].map(([, name, fields = '']) => [
    name,
    [...fields.matchAll(/`(\w+)`/g)].map(([, field]) => field),
  ]);
  const declared = [...source.matchAll(/'(rollcall:\w+)': \{(.*?)\}/gs)].map(([, name, body = '']) => [
    name,
    [...body.matchAll(/(\w+): /g)].map(([, field]) => field),
  ]);
  expect(declared.map(([name]) => name)).toEqual(names);
  expect(rows).toEqual(declared);
});

test('its links lead somewhere', () => {
  const links = [...page.matchAll(/\]\((?!https:)([^)#]+)\)/g)].map(([, link = '']) => link);
  expect(links.length).toBeGreaterThan(1);
  for (const link of links) expect(existsSync(join(root, 'docs', link)), link).toBe(true);
});

test('its snippet says what it shows', async () => {
  const [, snippet = ''] = /^```js\n(.*?)^```$/ms.exec(page) ?? [];
  const folder = createConsumer();
  const rest = `
    import { Registry } from 'rollcall';
    import { createCluster } from 'rollcall/testing';
    const cluster = await createCluster({ instances: [{ name: 'weather' }] });
    await cluster.registry.discover();
    await cluster.kill('weather');
    await cluster.registry.discover();
    await cluster.close();`;
  writeFileSync(join(folder, 'snippet.js'), snippet + rest);
  const running = start(process.execPath, ['snippet.js'], {}, folder);
  expect(await running.ended, running.errors()).toEqual({ code: 0, signal: null });
  expect(running.errors()).toMatch(/^registry: weather was alive and is dead: process \d+ has ended$/m);
});
