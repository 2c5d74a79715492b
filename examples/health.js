// @ts-check
/** A server hangs: its process is there, and it answers nobody. The monitor says so, and has another started. */

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { Registry, urlOf } from 'rollcall';
import { HealthMonitor, restart } from 'rollcall/health';
import { useRegistry } from './support.js';

const self = fileURLToPath(import.meta.url);

if (process.argv[2] === 'serve') {
  const registry = new Registry();
  const server = createServer((_, response) => void response.end('{"status":"ok"}'));
  server.listen(0, '127.0.0.1', async () => {
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    const endpoints = [{ type: 'http', url: `http://127.0.0.1:${port}/` }];
    await registry.register({ name: 'worker', endpoints, health: { url: '/health' } });
  });
} else {
  const registry = new Registry({ directory: useRegistry() });
  const program = { command: process.execPath, args: [self, 'serve'] };
  const first = await registry.ensure({ name: 'worker' }, program);

  const monitor = new HealthMonitor(registry, { query: { name: 'worker' }, interval: 100, timeout: 500 });
  monitor.onCritical(restart(registry, { ...program, grace: 100 }));
  for await (const { id, from, to, reason } of monitor) {
    console.log(`${id === first.id ? 'the first' : 'the next'} is ${to}${reason === undefined ? '' : `: ${reason}`}`);
    // Stopped in the middle of everything, as by a debugger or a swap storm: its port is open, and nobody is at home.
    if (id === first.id && to === 'passing') process.kill(first.process.pid, 'SIGSTOP');
    if (id === first.id && from === 'passing') assert.equal(to, 'critical');
    if (id !== first.id && to === 'passing') break;
  }
  const [next, ...others] = await registry.discover({ name: 'worker' });
  assert.ok(next !== undefined && others.length === 0);
  assert.notEqual(next.process.pid, first.process.pid);
  assert.equal((await fetch(urlOf(next))).status, 200);
  console.log('one worker, and it answers');
  await registry.close();
}
