/** G22: however many ask for a server at the same moment, one is started, and all get it. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { Registry } from '../../src/index.js';
import { eventually } from '../support/eventually.js';
import { isThere, type Running, startNode } from '../support/processes.js';
import { isWhole, prove, times } from '../support/prove.js';
import { tempFolder } from '../support/temp.js';

/** Two cores take their time to start a hundred processes, in ms. */
const patience = 120_000;

/** Pids of all servers that were ever started in this folder. */
const startsIn = (directory: string): number[] => {
  const path = join(directory, 'starts');
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => Number(line.split(' ')[0]));
};

/** Whoever holds the claim to start it. */
function starterIn(directory: string): number | undefined {
  const folder = join(directory, 'v1', '.claims');
  if (!existsSync(folder)) return undefined;
  const newest = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .at(-1);
  if (newest === undefined) return undefined;
  const { process: own, metadata } = JSON.parse(readFileSync(join(folder, newest), 'utf8'));
  return (metadata.keeper ?? own).pid;
}

async function ask(directory: string, count: number): Promise<Running[]> {
  const env = { ROLLCALL_DIR: directory, STARTS: join(directory, 'starts'), DELAY: '2000', OUTLIVE: '1' };
  const askers = Array.from({ length: count }, () => startNode('test/programs/ensurer.js', [], env));
  for (const asker of askers) await asker.line(/^ready/, patience);
  onTestFinished(() => {
    for (const pid of startsIn(directory)) if (isThere(pid)) process.kill(pid, 'SIGKILL');
  });
  for (const asker of askers) asker.say('go');
  return askers;
}

async function assertOne(directory: string, askers: readonly Running[]): Promise<void> {
  const answers = await Promise.all(askers.map((asker) => asker.line(/^(got|failed) /, patience)));
  expect(new Set(answers).size, answers.join('\n')).toBe(1);
  expect(answers[0]).toMatch(/^got slow-/);
  expect(startsIn(directory).filter(isThere)).toHaveLength(1);
  await using registry = new Registry({ directory });
  expect((await registry.discover({ name: 'slow' })).map(({ id }) => `got ${id}`)).toEqual([answers[0]]);
}

const count = isWhole ? 100 : 8;

prove(
  'G22',
  'a hundred processes ask at the same moment for a server that takes two seconds: one start, equal answers',
  async () => {
    for (let round = 0; round < times({ full: 20, quick: 1 }); round++) {
      const directory = tempFolder();
      const askers = await ask(directory, count);
      await assertOne(directory, askers);
      expect(startsIn(directory)).toHaveLength(1);
      for (const asker of askers) asker.say('end');
      await Promise.all(askers.map(({ ended }) => ended));
      for (const pid of startsIn(directory)) process.kill(pid, 'SIGKILL');
    }
  },
  { timeout: 120_000, needs: ['linux'] },
);

prove(
  'G22',
  'the starter is killed at a random moment: the others get one server all the same, and never are there two',
  async () => {
    for (let round = 0; round < times({ full: 20, quick: 2 }); round++) {
      const directory = tempFolder();
      const askers = await ask(directory, count);
      const starter = await eventually('someone holds the claim', () => starterIn(directory), patience);
      const until = performance.now() + Math.random() * 2_500;
      await eventually('the moment has come', () => performance.now() >= until || undefined, patience);
      const victim = askers.find(({ pid }) => pid === starter);
      victim?.child.kill('SIGKILL');
      await victim?.ended;
      const left = askers.filter((each) => each !== victim);
      await assertOne(directory, left);
      for (const asker of left) asker.say('end');
      await Promise.all(left.map(({ ended }) => ended));
      for (const pid of startsIn(directory)) if (isThere(pid)) process.kill(pid, 'SIGKILL');
    }
  },
  { timeout: 120_000, needs: ['linux'] },
);
