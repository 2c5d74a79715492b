// Uses everything of the library that reads, and tells which of the operating system's doors were knocked at.
// Prints one line: {"found":[…ids],"doors":[…]}.
import { createHook } from 'node:async_hooks';

// What Node makes for a process, a connection, a request and a look-up of a name.
const doors =
  /^(PROCESSWRAP|TCPWRAP|TCPCONNECTWRAP|PIPEWRAP|PIPECONNECTWRAP|UDPWRAP|TLSWRAP|HTTPCLIENTREQUEST|GETADDRINFOREQWRAP|QUERYWRAP)$/;
const seen = new Set();
createHook({
  init(_, type) {
    if (doors.test(type)) seen.add(type);
  },
}).enable();

const { Registry, urlOf } = await import('../../dist/index.js');
const registry = new Registry();
const found = await registry.discover();
for (const instance of found) {
  await registry.get(instance.id);
  try {
    urlOf(instance);
  } catch {
    // It has none.
  }
}
await registry.discover({ where: { 'metadata.command': { $exists: true } } });
await registry.pick();
await registry.waitFor({}, { timeout: 1_000 });
await registry.inspect();
await registry.reap({ dryRun: true });
const watcher = registry.watch();
for await (const _ of watcher) if (watcher.isReady) break;
await registry.reap();
await registry.close();
const { writeSync } = await import('node:fs');
writeSync(1, `${JSON.stringify({ found: found.map(({ id }) => id), doors: [...seen] })}\n`);
