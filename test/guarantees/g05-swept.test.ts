/** G5: the file of one that died goes within one sweep, and no other goes. */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Reaper, Registry } from '../../src/index.js';
import { startActor } from '../support/actor.js';
import { eventually } from '../support/eventually.js';
import { entryNames } from '../support/healthy.js';
import { startNode } from '../support/processes.js';
import { prove, times } from '../support/prove.js';
import { tempFolder } from '../support/temp.js';

prove(
  'G5',
  'of hundreds killed with SIGKILL under one reaper every file goes, and of the living none',
  async () => {
    const kills = times({ full: 1_000, quick: 10 });
    const directory = tempFolder();
    const env = { ROLLCALL_DIR: directory };
    const living = await Promise.all([1, 2, 3].map(() => startActor(directory)));
    for (const actor of living) expect((await actor.ask('register 100')).did).toBe('register');
    // One of them cannot even beat.
    living[0]?.child.kill('SIGSTOP');
    // The same files all the while: not removed and put back.
    const filesOfLiving = () =>
      entryNames(directory)
        .filter((name) => name.startsWith('actor-'))
        .map((name) => `${name} ${statSync(join(directory, 'v1', name)).ino}`)
        .sort();
    const before = filesOfLiving();
    expect(before).toHaveLength(3);

    const errors: unknown[] = [];
    const registry = new Registry({ directory, onError: (error) => errors.push(error) });
    await using _reaper = new Reaper(registry, { interval: 500 }).start();
    const killer = startNode('test/programs/killer.js', ['3', '5', 'hold'], env);
    const deaths = new Map<string, number>();
    const latencies: number[] = [];
    let heard = 0;
    const look = () => {
      for (const line of killer.lines.slice(heard)) {
        expect(line).toMatch(/^killed /);
        const [, at, id] = line.split(' ');
        deaths.set(id ?? '', Number(at));
      }
      heard = killer.lines.length;
      const present = new Set(readdirSync(join(directory, 'v1')));
      for (const [id, at] of deaths) {
        if (present.has(`${id}.json`)) continue;
        deaths.delete(id);
        latencies.push(Date.now() - at);
      }
    };
    await eventually(
      `${kills} are killed`,
      () => {
        look();
        return heard >= kills;
      },
      850_000,
    );
    killer.child.stdin?.end();
    await killer.ended;
    await eventually('all files are gone', () => {
      look();
      return deaths.size === 0;
    });
    expect(entryNames(directory)).toHaveLength(3);
    expect(filesOfLiving()).toEqual(before);
    expect(errors).toEqual([]);
    // The next sweep comes within 2 s, the one after that 2 s later; and as much again for a machine that is busy.
    const slowest = Math.max(...latencies);
    expect(slowest).toBeLessThan(8_000);
    console.log(`${latencies.length} files gone, the slowest after ${slowest} ms`);
  },
  { timeout: 90_000 },
);
