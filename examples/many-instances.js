// @ts-check
/** A hundred instances out of one process, as a test would make them: queries, and ways to pick one out of many. */

import assert from 'node:assert/strict';
import { isRollcallError, Registry } from 'rollcall';
import { useRegistry } from './support.js';

const registry = new Registry({ directory: useRegistry() });

const regions = ['eu-1', 'us-east-1', 'us-west-2', 'ap-1'];
const registrations = await Promise.all(
  Array.from({ length: 100 }, (_, index) =>
    registry.register({
      name: index % 2 === 0 ? 'shop-cart' : 'shop-search',
      version: `1.${index % 10}.0`,
      kind: 'http',
      endpoints: [{ type: 'http', url: `http://127.0.0.1:${20_000 + index}` }],
      capabilities: index % 2 === 0 ? ['cart.read', 'cart.write'] : ['search.text'],
      tags: index % 5 === 0 ? ['gpu', 'canary'] : ['stable'],
      metadata: { region: regions[index % 4], load: index, shard: { number: index % 8 } },
    }),
  ),
);
assert.equal(new Set(registrations.map(({ id }) => id)).size, 100);

/** @param {import('rollcall').Query} query */
const count = async (query) => (await registry.discover(query)).length;

// By name, kind, capability and tags; a * stands for any run of characters. All that is given must match.
assert.equal(await count({ name: 'shop-cart' }), 50);
assert.equal(await count({ name: 'shop-*' }), 100);
assert.equal(await count({ name: ['shop-cart', 'shop-search'], kind: 'http' }), 100);
assert.equal(await count({ name: 'shop' }), 0);
assert.equal(await count({ capability: 'cart.*' }), 50);
assert.equal(await count({ capabilities: ['cart.read', 'search.*'] }), 0);
assert.equal(await count({ name: 'shop-*', tags: ['gpu', 'canary'] }), 20);
assert.equal(await count({ name: 'shop-cart', tags: ['gpu'] }), 10);

// By any field, in MongoDB's words.
const name = 'shop-*';
assert.equal(await count({ name, where: { 'metadata.load': { $gte: 90 } } }), 10);
assert.equal(await count({ name, where: { 'metadata.region': { $in: ['eu-1', 'ap-1'] } } }), 50);
assert.equal(await count({ name, where: { 'metadata.region': { $regex: '^us-' }, version: '1.1.0' } }), 5);
assert.equal(await count({ name, where: { 'metadata.shard.number': 7, 'metadata.load': { $lt: 50 } } }), 6);
assert.equal(await count({ name, where: { $or: [{ 'metadata.load': 0 }, { 'metadata.load': { $gt: 98 } }] } }), 2);
assert.equal(await count({ name, where: { 'metadata.owner': { $exists: true } } }), 0);

// A misspelt field is an error, and never an empty answer.
await assert.rejects(
  registry.discover(/** @type {any} */ ({ nmae: 'shop-cart' })),
  (error) => isRollcallError(error, 'ROLLCALL_INVALID') && error.message.includes('nmae'),
);

// One out of many. Discovery lists the oldest first.
const query = { name: 'shop-search', where: { 'metadata.load': { $lt: 8 } } };
const all = await registry.discover(query);
assert.equal(all.length, 4);
const ids = all.map(({ id }) => id);
assert.equal((await registry.pick(query))?.id, ids[3]);
assert.equal((await registry.pick(query, { strategy: 'oldest' }))?.id, ids[0]);
assert.ok(ids.includes((await registry.pick(query, { strategy: 'random' }))?.id ?? ''));
const turns = [];
for (let turn = 0; turn < 8; turn++) turns.push((await registry.pick(query, { strategy: 'round-robin' }))?.id);
assert.deepEqual(turns, [...ids, ...ids]);
/** @param {readonly import('rollcall').Instance[]} candidates */
const leastLoaded = (candidates) => candidates.toSorted((a, b) => loadOf(a) - loadOf(b))[0];
/** @param {import('rollcall').Instance} instance */
const loadOf = ({ metadata }) => Number(metadata.load);
assert.equal((await registry.pick(query, { strategy: leastLoaded }))?.metadata.load, 1);
assert.equal(await registry.pick({ name: 'shop-checkout' }), undefined);

// One that is draining is still discovered, and no longer picked.
const last = registrations.find(({ id }) => id === ids[3]);
await last?.update({ status: 'draining' });
assert.equal((await registry.pick(query))?.id, ids[2]);
assert.equal((await registry.pick({ ...query, status: 'draining' }))?.id, ids[3]);
assert.equal(await count(query), 4);

// All go at once: `registry.close()` would do the same.
const answers = await Promise.all(registrations.map((registration) => registration.deregister()));
assert.equal(answers.filter(Boolean).length, 100);
assert.equal(await count({ name }), 0);
await registry.close();
console.log('100 instances registered, asked for, picked and deregistered');
