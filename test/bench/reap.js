/** reap: every entry of a process that is gone is removed. To write them anew for each round is not timed. */

import { mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { entriesIn, isRunning } from './by-hand.js';
import { playOnStages } from './stage.js';

/** @type {import('./goals.js').Row[]} */
const rows = [{ what: 'reap of that many dead', goals: [{ of: 'ratio', atMost: 1.8, at: [10_000] }] }];

/**
 * The dead, in a folder of their own each time.
 *
 * @param {{ from: string, yard: string }} world
 */
function graveyard({ from, yard }) {
  const bodies = entriesIn(from).map((name) => ({ name, body: readFileSync(join(from, name)) }));
  let count = 0;
  const grave = {
    directory: '',
    folder: '',
    prepare() {
      grave.directory = join(yard, `${process.pid}-${++count}`);
      grave.folder = join(grave.directory, 'v1');
      mkdirSync(grave.folder, { recursive: true, mode: 0o700 });
      for (const { name, body } of bodies) writeFileSync(join(grave.folder, name), body, { mode: 0o600 });
    },
    check: () => bodies.length - entriesIn(grave.folder).length,
  };
  return grave;
}

/** @type {import('./stage.js').Contender[]} */
export const contenders = [
  {
    name: 'readdirSync, and unlinkSync of each',
    open(world) {
      const yard = graveyard(world);
      const work = () => {
        for (const name of entriesIn(yard.folder)) unlinkSync(join(yard.folder, name));
      };
      return { ...yard, work };
    },
  },
  {
    name: 'rollcall',
    async open(world) {
      const { Registry } = await import('rollcall');
      const yard = graveyard(world);
      return { ...yard, work: () => new Registry({ directory: yard.directory }).reap() };
    },
  },
  {
    // Who watches, or sweeps from time to time, as every server does that is registered.
    name: 'rollcall, which has looked before',
    async open(world) {
      const { Registry } = await import('rollcall');
      const yard = graveyard(world);
      let registry = new Registry();
      const prepare = async () => {
        yard.prepare();
        registry = new Registry({ directory: yard.directory });
        // What was written just now is read again.
        await setTimeout(150);
        await registry.inspect();
      };
      return { ...yard, prepare, work: () => registry.reap() };
    },
  },
  {
    // One that was given the pid of a dead one is taken for it, and its entry stays for ever.
    name: 'by hand, with promises',
    open(world) {
      const yard = graveyard(world);
      const work = async () => {
        const names = (await readdir(yard.folder)).filter((name) => name.endsWith('.json'));
        await Promise.all(
          names.map(async (name) => {
            const path = join(yard.folder, name);
            const { process } = JSON.parse(await readFile(path, 'utf8'));
            if (!isRunning(process.pid)) await unlink(path);
          }),
        );
      };
      return { ...yard, work };
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
      const place = await bench.dead(entries);
      const world = { from: place.folder, yard: bench.folder() };
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
