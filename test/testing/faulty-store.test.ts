/** The store that fails on request. */

import { expect, test } from 'vitest';
import { createId } from '../../src/core/id.js';
import { FileStore } from '../../src/store/file/file-store.js';
import { MemoryStore } from '../../src/store/memory-store.js';
import type { Store } from '../../src/store/store.js';
import { settle } from '../../src/testing/fake-clock.js';
import { FaultyStore, failing, gate } from '../../src/testing/faulty-store.js';
import { tempFolder } from '../support/temp.js';

const id = createId('weather');
const refused = { code: 'ROLLCALL_STORE' };

test('a method fails for as long as it is told to, and has not reached the store', async () => {
  const inner = new MemoryStore();
  const store = new FaultyStore(inner);
  store.before.put = failing();
  await expect(store.put(id, 'x')).rejects.toMatchObject(refused);
  await expect(store.put(id, 'x')).rejects.toMatchObject(refused);
  expect(await store.list()).toEqual([]);
  expect(await inner.list()).toEqual([]);
  store.before = {};
  expect((await store.put(id, 'x')).body).toBe('x');
  expect(store.calls).toEqual(['put', 'put', 'list', 'put']);
});

test('the n-th call fails, of a method or of all, and the ones around it do not', async () => {
  const store = new FaultyStore();
  const outcome = (call: Promise<unknown>) =>
    call.then(
      () => 'ok',
      (error) => error,
    );
  const first = new Error('first');
  const third = new Error('third');
  store.at(3, failing(third));
  store.at(1, failing(first), 'list');
  expect(await outcome(store.get(id))).toBe('ok');
  expect(await outcome(store.list())).toBe(first);
  expect(await outcome(store.put(id, 'x'))).toBe(third);
  expect(await outcome(store.list())).toBe('ok');
  expect(await outcome(store.put(id, 'x'))).toBe('ok');
  // From now on, not from the beginning.
  store.at(2, failing(third), 'put');
  expect(await outcome(store.put(id, 'x'))).toBe('ok');
  expect(await outcome(store.put(id, 'x'))).toBe(third);
  for (const n of [0, -1, 1.5]) expect(() => store.at(n, failing())).toThrow(RangeError);
});

test('what comes before is told the id, and may use the store itself', async () => {
  const store = new FaultyStore();
  const ids: unknown[] = [];
  store.before.any = (given) => void ids.push(given);
  store.at(1, async () => void (await store.touch(id)), 'delete');
  const { version } = await store.put(id, 'x');
  expect(await store.delete(id, { ifVersion: version })).toBe(false);
  await store.list();
  expect(ids).toEqual([id, id, id, undefined]);
});

test('a call waits at a gate until it is opened, or everything is taken back', async () => {
  const store = new FaultyStore();
  const door = gate();
  store.at(1, door.wait, 'put');
  let isDone = false;
  const put = store.put(id, 'x').then(() => {
    isDone = true;
  });
  await door.reached;
  await settle();
  expect([isDone, await store.list()]).toEqual([false, []]);
  door.open();
  await put;
  expect(await store.list()).toHaveLength(1);

  const shut = gate();
  store.before.list = shut.wait;
  store.at(1, failing(), 'get');
  const list = store.list();
  await shut.reached;
  store.reset();
  expect(await list).toHaveLength(1);
  expect(await store.get(id)).toBeDefined();
});

test('the last act can be made to fail, and not to wait', async () => {
  const store = new FaultyStore();
  await store.put(id, 'x');
  store.at(1, failing());
  expect(() => store.deleteNow?.(id, () => true)).toThrow(expect.objectContaining(refused));
  store.at(1, gate().wait);
  expect(() => store.deleteNow?.(id, () => true)).toThrow('synchronous');
  expect(await store.list()).toHaveLength(1);
  store.before.deleteNow = () => {};
  expect(store.deleteNow?.(id, () => true)).toBe(true);
});

test('it wraps any store, and lacks what that lacks', async () => {
  const files = new FaultyStore(new FileStore({ directory: tempFolder() }));
  expect(files.traits.reach).toBe('host');
  await files.put(id, 'x');
  expect(await files.list()).toMatchObject([{ id, body: 'x' }]);
  expect(await files.sweep?.()).toBe(0);
  const hint = gate();
  const unwatch = await files.watch?.(() => hint.open());
  await files.put(id, 'y');
  await hint.wait();
  await unwatch?.();
  expect(files.deleteNow?.(id, () => true)).toBe(true);
  await files.close();

  const { put, get, list, touch, delete: remove, close, traits } = new MemoryStore();
  const bare = { put, get, list, touch, delete: remove, close, traits } as Store;
  const { watch, sweep, deleteNow } = new FaultyStore(bare);
  expect([watch, sweep, deleteNow]).toEqual([undefined, undefined, undefined]);
});
