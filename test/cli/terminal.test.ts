/** What reaches a terminal: colour only where it is wanted, never a control byte or a secret from an entry. */

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, type TestContext, test } from 'vitest';
import { Registry } from '../../src/index.js';
import { cli, outcomeOf, startCli, startOnTerminal } from '../support/cli.js';
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

/** What must not come out, line breaks between our own lines aside. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const forbidden = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e]/;

/** What an entry may try: to clear the screen, to set the title, to hide and to reorder text, to forge a line. */
const hostile = '\u001b[2J\u001b]0;title\u0007\u009b31m\u202egnp.exe\u200b\u2028next\u0000\u007f\r\nforged  ready';

test('no control, bidi or zero-width character of an entry reaches the output, in any command', async () => {
  const { directory, registration } = await registered({
    title: hostile,
    description: hostile,
    kind: hostile.slice(0, 60),
    tags: [hostile],
    capabilities: [hostile],
    metadata: { [hostile]: hostile },
    cwd: `/projects/${hostile}`,
    endpoints: [{ type: hostile.slice(0, 60), socketPath: hostile }],
  });
  const evil = join(directory, 'v1', `${'\u001b[31mevil\u202e'}.json`);
  writeFileSync(evil, 'garbage', { mode: 0o600 });
  const commands = [
    ['list'],
    ['list', '--all'],
    ['list', '--all', '--json'],
    ['get', 'api'],
    ['get', 'api', '--json'],
    ['url', 'api'],
    ['wait', 'api'],
    ['wait', 'nope', '--timeout', '10ms'],
    ['get', '\u001b[31mevil'],
    ['prune'],
    ['doctor'],
    ['doctor', '--json'],
  ];
  for (const args of commands) {
    const { out, err } = await cli(directory, ...args);
    expect(`${out}${err}`, args.join(' ')).not.toMatch(forbidden);
    expect(`${out}${err}`, args.join(' ')).not.toMatch(/^forged/m);
  }
  const json = JSON.parse((await cli(directory, 'list', '--json')).out);
  expect(json[0].title).toBe(hostile);

  for (const args of [['watch'], ['watch', '--json']]) {
    const watching = startCli(directory, args);
    const line = await watching.line(/api/);
    expect(line).not.toMatch(forbidden);
    watching.child.kill('SIGKILL');
  }
  await registration.deregister();
});

test('a secret is in the file and in no output', async () => {
  const canary = 'canary-7f3e9a';
  const { directory, registration } = await registered({
    endpoints: [
      {
        type: 'http',
        url: 'http://127.0.0.1:3001',
        headers: [{ name: 'Authorization', value: `Bearer ${canary}`, isSecret: true }],
      },
    ],
  });
  expect(readFileSync(join(directory, 'v1', `${registration.id}.json`), 'utf8')).toContain(canary);
  for (const args of [
    ['list'],
    ['list', '--json', '--all'],
    ['get', 'api'],
    ['get', 'api', '--json'],
    ['url', 'api'],
    ['doctor'],
  ]) {
    const { out, err } = await cli(directory, ...args);
    expect(`${out}${err}`).not.toContain(canary);
  }
  expect((await cli(directory, 'get', 'api')).out).toContain('Authorization: [secret]');
  const watching = startCli(directory, ['watch', '--json']);
  expect(await watching.line(/api/)).not.toContain(canary);
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
