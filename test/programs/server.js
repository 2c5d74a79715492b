// A registered program that does as it is told, one word a line on its stdin.
// argv: name, then 'bare' to do the same without rollcall. Prints `registered <id>` and `did <word>`.
import { createInterface } from 'node:readline';

const [name = 'server', mode] = process.argv.slice(2);
const ttl = Number(process.env.TTL ?? 45_000);
const say = (line) => process.stdout.write(`${line}\n`);

let registration;
const register = async () => {
  if (mode === 'bare') return say('registered nothing');
  const { Registry } = await import('../../dist/index.js');
  const registry = new Registry({ ttl, onError: (error) => say(`error ${error.code}`) });
  registration = await registry.register({
    name,
    endpoints: [{ type: 'http', url: `http://127.0.0.1:${1024 + (process.pid % 60_000)}` }],
    metadata: { text: 'x'.repeat(2_000) },
  });
  return say(`registered ${registration.id}`);
};

const acts = {
  register,
  update: () => registration?.update({ tags: [String(Math.random())] }),
  deregister: () => registration?.deregister(),
  // As a program that has nothing left to do, and as one that waits for what never comes (exit code 13).
  end: () => lines.close(),
  starve: () => process.stdin.destroy(),
  exit: () => process.exit(3),
  code: () => {
    process.exitCode = 5;
    lines.close();
  },
  throw: () =>
    setImmediate(() => {
      throw new Error('as told');
    }),
  reject: () => void Promise.reject(new Error('as told')),
  graceful: () =>
    void process.once('SIGTERM', async () => {
      await registration?.deregister();
      process.exit(7);
    }),
  // Blocks the event loop, heartbeats included, as a busy server does.
  block: (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(ms)),
};

// A listener that is there before we are, and removes itself when it is called.
if (process.env.ONCE !== undefined) {
  process.once('SIGTERM', () => setImmediate(() => setImmediate(() => process.exit(9))));
}
if (process.env.WAIT === undefined) await register();
else say('waiting');
const lines = createInterface({ input: process.stdin });
for await (const line of lines) {
  const [word, argument] = line.split(' ');
  await acts[word](argument);
  say(`did ${word}`);
}
