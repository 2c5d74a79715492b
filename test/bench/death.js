/** A server is killed: how long until another process knows. */

import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { interleave } from './measure.js';
import { Sightings } from './sightings.js';

/** @type {import('./goals.js').Row[]} */
const rows = [
  {
    what: 'SIGKILL → `remove` in another process',
    hasTail: true,
    goals: [
      { of: 'median', atMost: 20 },
      { of: 'p99', atMost: 100 },
    ],
  },
];

/**
 * `phase`: kills come at a random time of the watcher's own period, in ms. `kills`: how many a round.
 */
const contenders = [
  { name: 'a Unix socket, closed by the kernel', way: 'socket', phase: 20, kills: 6 },
  { name: 'rollcall', way: 'rollcall', phase: 500, kills: 6 },
  { name: 'kill(0) to each, every second', way: 'kill-0', phase: 1_000, kills: 2 },
];

/** @type {import('./bench.js').Scene[]} */
export const scenes = [
  {
    rows,
    sizes: [10, 100, 1_000, 10_000],
    quick: [1_000],
    async play(bench, entries) {
      const place = await bench.living(entries);
      const watchers = [];
      const runners = [];
      for (const { name, way, phase, kills } of contenders) {
        const { directory } = bench.copy(place);
        const program = way === 'socket' ? 'listener.js' : 'watcher.js';
        const watcher = bench.start(program, { args: [way, directory] });
        watchers.push(watcher);
        await watcher.ask('open');
        const sightings = new Sightings(watcher);
        const summon = async () => {
          const victim = bench.start('victim.js', { args: [way, directory, join(bench.folder(), 'socket')] });
          const { id, socket } = await victim.ask('live');
          if (socket !== undefined) await watcher.ask('connect', { id, socket });
          if ((await sightings.of(id, 'add')) === undefined) throw new Error(`${name} has not told of ${id}`);
          return { id, victim };
        };
        runners.push({
          name,
          async run() {
            const victims = [];
            const ms = [];
            const count = bench.rounds(kills, kills / 2);
            for (let n = 0; n < count; n++) victims.push(await summon());
            for (const { id, victim } of victims) {
              await setTimeout(Math.random() * phase);
              const began = process.hrtime.bigint().toString();
              await victim.kill();
              ms.push(await sightings.since(id, 'remove', began));
            }
            return { ms };
          },
        });
      }
      const measured = await interleave(runners, { rounds: bench.rounds(12), warmUp: bench.rounds(1, 0) });
      await Promise.all(watchers.map((watcher) => watcher.kill()));
      return { processes: place.processes, ...measured };
    },
  },
];
