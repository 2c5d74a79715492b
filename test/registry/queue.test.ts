/** One thing after the other. */

import { expect, test } from 'vitest';
import { Queue } from '../../src/registry/queue.js';
import { settle } from '../../src/testing/fake-clock.js';
import { gate } from '../../src/testing/faulty-store.js';

test('an act begins when the one before has ended, in the order they were added', async () => {
  const queue = new Queue();
  const door = gate();
  const log: string[] = [];
  const first = queue.add(async () => {
    log.push('first begins');
    await door.wait();
    log.push('first ends');
    return 1;
  });
  const second = queue.add(async () => {
    log.push('second');
    return 2;
  });
  await settle();
  expect(log).toEqual(['first begins']);
  door.open();
  expect(await Promise.all([first, second])).toEqual([1, 2]);
  expect(log).toEqual(['first begins', 'first ends', 'second']);
});

test('an act that fails rejects for whoever added it and does not stop the next', async () => {
  const queue = new Queue();
  const failure = new Error('mine');
  const first = queue.add(async () => {
    throw failure;
  });
  const second = queue.add(async () => 2);
  await expect(first).rejects.toBe(failure);
  expect(await second).toBe(2);
});
