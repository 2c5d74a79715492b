/** discover, again: when nothing has changed since the last time, and when another process has changed one entry. */

import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { entriesIn, isRunning } from './by-hand.js';
import { playOnStages } from './stage.js';

/** @typedef {import('./bench.js').Bench} Bench */

/** @type {import('./goals.js').Row[]} */
const unchanged = [
  {
    what: 'discover, nothing changed',
    goals: [
      { of: 'ratio', atMost: 1, at: [10] },
      { of: 'ratio', atMost: 0.5, at: [100, 1_000, 10_000] },
    ],
  },
];
/** @type {import('./goals.js').Row[]} */
const changed = [{ what: 'discover, one entry changed', hasTail: true, goals: [{ of: 'ratio', atMost: 1.25 }] }];
/** @type {import('./goals.js').Row[]} */
const aProcessEach = [{ what: 'discover, nothing changed, a process each', goals: [] }];

/** How many were found; of those who read, only if they have read what was written last. */
const seen = (/** @type {any[]} */ found, /** @type {{ id: string, n: number } | undefined} */ change) => {
  if (change === undefined) return found.length;
  const instance = found.find(({ id }) => id === change.id);
  return instance?.metadata.n === change.n ? found.length : `a stale ${JSON.stringify(instance)}`;
};

/** @type {import('./stage.js').Contender[]} */
export const contenders = [
  {
    name: 'readdirSync, and statSync of each',
    open:
      ({ folder }) =>
      () =>
        entriesIn(folder).filter((name) => statSync(join(folder, name)).isFile()).length,
  },
  {
    name: 'rollcall',
    async open({ directory }) {
      const { Registry } = await import('rollcall');
      const registry = new Registry({ directory });
      return { work: () => registry.discover(), check: seen };
    },
  },
  {
    name: 'by hand, with promises',
    open: ({ folder }) => ({
      async work() {
        const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
        const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
        return texts.map((text) => JSON.parse(text)).filter(({ process: { pid } }) => isRunning(pid));
      },
      check: seen,
    }),
  },
  {
    name: 'by hand, synchronously',
    open: ({ folder }) => ({
      work: () =>
        entriesIn(folder)
          .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
          .filter(({ process: { pid } }) => isRunning(pid)),
      check: seen,
    }),
  },
  {
    name: 'one JSON file',
    open: ({ single }) => ({
      /** The other process' change, in the one file. @param {number} _ @param {any} change */
      prepare(_, change) {
        if (change === undefined) return;
        const data = JSON.parse(readFileSync(single, 'utf8'));
        data.servers[change.id] = change.instance;
        writeFileSync(`${single}.draft`, JSON.stringify(data));
        renameSync(`${single}.draft`, single);
      },
      work() {
        /** @type {any[]} */
        const all = Object.values(JSON.parse(readFileSync(single, 'utf8')).servers);
        return all.filter(({ process: { pid } }) => isRunning(pid));
      },
      check: seen,
    }),
  },
];

const cast = { file: import.meta.url, cast: 'contenders', contenders };

/** @param {Bench} bench @param {import('./bench.js').Place} place */
async function again(bench, place) {
  const world = { ...place, single: bench.single(place) };
  const play = { ...cast, world: () => world, found: () => place.entries };
  return { processes: place.processes, ...(await playOnStages(bench, play, bench.rounds(25))) };
}

/** @type {import('./bench.js').Scene[]} */
export const scenes = [
  {
    rows: unchanged,
    sizes: [10, 100, 1_000, 10_000],
    quick: [10, 1_000],
    play: async (bench, entries) => again(bench, await bench.living(entries)),
  },
  {
    rows: changed,
    sizes: [10, 100, 1_000, 10_000],
    quick: [10, 1_000],
    async play(bench, entries) {
      const place = bench.copy(await bench.living(entries));
      rmSync(join(place.folder, entriesIn(place.folder)[0] ?? ''));
      const owner = bench.start('owner.js', { env: { ROLLCALL_DIR: place.directory } });
      const id = await owner.ask('register');
      const world = { ...place, single: bench.single(place) };
      let n = 0;
      const measured = await playOnStages(
        bench,
        {
          ...cast,
          world: () => world,
          found: () => entries,
          most: 1,
          takes: bench.rounds(10, 5),
          before: async () => ({ id, n: ++n, instance: await owner.ask('update', n) }),
        },
        bench.rounds(15),
      );
      await owner.kill();
      return { processes: place.processes, ...measured };
    },
  },
  {
    rows: aProcessEach,
    sizes: [1_000],
    play: async (bench, entries) => again(bench, await bench.living(entries, entries)),
  },
];
