// Ways to keep a registry that many write at the same time. Each opens one, to write and to read.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { entriesIn, server, writeAndRename } from '../by-hand.js';

const entry = () => ({ ...server(0), id: `server-${process.pid}`, process: { pid: process.pid } });

/** All in one file, which may not be there yet. */
const load = (path) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw error;
  }
};

export const ways = {
  // A file each, written whole.
  bare(directory) {
    const folder = join(directory, 'v1');
    mkdirSync(folder, { recursive: true });
    const { id, ...rest } = entry();
    return {
      write: () => writeAndRename(join(directory, id), join(folder, `${id}.json`), JSON.stringify({ id, ...rest })),
      read: () => entriesIn(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')).id),
    };
  },

  async rollcall(directory) {
    const { Registry } = await import('rollcall');
    const registry = new Registry({ directory });
    return {
      write: () => registry.register(server(0)),
      async read() {
        const sightings = await registry.inspect();
        const torn = sightings.find(({ verdict }) => verdict === 'illegible');
        if (torn !== undefined) throw new SyntaxError(torn.reason);
        return sightings.filter(({ verdict }) => verdict === 'alive').map(({ id }) => id);
      },
    };
  },

  // Atomic writes, and no lock: who writes last overwrites what others wrote meanwhile.
  async conf(directory) {
    const { default: Conf } = await import('conf');
    const open = () => new Conf({ cwd: directory, configName: 'servers', projectName: 'bench' });
    return {
      write: () => open().set(`servers.${entry().id}`, entry()),
      read: () => Object.keys(open().get('servers') ?? {}),
    };
  },

  // Read, add and write under a lock, and atomically: readers take no lock. With plain `retries: 5` it takes 31 s.
  async lock(directory) {
    const { default: lockfile } = await import('proper-lockfile');
    const { default: writeFileAtomic } = await import('write-file-atomic');
    const path = join(directory, 'servers.json');
    return {
      async write() {
        const release = await lockfile.lock(path, { realpath: false, retries: { retries: 5, minTimeout: 50 } });
        await writeFileAtomic(path, JSON.stringify({ ...load(path), [entry().id]: entry() }));
        await release();
      },
      read: () => Object.keys(load(path)),
    };
  },

  // The first thing one writes.
  unlocked(directory) {
    const path = join(directory, 'servers.json');
    return {
      write: () => writeFileSync(path, JSON.stringify({ ...load(path), [entry().id]: entry() })),
      read: () => Object.keys(load(path)),
    };
  },
};
