/** A watcher of many entries while nothing changes: what it holds, and what it takes. */

import { interleave } from './measure.js';

const least = 'fs.watch and a Map of parsed entries';
const chokidar = 'chokidar as it comes';
const bare = 'node, doing nothing';

/** @type {import('./goals.js').Row[]} */
const rows = [
  {
    what: 'idle watcher: inotify watches',
    measure: 'watches',
    unit: '',
    isCounted: true,
    goals: [{ of: 'median', atMost: 3 }],
  },
  {
    what: 'idle watcher: heap beyond a bare process',
    measure: 'heap',
    unit: 'MB',
    isTimed: false,
    above: bare,
    goals: [{ of: 'ratio', atMost: 0.35, to: chokidar, at: [1_000, 10_000] }],
  },
  {
    what: 'idle watcher: resident memory beyond a bare process',
    measure: 'rss',
    unit: 'MB',
    isTimed: false,
    above: bare,
    goals: [{ of: 'ratio', atMost: 0.35, to: chokidar, at: [1_000, 10_000] }],
  },
  {
    what: 'idle watcher: share of one core',
    measure: 'cpu',
    unit: '%',
    // Of next to nothing, any share is noise.
    isCounted: true,
    goals: [{ of: 'median', atMost: 0.3 }],
  },
];

/** V8 tidies up once more, some seconds after much was read: that is no idling, and comes once. */
const execArgv = ['--expose-gc', '--no-memory-reducer'];

/** The ways of programs/watcher.js. */
const contenders = [
  { name: least, way: 'fs' },
  { name: 'rollcall', way: 'rollcall' },
  { name: chokidar, way: 'chokidar' },
  { name: bare, way: 'nothing' },
];

/** @type {import('./bench.js').Scene[]} */
export const scenes = [
  {
    rows,
    sizes: [10, 100, 1_000, 10_000],
    quick: [1_000],
    async play(bench, entries) {
      const place = await bench.living(entries);
      const runners = contenders.map(({ name, way }) => ({
        name,
        async run() {
          const watcher = bench.start('watcher.js', { args: [way, place.directory], execArgv });
          await watcher.ask('open');
          // What was left to do from the beginning is no idling.
          await watcher.ask('idle', bench.rounds(1_500, 500));
          const idled = await watcher.ask('idle', bench.rounds(10_000, 1_000));
          await watcher.kill();
          const { found, ...taken } = idled;
          if (found !== entries && name !== bare) throw new Error(`${name}: found ${found} and not ${entries}`);
          return taken;
        },
      }));
      const measured = await interleave(runners, { rounds: bench.rounds(3, 1), warmUp: 0, isTogether: true });
      return { processes: place.processes, ...measured };
    },
  },
];
