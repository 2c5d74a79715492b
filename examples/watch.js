// @ts-check
/** Watches while servers come, change and go: one says goodbye, one is killed. Each change leads to the next act. */

import assert from 'node:assert/strict';
import { Registry } from 'rollcall';
import { start, useRegistry } from './support.js';

const registry = new Registry({ directory: useRegistry() });
const watcher = registry.watch({ kind: 'mcp' });

// A watcher calls listeners, keeps the present set in memory…
/** @type {string[]} */
const heard = [];
watcher.on('add', ({ name }) => heard.push(`${name} came, ${watcher.instances.length} here`));
watcher.on('change', ({ name, status }, previous) => heard.push(`${name} was ${previous.status} and is ${status}`));
watcher.on('remove', ({ name }, reason) => heard.push(`${name} went (${reason}), ${watcher.instances.length} here`));

// …and can be looped over, beginning with the present set. Leaving the loop closes it.
const notes = start('mcp-server.js', ['notes']);
/** @type {ReturnType<typeof start> | undefined} */
let weather;
/** @type {string[]} */
const told = [];
for await (const { type, instance, reason } of watcher) {
  told.push(`${type} ${instance.name} ${reason ?? instance.status}`);
  if (told.length === 1) notes.send({ status: 'draining' });
  if (told.length === 2) weather = start('mcp-server.js', ['weather']);
  if (told.length === 3) notes.kill('SIGTERM');
  // No chance to say goodbye: its entry is still there, and counts no more.
  if (told.length === 4) weather?.kill('SIGKILL');
  if (told.length === 5) break;
}
assert.deepEqual(told, [
  'add notes ready',
  'change notes draining',
  'add weather ready',
  'remove notes deregistered',
  'remove weather dead',
]);
assert.deepEqual(heard, [
  'notes came, 1 here',
  'notes was ready and is draining',
  'weather came, 2 here',
  'notes went (deregistered), 1 here',
  'weather went (dead), 0 here',
]);
assert.equal(watcher.isClosed, true);

// The dead one's entry is removed by whoever sweeps next, or now. For nothing to be wrong it need not be.
assert.deepEqual(await registry.discover({ kind: 'mcp' }), []);
const { removed } = await registry.reap();
assert.deepEqual(
  removed.map(({ verdict, instance }) => `${instance?.name} ${verdict}`),
  ['weather dead'],
);
await registry.close();
console.log(heard.join('\n'));
