// @ts-check
/** Five clients need a server that nobody has started yet: one of them starts it, and all get the same one. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Registry, urlOf } from 'rollcall';
import { start, useRegistry } from './support.js';

const server = fileURLToPath(new URL('mcp-server.js', import.meta.url));

if (process.send !== undefined) {
  // One of the five.
  const registry = new Registry();
  const notes = await registry.ensure(
    { name: 'notes' },
    { command: process.execPath, args: [server, 'notes'], outlive: true },
  );
  process.send(notes.id);
  await registry.close();
} else {
  const registry = new Registry({ directory: useRegistry() });
  assert.equal(await registry.pick({ name: 'notes' }), undefined);
  const clients = Array.from({ length: 5 }, () => start('ensure.js'));
  const ids = await Promise.all(clients.map(async (client) => (await once(client, 'message'))[0]));
  assert.equal(new Set(ids).size, 1);
  const instance = await registry.get(ids[0]);
  assert.ok(instance !== undefined);
  console.log(`five clients, one server: ${urlOf(instance)}`);
  // It was to outlive the client that has started it.
  for await (const { type } of registry.watch({ name: 'notes' })) {
    if (type === 'add') process.kill(instance.process.pid, 'SIGTERM');
    if (type === 'remove') break;
  }
  await registry.close();
}
