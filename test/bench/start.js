/** A whole process that imports rollcall, registers one server and ends, against one that does nothing. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { entriesIn } from './by-hand.js';
import { interleave } from './measure.js';

/** @type {import('./goals.js').Row[]} */
const rows = [{ what: "import 'rollcall' and one register, whole process", goals: [{ of: 'ratio', atMost: 1.15 }] }];

/** Each writes one entry, and takes it away as it ends, but for those that do nothing. */
const contenders = [
  { name: 'node, an empty ES module', program: 'start-nothing.js' },
  { name: 'rollcall', program: 'start-rollcall.js' },
  { name: 'node, an empty CommonJS file', program: 'start-nothing.cjs' },
  { name: 'node, one file written and renamed', program: 'start-write.js' },
  { name: 'zod, proper-lockfile and write-file-atomic', program: 'start-by-hand.js' },
  { name: 'conf', program: 'start-conf.js' },
];

/** @type {import('./bench.js').Scene[]} */
export const scenes = [
  {
    rows,
    sizes: [10, 100, 1_000, 10_000],
    quick: [1_000],
    async play(bench, entries) {
      const place = await bench.living(entries);
      // One after the other, and each cleans up.
      const { directory, folder } = bench.copy(place);
      const single = dirname(bench.single(place));
      const runners = contenders.map(({ name, program }) => ({
        name,
        async run() {
          const path = fileURLToPath(new URL(`programs/${program}`, import.meta.url));
          const env = { ...process.env, ROLLCALL_DIR: directory, FOLDER: folder, SINGLE: single };
          const began = performance.now();
          const child = spawn(process.execPath, [path], { env, stdio: ['ignore', 'ignore', 'inherit'] });
          const [code] = await once(child, 'exit');
          const ms = performance.now() - began;
          const left = entriesIn(folder).length;
          if (code !== 0 || left !== entries) throw new Error(`${name} ended with ${code} and left ${left} entries`);
          return { ms };
        },
      }));
      const measured = await interleave(runners, { rounds: bench.rounds(21, 5) });
      return { processes: place.processes, ...measured };
    },
  },
];
