// Asks everything of the registry in ROLLCALL_DIR that can be asked without registering. Prints `asked` and the names
// of the methods; with CONNECT it then connects and starts a program, to show that whoever watches it sees that.
import { execFileSync, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { Reaper, Registry, urlOf } from '../../dist/index.js';

process.stdout.write('begun\n');
const registry = new Registry({ onError: () => {} });
const quietly = (promise) => promise.catch(() => {});
for (const instance of await registry.discover()) {
  await registry.get(instance.id);
  await registry.discover({ id: instance.id, where: { 'metadata.command': { $regex: 'touch|pwned' } } });
  try {
    urlOf(instance);
  } catch {
    // It has none.
  }
}
const named = ['newest', 'oldest', 'random', 'round-robin', 'weighted', 'least-connections', 'nearest'];
for (const strategy of [...named, (all) => all[0]]) {
  await registry.pick({}, { strategy });
  await registry.explain({}, { strategy });
}
await registry.discover({}, { near: process.cwd() });
await (await registry.claim('leader')).release();
await registry.waitFor({});
await quietly(registry.waitFor({ name: 'nobody' }, { timeout: 50 }));
await registry.inspect();
const watcher = registry.watch();
for (const type of ['add', 'change', 'remove', 'ready', 'error']) watcher.on(type, () => {});
for await (const _ of watcher) if (watcher.isReady) break;
await watcher.close();
await registry.reap({ dryRun: true });
await registry.reap();
const reaper = new Reaper(registry, { interval: 100 }).start();
reaper.stop();
if (process.env.CONNECT !== undefined) {
  await new Promise((resolve) =>
    connect(Number(process.env.CONNECT), '127.0.0.1').on('connect', resolve).on('error', resolve),
  ).then();
  await new Promise((resolve) => spawn('true').on('exit', resolve));
  execFileSync('true');
}
await registry.close();
process.stdout.write('asked\n');
process.exit();
