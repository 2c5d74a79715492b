/** What reaches a terminal: colour only where it is wanted, tables that are drawn anew, pipes that are closed. */

import { execFileSync } from 'node:child_process';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, type TestContext, test } from 'vitest';
import { Registry } from '../../src/index.js';
import { cli, outcomeOf, startOnTerminal } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { start } from '../support/processes.js';
import { tempFolder } from '../support/temp.js';

function needsScript(context: TestContext): void {
  try {
    execFileSync('script', ['--version'], { stdio: 'ignore' });
  } catch {
    context.skip('needs script(1), of util-linux');
  }
}

async function registered(input: object = {}) {
  const directory = tempFolder();
  const registry = new Registry({ directory });
  onTestFinished(() => registry.close());
  const endpoints = [{ type: 'http', url: 'http://127.0.0.1:3001' }];
  const registration = await registry.register({ name: 'api', endpoints, ...input });
  return { directory, registry, registration };
}

const csi = '\u001b[';

test('colour appears on a terminal, not with NO_COLOR, and not in a pipe', async (context) => {
  needsScript(context);
  const { directory } = await registered();
  // Node takes a terminal with CI in its environment for one without colours.
  const seen = async (env = {}) => (await outcomeOf(startOnTerminal(directory, 'list', env))).out;
  expect(await seen({ NO_COLOR: undefined, CI: undefined })).toContain(`${csi}32mready`);
  const plain = await seen({ NO_COLOR: '1' });
  expect(plain).toContain('ready');
  expect(plain).not.toContain(csi);
  expect((await cli(directory, 'list')).out).not.toContain(csi);
});

test('watch draws a table on a terminal, and draws it anew when something changes', async (context) => {
  needsScript(context);
  const { directory, registry } = await registered();
  const watching = startOnTerminal(directory, 'watch');
  await watching.line(/1 running/);
  await registry.register({ name: 'second', endpoints: [{ type: 'stdio' }] });
  await watching.line(/2 running/);
  await watching.line(/^second +.*ready/);
});

test('watch says so when what it shows is what it knew last', async (context) => {
  needsScript(context);
  const { directory } = await registered();
  const watching = startOnTerminal(directory, 'watch');
  await watching.line(/1 running\./);
  const entries = join(directory, 'v1');
  renameSync(entries, `${entries}.away`);
  writeFileSync(entries, '');
  await watching.line(/1 running \d+s ago: the registry cannot be read\./);
  const before = watching.lines.length;
  rmSync(entries);
  renameSync(`${entries}.away`, entries);
  await eventually('it can be read again', () => watching.lines.slice(before).some((line) => /1 running\./.test(line)));
});

test('| head does not crash it', async () => {
  const directory = tempFolder();
  const registry = new Registry({ directory });
  onTestFinished(() => registry.close());
  // More than a pipe holds, so that writing goes on when nobody reads any more.
  const metadata = { text: 'x'.repeat(20_000) };
  for (let n = 0; n < 20; n++) await registry.register({ name: `api${n}`, endpoints: [{ type: 'stdio' }], metadata });
  const command = `${process.execPath} dist/cli/main.js list --json; echo "exit $?" >&2`;
  const piped = start('sh', ['-c', `{ ${command}; } | head -c 10`], { ROLLCALL_DIR: directory });
  expect(await piped.ended).toEqual({ code: 0, signal: null });
  expect(piped.errors()).toBe('exit 0\n');
});
