/** G17: nothing found in the registry is executed, passed to a shell, or connected to. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished } from 'vitest';
import { decode, encode } from '../../src/core/codec.js';
import { Registry } from '../../src/index.js';
import { HostileFolder } from '../hostile/plant.js';
import { commands, hostileUrls } from '../hostile/urls.js';
import { outcomeOf, startCli } from '../support/cli.js';
import { makeInstance } from '../support/make-instance.js';
import { start, startNode } from '../support/processes.js';
import { prove } from '../support/prove.js';
import { tempFolder } from '../support/temp.js';

/** Entries that offer a command, or a way to somewhere, in every place where one might be looked for. */
async function planted(): Promise<HostileFolder> {
  const folder = new HostileFolder();
  for (const command of commands) {
    await folder.addGood(
      makeInstance({
        name: 'api',
        title: command,
        kind: command.slice(0, 60),
        cwd: `/tmp/${command}`,
        command: ['sh', '-c', command],
        metadata: { command, args: [command], env: { NODE_OPTIONS: '--require ./pwned.js', PATH: '.' } },
        health: { url: 'http://127.0.0.1:9/', command },
        mcp: { command: 'sh', args: ['-c', command] },
        endpoints: [
          { type: 'http', url: `http://127.0.0.1:9/${encodeURIComponent(command)}` },
          { type: 'stdio', command: 'sh', args: ['-c', command] } as never,
          { type: 'unix', socketPath: `/tmp/${command}` },
        ],
      }),
    );
  }
  for (const url of ['//evil.example/', '/\\evil.example', 'http://127.0.0.1:9/', 'file:///etc', 'javascript:1']) {
    await folder.addGood(makeInstance({ health: { url } }));
  }
  await folder.addAll();
  return folder;
}

const cliCommands = [
  ['list', '--all'],
  ['get', 'api'],
  ['url', 'api'],
  ['wait', 'api', '--timeout', '5s'],
  ['prune'],
  ['doctor'],
];

prove('G17', 'a client that uses everything starts no process, opens no connection and looks up no name', async () => {
  const folder = await planted();
  const cwd = tempFolder();
  const client = startNode('test/programs/client.js', [], { ROLLCALL_DIR: folder.directory });
  const { found, doors } = JSON.parse(await client.line(/^\{/));
  expect(await client.ended, client.errors()).toEqual({ code: 0, signal: null });
  expect(found.length).toBeGreaterThan(commands.length);
  expect(doors).toEqual([]);
  for (const args of cliCommands) await outcomeOf(startCli(folder.directory, args));
  expect([...readdirSync(cwd), ...readdirSync(folder.directory, { recursive: true })].join()).not.toContain('pwned');
  expect(existsSync('pwned')).toBe(false);
  expect(folder.isUnharmed).toBe(true);
});

prove(
  'G17',
  "not one execve and not one connect, of the library and of every command, by the kernel's word",
  async () => {
    const folder = await planted();
    const programs = [
      ['test/programs/client.js'],
      ...[...cliCommands, ['list', '--json'], ['list', 'x*', '--cwd', '/tmp']].map((args) => [
        'dist/cli/main.js',
        ...args,
      ]),
    ];
    for (const program of programs) {
      const log = join(tempFolder(), 'strace');
      const words = [
        '-f',
        '-qq',
        '-e',
        'trace=execve,execveat,connect,sendto,sendmsg',
        '-o',
        log,
        process.execPath,
        ...program,
      ];
      await start('strace', words, { ROLLCALL_DIR: folder.directory }).ended;
      const calls = readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => /\b(execve|execveat|connect|sendto|sendmsg)\(/.test(line));
      // The first one starts the program itself.
      expect(calls[0], program.join(' ')).toContain('execve(');
      expect(calls.slice(1), program.join(' ')).toEqual([]);
    }
  },
  { tier: 'full', needs: ['strace'], timeout: 60_000 },
);

describe('URLs', () => {
  for (const { url, refused, host } of hostileUrls) {
    const is = JSON.stringify(url).slice(0, 60);
    prove(
      'G17',
      `${is} is ${refused ? 'refused at the door, and illegible in a file' : `what it says: ${host}`}`,
      async () => {
        const instance = makeInstance({ endpoints: [{ type: 'http', url }] });
        const registry = new Registry({ directory: tempFolder() });
        onTestFinished(() => registry.close());
        const registering = registry.register({ name: 'api', endpoints: [{ type: 'http', url }] });
        const read = decode(instance.id, encode(instance));
        if (refused !== undefined) {
          await expect(registering).rejects.toMatchObject({
            code: 'ROLLCALL_INVALID',
            message: expect.stringMatching(refused),
          });
          expect(read.illegible).toMatch(refused);
          return;
        }
        expect((await registering).instance.endpoints[0]?.url).toBe(url);
        expect(read.instance?.endpoints[0]?.url).toBe(url);
        expect(new URL(url).hostname).toBe(host);
      },
    );
  }
});
