// @ts-check
/** Calls that find an instance: one is killed, one is busy, one hangs, and every call that may be made again is answered. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Registry } from 'rollcall';
import { createRouter, isRefused } from 'rollcall/route';
import { start, useRegistry } from './support.js';

const registry = new Registry({ directory: useRegistry() });

// Three instances of one HTTP service, all in this process, that behave as they are told to.
/** @type {Record<string, 'answers' | 'is busy' | 'hangs'>} */
const behaviour = { a: 'answers', b: 'answers', c: 'answers' };
/** @param {string} name */
async function serve(name) {
  const server = createServer((_, response) => {
    if (behaviour[name] === 'answers') response.end(name);
    if (behaviour[name] === 'is busy') response.writeHead(503).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const endpoints = [{ type: 'http', url: `http://127.0.0.1:${port}/` }];
  const registration = await registry.register({
    name: 'api',
    endpoints,
    metadata: { zone: name === 'c' ? 'far' : 'near' },
  });
  return { server, id: registration.id };
}
const a = await serve('a');
const b = await serve('b');
await serve('c');

const router = createRouter(registry, {
  strategy: 'round-robin',
  rules: { api: { prefer: { 'metadata.zone': ['near'] } } },
});
/** @param {import('rollcall/route').RouteRequest} [init] */
const call = async (init) => (await router.fetch({ name: 'api' }, '/', init)).text();

// By turns, and of those that are liked better, as long as one of them can be used.
assert.deepEqual([await call(), await call(), await call()], ['a', 'b', 'a']);

// One session stays with one instance.
const first = await call({ affinity: 'session 1' });
for (let count = 0; count < 5; count++) assert.equal(await call({ affinity: 'session 1' }), first);
console.log(`session 1 is with ${first}`);

// A GET goes elsewhere when its server is busy, or hangs; it may be carried out twice.
behaviour.a = 'is busy';
assert.equal(await call(), 'b');
behaviour.a = 'hangs';
assert.equal(await call({ timeout: 900 }), 'b');
console.log('a is busy, then hangs: b answers');

// A POST may not, unless it is said so. It goes elsewhere only if nobody took it: nobody listens there any more.
behaviour.a = 'answers';
b.server.close();
b.server.closeAllConnections();
for (let count = 0; count < 4; count++) assert.equal(await call({ method: 'POST' }), 'a');
console.log('nobody listens at b: a answers, even to POST');

// The error of a call that failed names every attempt, instance and reason.
behaviour.a = 'hangs';
const failure = await router
  .fetch({ name: 'api' }, '/', { method: 'POST', id: a.id, timeout: 200 })
  .catch((error) => error);
assert.equal(failure.code, 'ROLLCALL_UNANSWERED');
assert.match(failure.message, new RegExp(`1\\. api \\(${a.id}\\), \\d+ ms: no answer within 200 ms`));
console.log(failure.message);

// A function of one's own, which sends one thing: refused, it was certainly not sent.
behaviour.a = 'answers';
const answer = await router.use(
  { name: 'api' },
  async ({ endpoints: [endpoint] }, { signal }) =>
    (await fetch(endpoint?.url ?? '', { signal, method: 'POST' })).text(),
  { idempotent: isRefused },
);
assert.match(answer, /^[ac]$/);

// A tool of an MCP server, whichever has it. It is killed, and its successor is called.
const weather = start('mcp-server.js', ['weather']);
await registry.waitFor({ name: 'weather' }, { timeout: 10_000 });
const { content } = await router.callTool('weather.current', { city: 'Paris' });
assert.deepEqual(content, [{ type: 'text', text: 'Paris: windy, 15 °C' }]);
weather.kill('SIGKILL');
await once(weather, 'exit');
const heir = start('mcp-server.js', ['weather']);
await registry.waitFor({ name: 'weather' }, { timeout: 10_000 });
assert.equal((await router.callTool('weather.forecast', { city: 'Paris' })).isError ?? false, false);
console.log('a tool was called, its server killed, and the next one called');

heir.kill('SIGTERM');
await router.close();
await registry.close();
process.exit();
