/** discover for the first time in a process, after the import, and how long it holds the event loop. */

import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { entriesIn, isRunning } from './by-hand.js';
import { playOnStages } from './stage.js';

/** @type {import('./goals.js').Row[]} */
const rows = [
  {
    what: 'discover, first time in a process',
    hasTail: true,
    goals: [
      { of: 'ratio', atMost: 1.35 },
      { of: 'median', atMost: 100, at: [10_000] },
    ],
  },
  {
    what: 'the longest it holds the event loop',
    measure: 'held',
    hasTail: true,
    goals: [{ of: 'median', atMost: 5 }],
  },
];

/** @type {import('./stage.js').Contender[]} */
export const contenders = [
  {
    name: 'readdirSync, readFileSync and JSON.parse',
    open:
      ({ folder }) =>
      () =>
        entriesIn(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8'))),
  },
  {
    name: 'rollcall',
    async open({ directory }) {
      const { Registry } = await import('rollcall');
      return () => new Registry({ directory }).discover();
    },
  },
  {
    name: 'by hand, with promises and kill(0)',
    open:
      ({ folder }) =>
      async () => {
        const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
        const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
        return texts.map((text) => JSON.parse(text)).filter(({ process: { pid } }) => isRunning(pid));
      },
  },
  {
    // Half the work of many files, for who reads; who writes pays for it.
    name: 'one JSON file and kill(0)',
    open:
      ({ single }) =>
      () => {
        /** @type {any[]} */
        const all = Object.values(JSON.parse(readFileSync(single, 'utf8')).servers);
        return all.filter(({ process: { pid } }) => isRunning(pid));
      },
  },
];

/** @type {import('./bench.js').Scene[]} */
export const scenes = [
  {
    rows,
    sizes: [10, 100, 1_000, 10_000],
    quick: [10, 1_000],
    async play(bench, entries) {
      const place = await bench.living(entries);
      const world = { ...place, single: bench.single(place) };
      const play = {
        file: import.meta.url,
        cast: 'contenders',
        contenders,
        world: () => world,
        found: () => entries,
        isFresh: true,
      };
      return { processes: place.processes, ...(await playOnStages(bench, play, bench.rounds(15))) };
    },
  },
];
