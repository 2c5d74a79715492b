/** reap: every entry of a process that is gone is removed. To write them anew for each round is not timed. */

import { readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { entriesIn, isRunning } from './by-hand.js';
import { playOnStages } from './stage.js';

/** @type {import('./goals.js').Row[]} */
const rows = [{ what: 'reap of that many dead', goals: [{ of: 'ratio', atMost: 1.8, at: [10_000] }] }];

/**
 * What puts the dead back, and what says how many of them are no longer there.
 *
 * @param {{ folder: string, from: string }} world
 */
function graveyard({ folder, from }) {
  const bodies = entriesIn(from).map((name) => ({ path: join(folder, name), body: readFileSync(join(from, name)) }));
  return {
    prepare() {
      for (const { path, body } of bodies) writeFileSync(path, body, { mode: 0o600 });
    },
    check: () => bodies.length - entriesIn(folder).length,
  };
}

/** @type {import('./stage.js').Contender[]} */
export const contenders = [
  {
    name: 'readdirSync, and unlinkSync of each',
    open: ({ folder, from }) => ({
      ...graveyard({ folder, from }),
      work() {
        for (const name of readdirSync(folder)) if (name.endsWith('.json')) unlinkSync(join(folder, name));
      },
    }),
  },
  {
    name: 'rollcall',
    async open({ directory, folder, from }) {
      const { Registry } = await import('rollcall');
      const registry = new Registry({ directory });
      return { ...graveyard({ folder, from }), work: () => registry.reap() };
    },
  },
  {
    // One that was given the pid of a dead one is taken for it, and its entry stays for ever.
    name: 'by hand, with promises',
    open: ({ folder, from }) => ({
      ...graveyard({ folder, from }),
      async work() {
        const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
        await Promise.all(
          names.map(async (name) => {
            const path = join(folder, name);
            const { process } = JSON.parse(await readFile(path, 'utf8'));
            if (!isRunning(process.pid)) await unlink(path);
          }),
        );
      },
    }),
  },
];

/** @type {import('./bench.js').Scene[]} */
export const scenes = [
  {
    rows,
    sizes: [10, 100, 1_000, 10_000],
    quick: [10, 1_000],
    async play(bench, entries) {
      const place = await bench.dead(entries);
      // One after the other, and each removes them all.
      const world = { ...bench.copy(place), from: place.folder };
      const measured = await playOnStages(
        bench,
        {
          file: import.meta.url,
          cast: 'contenders',
          contenders,
          world: () => world,
          found: () => entries,
          most: 1,
          takes: entries < 1_000 ? 10 : 1,
        },
        bench.rounds(15),
      );
      return { processes: place.processes, ...measured };
    },
  },
];
