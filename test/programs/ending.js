// Comes to its end as it is told, with rollcall in some state or without. argv: the way, the moment.
// Prints `ready` when a signal may come; `pong` for each line on its stdin; and in the end how that looked from within.
import { writeSync } from 'node:fs';

const [way, moment] = process.argv.slice(2);
const say = (line) => process.stdout.write(`${line}\n`);
const [how, signal] = way.split(' ');

// A host that has patched these finds them as it left them.
const original = process.emit;
process.emit = function emit(...args) {
  return original.apply(this, args);
};
const patched = [process.emit, process.reallyExit];
process.on('exit', (code) => {
  const isIntact = process.emit === patched[0] && process.reallyExit === patched[1];
  try {
    writeSync(1, `exit ${code} ${process.exitCode} ${isIntact}\n`);
  } catch {
    // Nobody reads it any more.
  }
});
if (how === 'once-before') process.once(signal, () => setImmediate(() => setImmediate(() => process.exit(9))));
if (how === 'awaited') {
  const { once } = await import('node:events');
  void once(process, signal).then(() => setTimeout(() => process.exit(10), 20));
}

const never = { name: 'never' };
const endpoints = [{ type: 'http', url: 'http://127.0.0.1:8080/' }];
const input = { name: 'ending', endpoints, ttl: Number(process.env.TTL ?? 45_000) };
const load = () => import('../../dist/index.js');
const open = async () => new (await load()).Registry();
const registered = async () => {
  const registry = await open();
  return { registry, registration: await registry.register(input) };
};
const moments = {
  bare: () => {},
  imported: load,
  made: open,
  registering: async () => void (await open()).register(input),
  registered,
  updating: async () => void (await registered()).registration.update({ status: 'draining' }),
  updated: async () => (await registered()).registration.update({ status: 'draining' }),
  deregistering: async () => void (await registered()).registration.deregister(),
  deregistered: async () => (await registered()).registration.deregister(),
  watching: async () => {
    const watcher = (await open()).watch();
    watcher.on('add', () => {});
    await new Promise((resolve) => watcher.on('ready', resolve));
  },
  both: async () => {
    const { registry } = await registered();
    const watcher = registry.watch();
    // In a program that has nothing else to do, waiting for an event keeps nothing alive: this one ticks meanwhile.
    const tick = setInterval(() => {}, 100);
    await new Promise((resolve) => watcher.on('ready', resolve));
    clearInterval(tick);
  },
  looping: async () => {
    const registry = await open();
    void (async () => {
      for await (const _ of registry.watch(never));
    })();
  },
  waiting: async () => void (await open()).waitFor(never),
  closed: async () => {
    const { registry } = await registered();
    registry.watch();
    await registry.close();
  },
  default: async () => (await load()).register(input),
  copies: async () => {
    await registered();
    const { Registry } = await import(process.env.COPY);
    await new Registry().register(input);
  },
  'in a worker': async () => {
    const { Worker } = await import('node:worker_threads');
    const script = `
      import(${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)}).then(async ({ Registry }) => {
        await new Registry().register(${JSON.stringify(input)});
        require('node:worker_threads').parentPort.postMessage('registered');
      });
      setInterval(() => {}, 1_000);`;
    const worker = new Worker(script, { eval: true });
    await new Promise((resolve) => worker.once('message', resolve));
    worker.unref();
  },
};
await moments[moment]();

/** Stays until its stdin ends. */
const stay = () => {
  process.stdin.on('data', () => say('pong'));
  say('ready');
};
const inWorker = async (script) => {
  const { Worker } = await import('node:worker_threads');
  const worker = new Worker(script, { eval: true });
  worker.on('exit', (code) => say(`worker ${code}`));
  return worker;
};
const ways = {
  end: () => {},
  exit: () => process.exit(3),
  code: () => {
    process.exitCode = 5;
  },
  throw: () =>
    setImmediate(() => {
      throw new Error('as told');
    }),
  'throw-at-once': () => {
    throw new Error('as told');
  },
  reject: () => void Promise.reject(new Error('as told')),
  starve: () => new Promise(() => {}),
  abort: () => process.abort(),
  signal: stay,
  'once-before': stay,
  awaited: stay,
  'once-after': () => {
    process.once(signal, () => setImmediate(() => setImmediate(() => process.exit(9))));
    stay();
  },
  listener: () => {
    process.on(signal, () => process.exit(7));
    stay();
  },
  deaf: () => {
    process.on(signal, () => {});
    stay();
  },
  // Its reader goes away, and it goes on writing.
  pipe: () => {
    stay();
    process.once('message', () => setInterval(() => say('x'.repeat(100)), 1));
  },
  disconnect: () => {
    process.on('message', () => {});
    say('ready');
  },
  'worker-exit': () => void inWorker('process.exit(4)'),
  'worker-throw': () => void inWorker('throw new Error("as told")'),
  'worker-terminate': async () => void (await inWorker('setInterval(() => {}, 1000)')).terminate(),
  cluster: async () => {
    const { default: cluster } = await import('node:cluster');
    if (!cluster.isPrimary) process.exit(6);
    cluster.fork().on('exit', (code, killed) => say(`worker ${code} ${killed}`));
  },
  // What is left on `process` and in the loop.
  state: () => {
    const listeners = process.eventNames().map((name) => `${String(name)} ${process.listenerCount(name)}`);
    say(JSON.stringify([listeners.sort(), process.getActiveResourcesInfo().sort()]));
  },
};
await ways[how]();
