/** register, warm: one entry more, while others are there. Deregistering is not timed. */

import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { read } from './bench.js';
import { entriesIn, server, writeAndRename } from './by-hand.js';
import { playOnStages } from './stage.js';

const limit = 'open, write, close and rename, synchronous';

/** @type {import('./goals.js').Row[]} */
const rows = [{ what: 'register, warm', goals: [{ of: 'ratio', atMost: 6 }] }];

/** Files written by hand, and removed when the batch is over. @param {string} folder */
function files(folder) {
  const before = entriesIn(folder).length;
  /** @type {string[]} */
  let written = [];
  return {
    /** @param {number} n */
    next(n) {
      const path = join(folder, `server-${process.pid}-${n}.json`);
      written.push(path);
      return path;
    },
    check: () => entriesIn(folder).length - before,
    undo() {
      for (const path of written) unlinkSync(path);
      written = [];
    },
  };
}

/** @type {import('./stage.js').Contender[]} */
export const contenders = [
  {
    name: limit,
    open({ folder }) {
      const { next, check, undo } = files(folder);
      const text = JSON.stringify(read(folder)[0]);
      const draft = join(folder, '.drafts', 'draft');
      return { work: (n) => writeAndRename(draft, next(n), text), check, undo };
    },
  },
  {
    name: 'rollcall',
    async open({ directory, folder }) {
      const { Registry } = await import('rollcall');
      const registry = new Registry({ directory });
      const before = entriesIn(folder).length;
      /** @type {import('rollcall').Registration[]} */
      let registrations = [];
      return {
        work: async (n) => void registrations.push(await registry.register(server(n))),
        check: () => entriesIn(folder).length - before,
        async undo() {
          for (const registration of registrations) await registration.deregister();
          registrations = [];
        },
      };
    },
  },
  {
    // The first thing one writes. A reader may find half a file.
    name: 'fs.promises.writeFile, not atomic',
    open({ folder }) {
      const { next, check, undo } = files(folder);
      const work = async (/** @type {number} */ n) => {
        await mkdir(folder, { recursive: true });
        await writeFile(next(n), JSON.stringify({ ...server(n), pid: process.pid }), { mode: 0o600 });
      };
      return { work, check, undo };
    },
  },
  {
    // As it comes: it flushes to disk.
    name: 'write-file-atomic',
    async open({ folder }) {
      const { default: writeFileAtomic } = await import('write-file-atomic');
      const { next, check, undo } = files(folder);
      const work = (/** @type {number} */ n) =>
        writeFileAtomic(next(n), JSON.stringify({ ...server(n), pid: process.pid }), { mode: 0o600 });
      return { work, check, undo };
    },
  },
  {
    name: 'write-file-atomic, synchronous, without fsync',
    async open({ folder }) {
      const { default: writeFileAtomic } = await import('write-file-atomic');
      const { next, check, undo } = files(folder);
      const work = (/** @type {number} */ n) => {
        const text = JSON.stringify({ ...server(n), pid: process.pid });
        writeFileAtomic.sync(next(n), text, { mode: 0o600, fsync: false });
      };
      return { work, check, undo };
    },
  },
  {
    // Read, add and write under a lock, and atomically: readers take no lock.
    name: 'one JSON file, proper-lockfile',
    async open({ single }) {
      const { default: lockfile } = await import('proper-lockfile');
      const { default: writeFileAtomic } = await import('write-file-atomic');
      const load = () => JSON.parse(readFileSync(single, 'utf8'));
      const before = readFileSync(single);
      const count = Object.keys(load().servers).length;
      return {
        async work(n) {
          const release = await lockfile.lock(single, { retries: 5 });
          const data = load();
          data.servers[`${process.pid}-${n}`] = { ...server(n), pid: process.pid };
          await writeFileAtomic(single, JSON.stringify(data));
          await release();
        },
        check: () => Object.keys(load().servers).length - count,
        undo: () => writeFileSync(single, before),
      };
    },
  },
  {
    // No lock at all: of two writers at the same time one loses its entry.
    name: 'conf',
    async open({ single }) {
      const { default: Conf } = await import('conf');
      const conf = new Conf({ cwd: dirname(single), configName: 'servers', projectName: 'bench' });
      const before = readFileSync(single);
      const count = Object.keys(Object(conf.get('servers'))).length;
      return {
        work: (n) => conf.set(`servers.${process.pid}-${n}`, { ...server(n), pid: process.pid }),
        check: () => Object.keys(Object(conf.get('servers'))).length - count,
        undo: () => writeFileSync(single, before),
      };
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
      // One after the other, and each cleans up.
      const world = { ...bench.copy(place), single: bench.single(place) };
      const measured = await playOnStages(
        bench,
        {
          file: import.meta.url,
          cast: 'contenders',
          contenders,
          world: () => world,
          found: (times) => times,
          // Few beside those that are there, also when those are ten.
          most: 20,
        },
        bench.rounds(25),
      );
      return { processes: place.processes, ...measured };
    },
  },
];
