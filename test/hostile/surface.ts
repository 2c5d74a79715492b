/** All that can be asked of rollcall, so that an attack on everything leaves nothing out. */

import { expect } from 'vitest';
import { Reaper, Registration, Registry, Watcher } from '../../src/index.js';
import { Claim } from '../../src/registry/claim.js';
import { Lease } from '../../src/registry/lease.js';
import { cli } from '../support/cli.js';
import { tempFolder } from '../support/temp.js';

/** Every public member of the classes a user holds, as `Registry.discover`. */
export function methods(): string[] {
  const classes = { Registry, Registration, Watcher, Reaper, Claim, Lease };
  return Object.entries(classes).flatMap(([name, { prototype }]) =>
    Reflect.ownKeys(prototype)
      .filter((key) => key !== 'constructor')
      .map((key) => `${name}.${typeof key === 'symbol' ? nameOf(key) : key}`),
  );
}

/** Before Node 24 the symbols of disposal are described otherwise. */
function nameOf(key: symbol): string {
  return key === Symbol.asyncDispose ? '[Symbol.asyncDispose]' : `[${key.description}]`;
}

/** What a person may type: by command, its arguments. `NAME`, `ID` and `BROKEN` stand for those of planted entries. */
export const invocations: Readonly<Record<string, readonly string[]>> = {
  '': [
    '',
    '--json',
    '-a',
    '--all --json',
    '--kind x --tag y --capability z --status ready --cwd .',
    '--bogus',
    'bogus',
  ],
  list: [
    '',
    'NAME',
    '--json',
    '--all',
    '--all --json',
    '--kind x --tag y --capability z --status ready --cwd /',
    'nobody',
  ],
  watch: ['', 'NAME', '--json', '--kind x --tag y --capability z --status ready --cwd /'],
  get: ['NAME', 'ID', 'BROKEN', 'NAME --json', 'BROKEN --json', 'nobody', ''],
  url: ['NAME', 'ID', 'NAME --type http', 'NAME --type none', 'BROKEN', 'nobody'],
  wait: ['NAME', 'nobody --timeout 50ms', '* --timeout 50ms', '!', 'NAME --timeout x'],
  why: ['NAME', 'NAME --cwd / --json', 'NAME --kind x --tag y --capability z', 'nobody', 'BROKEN'],
  // There is one already, or no command is given: nothing is started.
  ensure: ['NAME -- false', 'NAME false', '--cwd / --timeout 50ms NAME', ''],
  // Asked for, secrets are told: here of nobody.
  export: [
    '--client vscode',
    'NAME --client codex',
    'NAME --client claude',
    'BROKEN --client gemini',
    '--client cursor --kind x --tag y --capability z --status ready --cwd /',
    'nobody --client claude-code --secrets',
    '--client bogus',
    '',
  ],
  // Those that are alive are the attackers' own processes.
  stop: ['nobody', 'BROKEN', 'nobody --grace 50ms', ''],
  // Before a host it is another matter: it serves, and is attacked as a server.
  hub: [
    '--print-config vscode',
    'NAME --name NAME --print-config claude --kind x --tag y --capability z --status ready --cwd / --expose meta',
    'BROKEN --print-config codex --health --merge',
    '--print-config bogus',
    '--http bogus',
    '--expose bogus',
    '--timeout x',
  ],
  // They connect, which is what they are asked for; where to is for test/health/http-check.test.ts.
  health: [
    'nobody',
    'nobody --json --timeout 1s',
    'nobody --kind x --tag y --capability z --status ready --cwd /',
    'nobody --watch --interval bogus',
    '-w --timeout bogus',
  ],
  ping: ['nobody', 'BROKEN', 'nobody --json', 'nobody --timeout 1s', 'nobody --timeout bogus', ''],
  prune: ['--dry-run', '--dry-run --json', '-n', '', '--json'],
  doctor: ['', '--json'],
  help: ['', 'get', 'bogus'],
  run: [],
};

/** Commands that run until they are interrupted. */
export const endless = new Set(['watch']);

/** All of these, with `words` in place of the three, as arguments. */
export function linesOf(words: Readonly<Record<'NAME' | 'ID' | 'BROKEN', string>>): string[][] {
  const place = (word: string) => (words as Readonly<Record<string, string>>)[word] ?? word;
  return Object.entries(invocations).flatMap(([command, lines]) =>
    lines.map((line) => [command, ...line.split(' ')].filter((word) => word !== '').map(place)),
  );
}

/** Fails if `rollcall --help` knows a command, or a command an option, that `invocations` leaves out. */
export async function expectAllInvoked(): Promise<void> {
  const directory = tempFolder();
  const { out } = await cli(directory, '--help');
  const commands = [...(out.split('Commands:')[1] ?? '').matchAll(/^ {2}([a-z]+)/gm)].map(([, name]) => name ?? '');
  expect(commands.length).toBeGreaterThan(8);
  expect(Object.keys(invocations).sort(), 'every command is in the table of the attack').toEqual(
    ['', ...commands].sort(),
  );
  await Promise.all(
    commands.map(async (command) => {
      const help = (await cli(directory, command, '--help')).out;
      const options = [...help.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, option]) => option ?? '');
      const typed = invocations[command]?.join(' ') ?? '';
      for (const option of options) {
        if (option === '--help' || command === 'run') continue;
        const short = new RegExp(`(-\\w), ${option}`).exec(help)?.[1];
        const isTyped = typed.includes(option) || (short !== undefined && typed.includes(short));
        expect(isTyped, `${command} ${option} is in the table of the attack`).toBe(true);
      }
    }),
  );
}
