/** watch: from a change in one process to the event in another. */

import { setTimeout } from 'node:timers/promises';
import { interleave } from './measure.js';
import { Sightings } from './sightings.js';

/** @typedef {import('./bench.js').Bench} Bench */

/** The same file comes and goes for all of them: what is compared is who notices. */
/** @type {import('./goals.js').Row[]} */
const noticing = [
  {
    what: 'watch: an entry appears → `add` in another process',
    measure: 'add',
    hasTail: true,
    goals: [{ of: 'ratio', atMost: 2, at: [10, 1_000] }],
  },
  {
    what: 'watch: an entry is removed → `remove` in another process',
    measure: 'remove',
    hasTail: true,
    goals: [{ of: 'ratio', atMost: 3, at: [10, 1_000] }],
  },
];

/** From the call to the event, each with its own way of writing. */
/** @type {import('./goals.js').Row[]} */
const throughout = [
  {
    what: 'watch: `register` is called → `add` in another process',
    measure: 'add',
    hasTail: true,
    goals: [
      { of: 'p99', atMost: 5, at: [10, 1_000] },
      { of: 'max', atMost: 50, at: [10, 1_000] },
    ],
  },
  { what: 'watch: `deregister` is called → `remove` in another process', measure: 'remove', hasTail: true, goals: [] },
];

/** The acts of programs/writer.js. */
const lastStep = { come: 'appear', go: 'vanish' };
const byHand = { come: 'write', go: 'vanish' };
const byRollcall = { come: 'register', go: 'deregister' };

/**
 * `way` is one of programs/watcher.js; `share`: how many of the samples it takes, where each is slow.
 *
 * @typedef {{ name: string, way: string, writer: { come: string, go: string }, share: number }} Contender
 */

/** @type {Contender[]} */
const watchers = [
  { name: 'fs.watch, read and parse', way: 'fs', writer: lastStep, share: 1 },
  { name: 'rollcall', way: 'rollcall', writer: lastStep, share: 1 },
  { name: 'chokidar as it comes, which reads nothing', way: 'chokidar', writer: lastStep, share: 0.1 },
  { name: 'chokidar without atomic, read and parse', way: 'chokidar-reading', writer: lastStep, share: 0.1 },
  { name: 'readdir every 50 ms, read and parse', way: 'polling', writer: lastStep, share: 0.1 },
];

/** @type {Contender[]} */
const pairs = [
  { name: 'write, rename; fs.watch, read and parse', way: 'fs', writer: byHand, share: 1 },
  { name: 'rollcall', way: 'rollcall', writer: byRollcall, share: 1 },
  { name: 'write, rename; chokidar as it comes', way: 'chokidar', writer: byHand, share: 0.1 },
];

/** Changes come by themselves, and in no step with anyone's timers. */
const pause = () => setTimeout(10 + Math.random() * 40);

/** @param {Bench} bench @param {number} entries @param {readonly Contender[]} contenders */
async function play(bench, entries, contenders) {
  const place = await bench.living(entries);
  const samples = bench.rounds(50, 5);
  // Who is slow takes fewer samples.
  const turn = bench.rounds(4_000, 1_000);
  const programs = [];
  const runners = [];
  for (const { name, way, writer: acts, share } of contenders) {
    const { directory } = bench.copy(place);
    const writer = bench.start('writer.js', { args: [directory] });
    // It comes and goes once, to see who it is: before anyone looks.
    await writer.ask('ready');
    const watcher = bench.start('watcher.js', { args: [way, directory] });
    programs.push(writer, watcher);
    const found = await watcher.ask('open');
    if (found !== entries) throw new Error(`${name}: found ${found} and not ${entries}`);
    const sightings = new Sightings(watcher);
    runners.push({
      name,
      async run() {
        /** @type {Record<string, number[]>} */
        const taken = { add: [], remove: [] };
        await watcher.ask('turn', true);
        const until = performance.now() + turn;
        for (let n = 0; n < samples * share && (n < 3 || performance.now() < until); n++) {
          for (const [act, type] of /** @type {const} */ ([
            [acts.come, 'add'],
            [acts.go, 'remove'],
          ])) {
            await pause();
            const { id, at } = await writer.ask(act);
            const ms = await sightings.since(id, type, at);
            // Others may lose an event; those two must not.
            if (ms === Number.POSITIVE_INFINITY && share === 1)
              throw new Error(`${name} has not told of ${type} ${id}`);
            taken[type]?.push(ms);
          }
        }
        await watcher.ask('turn', false);
        return taken;
      },
    });
  }
  const measured = await interleave(runners, { rounds: bench.rounds(10), warmUp: bench.rounds(1, 0) });
  await Promise.all(programs.map((program) => program.kill()));
  return { processes: place.processes, ...measured };
}

/** @type {import('./bench.js').Scene[]} */
export const scenes = [
  {
    rows: noticing,
    sizes: [10, 100, 1_000, 10_000],
    quick: [10, 1_000],
    play: (bench, entries) => play(bench, entries, watchers),
  },
  {
    rows: throughout,
    sizes: [10, 100, 1_000, 10_000],
    quick: [1_000],
    play: (bench, entries) => play(bench, entries, pairs),
  },
];
