// Watches a registry in one of several ways. argv: the way, its directory. Tells each add and remove, and when.
import { readdirSync, readFileSync, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { entriesIn, isRunning } from '../by-hand.js';
import { answer, instant, tell } from './answer.js';

const [way, directory] = process.argv.slice(2);
const folder = join(directory, 'v1');
const idOf = (name) => basename(name, '.json');
const parse = (name) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const add = (id) => tell({ id, type: 'add', at: instant() });
const remove = (id, reason) => tell({ id, type: 'remove', at: instant(), reason });
let isPolling = false;

// Each resolves when it has begun to watch, with what says how many entries it holds.
const ways = {
  nothing: () => () => 0,

  // The least that tells what came and what went.
  fs() {
    const known = new Map(entriesIn(folder).map((name) => [name, parse(name)]));
    watch(folder, (_, name) => {
      if (!name.endsWith('.json')) return;
      try {
        const entry = parse(name);
        const isNew = !known.has(name);
        known.set(name, entry);
        if (isNew) add(idOf(name));
      } catch {
        if (known.delete(name)) remove(idOf(name));
      }
    });
    return () => known.size;
  },

  async rollcall() {
    const { Registry } = await import('rollcall');
    const watcher = new Registry({ directory }).watch();
    await new Promise((resolve) => watcher.on('ready', resolve));
    watcher.on('add', ({ id }) => add(id));
    watcher.on('remove', ({ id }, reason) => remove(id, reason));
    return () => watcher.instances.length;
  },

  // As it comes: the name of a file, and nothing of what is in it.
  async chokidar() {
    const { default: chokidar } = await import('chokidar');
    const watcher = chokidar.watch(folder);
    await new Promise((resolve) => watcher.on('ready', resolve));
    watcher.on('add', (path) => add(idOf(path)));
    watcher.on('unlink', (path) => remove(idOf(path)));
    return () => watcher.getWatched()[folder].filter((name) => name.endsWith('.json')).length;
  },

  async 'chokidar-reading'() {
    const { default: chokidar } = await import('chokidar');
    const known = new Map();
    const watcher = chokidar.watch(folder, { atomic: false, ignored: (path) => path.includes('.drafts') });
    watcher.on('add', async (path) => {
      known.set(idOf(path), JSON.parse(await readFile(path, 'utf8')));
      add(idOf(path));
    });
    watcher.on('unlink', (path) => known.delete(idOf(path)) && remove(idOf(path)));
    await new Promise((resolve) => watcher.on('ready', resolve));
    return () => watcher.getWatched()[folder].filter((name) => name.endsWith('.json')).length;
  },

  // Only while it is its turn: it would be a burden to the others.
  polling() {
    const known = new Map(entriesIn(folder).map((name) => [name, parse(name)]));
    setInterval(() => {
      if (!isPolling) return;
      const names = new Set(readdirSync(folder).filter((name) => name.endsWith('.json')));
      for (const name of names) {
        if (known.has(name)) continue;
        known.set(name, parse(name));
        add(idOf(name));
      }
      for (const name of known.keys()) if (!names.has(name) && known.delete(name)) remove(idOf(name));
    }, 50);
    return () => known.size;
  },

  // Whose process is gone? kill(0) to each, once a second.
  'kill-0'() {
    const known = new Map(entriesIn(folder).map((name) => [name, parse(name)]));
    watch(folder, (_, name) => {
      if (!name.endsWith('.json') || known.has(name)) return;
      known.set(name, parse(name));
      add(idOf(name));
    });
    setInterval(() => {
      for (const [name, { process }] of known) {
        if (!isRunning(process.pid) && known.delete(name)) remove(idOf(name));
      }
    }, 1_000);
    return () => known.size;
  },
};

let count;
answer({
  async open() {
    count = await ways[way]();
    return count();
  },
  turn(isOn) {
    isPolling = isOn;
  },
  // What it costs to stay here for so many ms.
  async idle(ms) {
    const before = process.cpuUsage();
    const began = performance.now();
    await new Promise((resolve) => setTimeout(resolve, ms));
    const { user, system } = process.cpuUsage(before);
    const cpu = (user + system) / 10 / (performance.now() - began);
    // Twice: what the first frees may hold on to more.
    global.gc();
    global.gc();
    const { rss, heapUsed } = process.memoryUsage();
    return { cpu, rss: rss / 2 ** 20, heap: heapUsed / 2 ** 20, watches: inotifyWatches(), found: count() };
  },
});

function inotifyWatches() {
  if (process.platform !== 'linux') return undefined;
  const texts = readdirSync('/proc/self/fdinfo').map((file) => {
    try {
      return readFileSync(join('/proc/self/fdinfo', file), 'utf8');
    } catch {
      // That of readdir itself: closed by now.
      return '';
    }
  });
  return texts.join('\n').match(/^inotify /gm)?.length ?? 0;
}
