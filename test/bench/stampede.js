/** Fifty processes register at the same moment, while two others read without end. */

import { interleave } from './measure.js';

const writers = 50;
const readers = 2;

/** @type {import('./goals.js').Row[]} */
const rows = [
  { what: 'stampede of 50 processes: one register', hasTail: true, goals: [{ of: 'ratio', atMost: 3 }] },
  { what: 'stampede: entries lost', measure: 'lost', unit: '', isCounted: true, goals: [{ of: 'max', atMost: 0 }] },
  { what: 'stampede: torn reads', measure: 'torn', unit: '', isCounted: true, goals: [{ of: 'max', atMost: 0 }] },
  {
    what: 'stampede: entries that vanished',
    measure: 'vanished',
    unit: '',
    isCounted: true,
    goals: [{ of: 'max', atMost: 0 }],
  },
];

/** The ways of programs/storage.js. */
const contenders = [
  { name: 'write and rename, synchronous', way: 'bare' },
  { name: 'rollcall', way: 'rollcall' },
  { name: 'conf', way: 'conf' },
  { name: 'one JSON file, proper-lockfile, 5 retries from 50 ms on', way: 'lock' },
  { name: 'one JSON file, no lock', way: 'unlocked' },
];

/** @type {import('./bench.js').Scene[]} */
export const scenes = [
  {
    rows,
    sizes: [writers],
    quick: [writers],
    async play(bench) {
      const herd = Array.from({ length: writers }, () => bench.start('stampeder.js'));
      const onlookers = Array.from({ length: readers }, () => bench.start('onlooker.js'));
      const runners = contenders.map(({ name, way }) => ({
        name,
        async run() {
          const directory = bench.folder();
          await Promise.all(herd.map((writer) => writer.ask('open', { way, directory })));
          await Promise.all(onlookers.map((reader) => reader.ask('open', { way, directory })));
          const at = Date.now() + 50;
          /** @type {{ ms: number, error?: string }[]} */
          const written = await Promise.all(herd.map((writer) => writer.ask('write', at)));
          /** @type {{ reads: number, torn: number, vanished: number, last: number }[]} */
          const seen = await Promise.all(onlookers.map((reader) => reader.ask('end')));
          await Promise.all(herd.map((writer) => writer.ask('forget')));
          const sum = (/** @type {'torn' | 'vanished'} */ what) => seen.reduce((total, each) => total + each[what], 0);
          return {
            ms: written.map(({ ms }) => ms),
            lost: writers - Math.min(...seen.map(({ last }) => last)),
            torn: sum('torn'),
            vanished: sum('vanished'),
          };
        },
      }));
      const measured = await interleave(runners, { rounds: bench.rounds(30) });
      await Promise.all([...herd, ...onlookers].map((program) => program.kill()));
      return { processes: writers, ...measured };
    },
  },
];
