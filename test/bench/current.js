/** A watcher's current set, read at any time: as it is, and for the first time after a change. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { read } from './bench.js';
import { entriesIn } from './by-hand.js';
import { playOnStages } from './stage.js';

/** @type {import('./goals.js').Row[]} */
const asItIs = [{ what: "a watcher's current set", goals: [{ of: 'median', atMost: 0.1 }] }];
/** @type {import('./goals.js').Row[]} */
const afterAChange = [{ what: "a watcher's current set, first read after a change", goals: [] }];

/** @type {import('./stage.js').Contender[]} */
export const contenders = [
  {
    name: 'the values of a Map',
    open({ folder }) {
      const map = new Map(read(folder).map((instance) => [instance.id, instance]));
      return {
        prepare: (_, change) => void (change && map.set(change.id, change)),
        work: () => [...map.values()].length,
      };
    },
  },
  {
    name: 'rollcall',
    async open({ directory }) {
      const { Registry } = await import('rollcall');
      const watcher = new Registry({ directory }).watch();
      await new Promise((resolve) => watcher.on('ready', resolve));
      let latest = 0;
      let hear = () => {};
      watcher.on('change', ({ metadata }) => {
        latest = Number(metadata.n);
        hear();
      });
      return {
        async prepare(_, change) {
          while (change && latest < change.metadata.n) {
            await new Promise((resolve) => {
              hear = () => resolve(undefined);
            });
          }
        },
        work: () => watcher.instances.length,
      };
    },
  },
];

const cast = { file: import.meta.url, cast: 'contenders', contenders };

/** @type {import('./bench.js').Scene[]} */
export const scenes = [
  {
    rows: asItIs,
    sizes: [10, 100, 1_000, 10_000],
    quick: [1_000],
    async play(bench, entries) {
      const place = await bench.living(entries);
      const play = { ...cast, world: () => place, found: () => entries };
      return { processes: place.processes, ...(await playOnStages(bench, play, bench.rounds(15))) };
    },
  },
  {
    rows: afterAChange,
    sizes: [10, 100, 1_000, 10_000],
    quick: [1_000],
    async play(bench, entries) {
      const place = bench.copy(await bench.living(entries));
      rmSync(join(place.folder, entriesIn(place.folder)[0] ?? ''));
      const owner = bench.start('owner.js', { env: { ROLLCALL_DIR: place.directory } });
      await owner.ask('register');
      let n = 0;
      const play = {
        ...cast,
        world: () => place,
        found: () => entries,
        most: 1,
        takes: bench.rounds(10, 5),
        before: () => owner.ask('update', ++n),
      };
      const measured = await playOnStages(bench, play, bench.rounds(10));
      await owner.kill();
      return { processes: place.processes, ...measured };
    },
  },
];
