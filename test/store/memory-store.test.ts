/** The store in memory. */

import { expect, test } from 'vitest';
import { createId } from '../../src/core/id.js';
import { MemoryStore } from '../../src/store/memory-store.js';
import { testStore } from '../../src/testing/compliance/suite.js';
import { FakeClock, settle } from '../../src/testing/fake-clock.js';

testStore({
  name: 'MemoryStore',
  test,
  open: () => {
    const clock = new FakeClock();
    const store = new MemoryStore({ clock });
    return { store, other: store, pass: (ms) => clock.stop(ms) };
  },
  traits: { reach: 'process', expiry: false, hints: true },
  methods: ['watch', 'deleteNow', 'beside'],
  skip: { 'a store that cannot be reached says so, and never looks empty': 'memory is always there' },
});

test('a hint comes after the call that caused it, with the id, and not to one who left meanwhile', async () => {
  const store = new MemoryStore();
  const log: string[] = [];
  const unwatch = await store.watch((id) => log.push(`hint ${id}`));
  const id = createId('weather');
  const put = store.put(id, 'x');
  expect(log).toEqual([]);
  await put;
  await settle();
  expect(log).toEqual([`hint ${id}`]);
  const removed = store.delete(id);
  await unwatch();
  await removed;
  await settle();
  expect(log).toHaveLength(1);
});

test('it says that it reaches no further than this process', () => {
  expect(new MemoryStore().traits).toEqual({ reach: 'process', expiry: false, hints: true });
});

test('two of them share nothing', async () => {
  const [a, b] = [new MemoryStore(), new MemoryStore()];
  await a.put(createId('weather'), 'x');
  expect(await b.list()).toEqual([]);
});
