/** However a process ends, it ends as it would without us, and its entry is gone. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Registry } from '../../src/index.js';
import { startNode } from '../support/processes.js';
import { tempFolder } from '../support/temp.js';

const entriesIn = (directory: string) => readdirSync(join(directory, 'v1')).filter((name) => name.endsWith('.json'));

/** What the program is told, what it is sent, and what else it did before. */
const ways: readonly {
  readonly how: string;
  readonly words?: string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: NodeJS.Signals;
  /** The entry stays, and is found dead. */
  readonly isLeft?: true;
}[] = [
  { how: 'reaches its end', words: ['end'] },
  { how: 'reaches its end with an exit code', words: ['code'] },
  { how: 'calls process.exit', words: ['exit'] },
  { how: 'throws', words: ['throw'] },
  { how: 'leaves a rejection unhandled', words: ['reject'] },
  { how: 'gets SIGINT (Ctrl-C)', signal: 'SIGINT' },
  { how: 'gets SIGTERM', signal: 'SIGTERM' },
  { how: 'gets SIGHUP', signal: 'SIGHUP' },
  { how: 'gets SIGQUIT', signal: 'SIGQUIT', isLeft: true },
  { how: 'handles SIGTERM itself', words: ['graceful'], signal: 'SIGTERM' },
  { how: 'has listened once for SIGTERM before it registered', signal: 'SIGTERM', env: { ONCE: '1' } },
  { how: 'has listened once, updated, and gets SIGTERM', words: ['update'], signal: 'SIGTERM', env: { ONCE: '1' } },
  { how: 'has updated and gets SIGINT', words: ['update'], signal: 'SIGINT' },
  { how: 'has updated and gets SIGTERM', words: ['update'], signal: 'SIGTERM' },
  { how: 'has updated and reaches its end', words: ['update', 'end'] },
  { how: 'waits for what never comes (exit code 13)', words: ['starve'] },
  { how: 'has updated and waits for what never comes', words: ['update', 'starve'] },
  { how: 'has deregistered and gets SIGTERM', words: ['deregister'], signal: 'SIGTERM' },
];

test.each(ways)(
  'a program that $how ends just so with rollcall, and leaves no entry that counts',
  async ({ words = [], signal, env = {}, isLeft = false }) => {
    const end = async (mode: string[]) => {
      const directory = tempFolder();
      const program = startNode('test/programs/server.js', ['server', ...mode], { ROLLCALL_DIR: directory, ...env });
      await program.line(/^registered /);
      if (mode.length === 0) expect(entriesIn(directory)).toHaveLength(1);
      for (const word of words) {
        program.say(word);
        if (signal !== undefined || word === 'update') await program.line(new RegExp(`^did ${word}`));
      }
      if (signal !== undefined) program.child.kill(signal);
      const ending = await program.ended;
      if (mode.length === 0) expect(entriesIn(directory)).toHaveLength(isLeft ? 1 : 0);
      expect(await new Registry({ directory }).discover()).toEqual([]);
      return ending;
    };
    expect(await end([])).toEqual(await end(['bare']));
  },
);

test('a registration does not keep the process alive', async () => {
  const directory = tempFolder();
  const program = startNode('test/programs/server.js', ['server'], { ROLLCALL_DIR: directory });
  await program.line(/^registered /);
  program.child.stdin?.end();
  expect(await program.ended).toEqual({ code: 0, signal: null });
});
