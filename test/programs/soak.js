// A long life among others that come, go and break: everything the library does, again and again, in one process.
// argv: how long in ms, and how many samples. Prints a line of JSON for each sample. Needs --expose-gc.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Reaper, Registry } from '../../dist/index.js';

const [duration, samples] = process.argv.slice(2).map(Number);
const directory = process.env.ROLLCALL_DIR;
const entries = join(directory, 'v1');
const endpoints = [{ type: 'http', url: 'http://127.0.0.1:8080/' }];
const counts = { rounds: 0, operations: 0, told: 0, errors: 0 };
const texts = new Set();
const note = (error) => {
  counts.errors++;
  if (texts.size < 20) texts.add(String(error.message));
};
const did = (count = 1) => {
  counts.operations += count;
};

// What lives as long as the process: a watcher that is listened to, one whose iterator nobody reads, and a reaper.
const registry = new Registry({ ttl: 1_000, onError: note });
const watcher = registry.watch();
for (const type of ['add', 'change', 'remove']) {
  watcher.on(type, () => {
    counts.told++;
  });
}
watcher.on('error', note);
const unread = registry.watch()[Symbol.asyncIterator]();
const reaper = new Reaper(registry, { interval: 100 }).start();
const own = await registry.register({ name: 'own', endpoints });

const began = performance.now();
let nextSample = duration / samples;
let removedAt = 0;

const acts = [
  async function registrations() {
    const mine = [];
    for (let at = 0; at < 5; at++) mine.push(await registry.register({ name: `server-${at}`, endpoints }));
    for (const registration of mine) await registration.update({ tags: [String(counts.rounds)] });
    await own.update({ metadata: { round: counts.rounds } });
    await registry.discover({ name: 'server-1' });
    await registry.pick({ where: { 'metadata.round': { $gte: 0 } } });
    for (const registration of mine) await registration.deregister();
    did(18);
  },
  async function children() {
    const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const registration = await registry.register({ name: 'child', endpoints }, { pid: child.pid });
    child.kill('SIGSTOP');
    await registry.discover();
    child.kill('SIGCONT');
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
    // Every other one is left for the upkeep and the reaper to find out.
    if (counts.rounds % 2 === 0) await registration.deregister();
    did(4);
  },
  async function watchers() {
    const left = registry.watch({ name: 'own' });
    for await (const { type } of left) if (type === 'add') break;
    const abort = new AbortController();
    const aborted = registry.watch({ name: 'child' }, { signal: abort.signal });
    aborted[Symbol.asyncIterator]();
    const waiting = aborted[Symbol.asyncIterator]().next();
    abort.abort();
    await waiting;
    const closed = registry.watch();
    closed.on('add', () => {});
    await closed.close();
    did(3);
  },
  async function waits() {
    const abort = new AbortController();
    const never = registry.waitFor({ name: 'never' }, { signal: abort.signal });
    const late = registry.waitFor({ name: 'never' }, { timeout: 5 });
    abort.abort(new Error('as told'));
    await Promise.allSettled([never, late]);
    await registry.waitFor({ name: 'own' }, { timeout: 10_000 });
    did(3);
  },
  async function others() {
    const other = new Registry({ directory, onError: note });
    await other.register({ name: 'other', endpoints });
    other.watch();
    await other.inspect();
    await other.close();
    did(4);
  },
  async function junk() {
    mkdirSync(entries, { recursive: true, mode: 0o700 });
    writeFileSync(join(entries, 'torn.json'), '{"format":1,', { mode: 0o600 });
    writeFileSync(join(entries, `odd-${'0'.repeat(26)}.json`), '[]', { mode: 0o600 });
    symlinkSync(join(directory, 'nowhere'), join(entries, 'link.json'));
    await registry.inspect();
    await registry.reap();
    for (const name of ['torn', `odd-${'0'.repeat(26)}`, 'link'])
      rmSync(join(entries, `${name}.json`), { force: true });
    did(2);
  },
  async function servers() {
    if (counts.rounds % 20 !== 1) return;
    const server = spawn(process.execPath, ['test/programs/server.js'], { stdio: ['pipe', 'pipe', 'ignore'] });
    const closed = once(server, 'close');
    await once(server.stdout, 'data');
    server.stdout.resume();
    server.kill('SIGSTOP');
    await registry.discover();
    server.kill('SIGKILL');
    await closed;
    server.stdin.destroy();
    did();
  },
  async function removals() {
    // A watch that is lost with its folder is taken anew within a second; samples come when that is done.
    const now = performance.now() - began;
    if (nextSample - now < 2_000 || now - removedAt < 1_000) return;
    removedAt = now;
    removals.count = (removals.count ?? 0) + 1;
    rmSync(removals.count % 2 === 0 ? directory : entries, { recursive: true, force: true, maxRetries: 5 });
    did();
  },
];

/** Of inotify, in all of its instances here. */
function watches() {
  let found = 0;
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      found += readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1').match(/^inotify /gm)?.length ?? 0;
    } catch {
      // The one that read the folder; it is closed again.
    }
  }
  return found;
}

async function sample(minutes) {
  // Twice, with a turn between, so that what is freed by finalizers is gone as well.
  global.gc();
  await new Promise((resolve) => setImmediate(resolve));
  global.gc();
  const { heapUsed, rss } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo();
  const line = {
    minutes,
    fds: readdirSync('/proc/self/fd').length,
    watches: watches(),
    handles: resources.filter((type) => type !== 'Timeout').length,
    timers: resources.filter((type) => type === 'Timeout').length,
    heap: heapUsed / 2 ** 20,
    rss: rss / 2 ** 20,
    ...counts,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

for (let taken = 0; taken < samples; ) {
  for (const act of acts) await act().catch(note);
  counts.rounds++;
  const elapsed = performance.now() - began;
  if (elapsed < nextSample) continue;
  await sample(elapsed / 60_000);
  taken++;
  nextSample = (duration * (taken + 1)) / samples;
}

reaper.stop();
await unread.return();
await registry.close();
await sample((performance.now() - began) / 60_000);
process.stdout.write(`${JSON.stringify({ errors: [...texts] })}\n`);
// And it ends by itself: nothing that was used keeps it alive.
