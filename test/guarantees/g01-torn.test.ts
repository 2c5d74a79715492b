/** G1: a reader never gets a torn or half-written entry. */

import { expect } from 'vitest';
import { Reaper, Registry } from '../../src/index.js';
import { eventually } from '../support/eventually.js';
import { assertHealthy } from '../support/healthy.js';
import { type Running, start, startNode } from '../support/processes.js';
import { prove, times } from '../support/prove.js';
import { tempFolder } from '../support/temp.js';

/** Two that read as any program would, and two that read with rollcall. */
async function startReaders(env: NodeJS.ProcessEnv): Promise<Running[]> {
  const readers = ['raw', 'raw', 'rollcall', 'rollcall'].map((how) =>
    startNode('test/programs/checker.js', [how], env),
  );
  for (const reader of readers) await reader.line(/^reading/);
  return readers;
}

const readsOf = (readers: readonly Running[]) =>
  readers.reduce((sum, { lines }) => sum + Number(/^reads (\d+)/.exec(lines.at(-1) ?? '')?.[1] ?? 0), 0);

async function assertNothingTorn(readers: readonly Running[]): Promise<void> {
  for (const reader of readers) {
    reader.child.stdin?.end();
    expect(await reader.ended).toEqual({ code: 0, signal: null });
    expect(reader.errors()).toBe('');
    expect(reader.lines.filter((line) => !/^read/.test(line))).toEqual([]);
  }
}

const linesOf = ({ lines }: Running, pattern: RegExp) => lines.filter((line) => pattern.test(line));

prove(
  'G1',
  'writers killed in the middle of registering, updating and deregistering, under four readers',
  async () => {
    const [kills, reads] = [times({ full: 1_000, quick: 20 }), times({ full: 1_000_000, quick: 5_000 })];
    const directory = tempFolder();
    const env = { ROLLCALL_DIR: directory };
    const readers = await startReaders(env);
    const errors: unknown[] = [];
    const registry = new Registry({ directory, onError: (error) => errors.push(error) });
    await using _reaper = new Reaper(registry, { interval: 200 }).start();
    const killer = startNode('test/programs/killer.js', ['3', '40'], env);
    await eventually(
      `${kills} are killed, and ${reads} entries are read`,
      () => linesOf(killer, /^killed/).length >= kills && readsOf(readers) >= reads,
      850_000,
    );
    killer.child.stdin?.end();
    await killer.ended;
    expect(linesOf(killer, /^strange/)).toEqual([]);
    await assertNothingTorn(readers);
    expect(errors).toEqual([]);
    await assertHealthy(directory, []);
  },
  { timeout: 90_000 },
);

prove(
  'G1',
  'two containers that both are pid 1 write to one folder: no id twice, nothing torn',
  async () => {
    const directory = tempFolder();
    const env = { ROLLCALL_DIR: directory };
    const readers = await startReaders(env);
    const inContainer = ['--pid', '--fork', '--kill-child', '--mount-proc', process.execPath, 'test/programs/churn.js'];
    const containers = [1, 2].map(() => start('unshare', inContainer, env));
    const registered = (running: Running) => linesOf(running, /^registered/);
    await eventually(
      'both have registered often enough',
      () => containers.every((running) => registered(running).length >= times({ full: 200, quick: 50 })),
      300_000,
    );
    for (const { child } of containers) child.kill('SIGKILL');
    for (const { ended } of containers) await ended;
    const ids = containers.flatMap(registered);
    expect(new Set(ids).size).toBe(ids.length);
    for (const running of containers) expect(running.errors()).toBe('');
    expect(readsOf(readers)).toBeGreaterThan(1_000);
    await assertNothingTorn(readers);
  },
  { tier: 'full', needs: ['root', 'unshare'] },
);
