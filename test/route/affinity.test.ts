/** Sticky keys: found by a hash, kept as long as the instance is usable, bounded. */

import { expect, test } from 'vitest';
import { Affinity, rendezvous } from '../../src/route/affinity.js';
import { makeInstance } from '../support/make-instance.js';

const five = Array.from({ length: 5 }, () => makeInstance());

test('every process comes to the same, whatever the order', () => {
  for (let key = 0; key < 100; key++) {
    expect(rendezvous(`${key}`, five)).toBe(rendezvous(`${key}`, [...five].reverse()));
  }
  // Written down once: another version must come to the same.
  const known = ['a', 'b', 'c'].map((id) => makeInstance({ id }));
  expect(['k1', 'k2', 'k3', 'k4', 'k5', 'k6'].map((key) => rendezvous(key, known).id).join('')).toBe('abccaa');
});

test('when one goes, only those that were with it move; when one comes, only to it', () => {
  const keys = Array.from({ length: 2_000 }, (_, key) => `session-${key}`);
  const before = new Map(keys.map((key) => [key, rendezvous(key, five)]));
  const [gone, ...rest] = five;
  for (const key of keys) if (before.get(key) !== gone) expect(rendezvous(key, rest)).toBe(before.get(key));
  const come = makeInstance();
  const moved = keys.filter((key) => rendezvous(key, [...five, come]) !== before.get(key));
  expect(moved.every((key) => rendezvous(key, [...five, come]) === come)).toBe(true);
  expect(moved.length / keys.length).toBeCloseTo(1 / 6, 1);
});

test('a key stays with one instance of each service', () => {
  const affinity = new Affinity();
  const other = makeInstance({ name: 'database' });
  const [first, second] = five as [(typeof five)[0], (typeof five)[0]];
  affinity.note('session', first);
  affinity.note('session', other);
  expect(affinity.find('session', five)).toBe(first);
  expect(affinity.find('session', [other])).toBe(other);
  expect(affinity.find('session', [second])).toBeUndefined();
  affinity.note('session', second);
  expect(affinity.find('session', five)).toBe(second);
  expect(affinity.find('another', five)).toBeUndefined();
});

test('so many keys are remembered, and the one used longest ago is forgotten first', () => {
  const affinity = new Affinity();
  const [first] = five as [(typeof five)[0]];
  for (let key = 0; key < 10_000; key++) affinity.note(`${key}`, first);
  affinity.note('0', first);
  affinity.note('10000', first);
  expect(affinity.size).toBe(10_000);
  expect(affinity.find('0', five)).toBe(first);
  expect(affinity.find('1', five)).toBeUndefined();
});
