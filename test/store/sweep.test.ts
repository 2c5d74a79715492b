/** What crashed writers left is removed by age, and nothing else. */

import { existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createId } from '../../src/core/id.js';
import { Registry } from '../../src/registry/registry.js';
import { Layout } from '../../src/store/file/directory.js';
import { FileStore } from '../../src/store/file/file-store.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { tempFolder } from '../support/temp.js';

function sweptFolder() {
  const clock = new FakeClock();
  const layout = new Layout(join(tempFolder(), 'registry'));
  layout.prepare();
  const store = new FileStore({ directory: layout.root, clock });
  /** Makes a file, or a folder if it ends in a slash, of that age in ms. */
  const make = (path: string, age: number) => {
    if (path.endsWith('/')) mkdirSync(path);
    else writeFileSync(path, 'x', { mode: 0o600 });
    const then = new Date(clock.now() - age);
    utimesSync(path, then, then);
  };
  return { clock, layout, store, make };
}
const id = createId('weather');
const minute = 60_000;

const orphans: [string, (layout: Layout) => string][] = [
  ['a draft', (layout) => layout.draft(id, 'x')],
  ['a draft of another writer', (layout) => `${layout.draft(id, 'mark_of-theirs')}`],
  ['a lock', (layout) => layout.lock(id)],
  ['a folder in place of a lock', (layout) => `${layout.lock(id)}/`],
];

test.each(orphans)('%s is removed once nobody has touched it for a minute', async (_, pathIn) => {
  const { layout, store, make } = sweptFolder();
  const path = pathIn(layout);
  make(path, minute - 1_000);
  expect(await store.sweep()).toBe(0);
  expect(existsSync(path)).toBe(true);
  const then = new Date(Date.parse('2026-01-01T00:00:00.000Z') - minute - 1_000);
  utimesSync(path, then, then);
  expect(await store.sweep({ dryRun: true })).toBe(1);
  expect(existsSync(path)).toBe(true);
  expect(await store.sweep()).toBe(1);
  expect(existsSync(path)).toBe(false);
});

test.each<[string, (layout: Layout) => string]>([
  ['an entry', (layout) => layout.entry(id)],
  ['a hidden file', (layout) => join(layout.entries, '.keep')],
  ["someone's notes", (layout) => join(layout.entries, 'notes.json.bak')],
  ["another program's temporary", (layout) => `${layout.entry(id)}.1234567`],
  ['a file that ends in a number', (layout) => join(layout.entries, 'notes.123')],
  ['a foreign folder', (layout) => `${join(layout.entries, 'claims')}/`],
  ['a file among the drafts', (layout) => join(layout.drafts, 'notes.json.bak')],
  ['a file among the locks', (layout) => join(layout.locks, 'notes')],
  ['a lock of something else', (layout) => join(layout.locks, 'yarn.lock')],
  ['a file above', (layout) => join(layout.root, 'x.json.123')],
])('%s is never removed', async (_, pathIn) => {
  const { layout, store, make } = sweptFolder();
  const path = pathIn(layout);
  make(path, 365 * 24 * 60 * minute);
  expect(await store.sweep()).toBe(0);
  expect(existsSync(path)).toBe(true);
});

test('a lock with something in it is left, and the rest is removed', async () => {
  const { clock, layout, store, make } = sweptFolder();
  const lock = join(layout.locks, `${id}.lock`);
  mkdirSync(join(lock, 'inside'), { recursive: true });
  const then = new Date(clock.now() - 10 * minute);
  utimesSync(lock, then, then);
  make(layout.draft(id, 'x'), 10 * minute);
  expect(await store.sweep()).toBe(1);
  expect(readdirSync(layout.drafts)).toEqual([]);
  expect(existsSync(join(lock, 'inside'))).toBe(true);
});

test('what lies in the future, by a clock that was wrong, is left', async () => {
  const { layout, store, make } = sweptFolder();
  make(layout.draft(id, 'x'), -10 * minute);
  expect(await store.sweep()).toBe(0);
});

test.each(['entries', 'drafts', 'locks'] as const)(
  'nothing is removed through a link in place of the %s',
  async (which) => {
    const clock = new FakeClock();
    const layout = new Layout(join(tempFolder(), 'registry'));
    mkdirSync(which === 'entries' ? layout.root : layout.entries, { recursive: true, mode: 0o700 });
    const elsewhere = tempFolder();
    for (const name of ['precious', 'precious.json.1', 'precious.lock']) {
      writeFileSync(join(elsewhere, name), 'x');
      utimesSync(join(elsewhere, name), 1, 1);
    }
    symlinkSync(elsewhere, layout[which]);
    await new FileStore({ directory: layout.root, clock }).sweep().catch(() => {});
    expect(readdirSync(elsewhere)).toHaveLength(3);
  },
);

test('a reap removes what crashed writers of claims have left as well, and no record of a claim', async () => {
  const { clock, layout, store, make } = sweptFolder();
  const registry = new Registry({ store, clock });
  onTestFinished(() => registry.close());
  expect((await registry.reap()).orphans).toBe(0);
  await (await registry.claim('leader')).release();
  const claims = layout.beside('claims');
  make(claims.draft(id, 'x'), minute + 1_000);
  make(claims.lock(id), minute + 1_000);
  expect((await registry.reap({ dryRun: true })).orphans).toBe(2);
  expect((await registry.reap()).orphans).toBe(2);
  expect(existsSync(claims.lock(id))).toBe(false);
  expect((await registry.claim('leader')).token).toBe(2);
});
