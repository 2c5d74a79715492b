// @ts-check
/** An Express 5 app: listen, then register; deregister, then close. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import express from 'express';
import { Registry, urlOf } from 'rollcall';
import { useRegistry } from './support.js';

const registry = new Registry({ directory: useRegistry() });

const app = express();
app.get('/hello/:name', (request, response) => {
  response.json({ hello: request.params.name });
});
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());

const registration = await registry.register({
  name: 'greeter',
  kind: 'http',
  version: '1.0.0',
  endpoints: [{ type: 'http', url: `http://127.0.0.1:${port}/` }],
});

// Somewhere else, a client.
const greeter = await registry.pick({ name: 'greeter', where: { version: { $regex: '^1\\.' } } });
assert.ok(greeter);
assert.deepEqual(greeter, registration.instance);
const response = await fetch(new URL('hello/you', urlOf(greeter)));
assert.deepEqual(await response.json(), { hello: 'you' });

// First nobody is sent here any more, then the port is closed.
assert.equal(await registration.deregister(), true);
assert.equal(await registry.pick({ name: 'greeter' }), undefined);
await new Promise((resolve) => server.close(resolve));
await registry.close();
console.log('greeted, and gone');
