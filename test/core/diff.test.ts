/** What happened between two looks. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { diff } from '../../src/core/diff.js';
import type { Instance } from '../../src/core/instance.js';
import { makeInstance } from '../support/make-instance.js';

const map = (...instances: Instance[]) => new Map(instances.map((instance) => [instance.id, instance]));
const dead = () => 'dead' as const;

test('what left comes first, with its reason and as it was; then what came or changed', () => {
  const [gone, kept, old, fresh] = [makeInstance(), makeInstance(), makeInstance(), makeInstance()];
  const changed = { ...old, title: 'x' };
  expect(diff(map(gone, kept, old), map(kept, changed, fresh), dead)).toEqual([
    { type: 'remove', instance: gone, reason: 'dead' },
    { type: 'change', instance: changed, previous: old },
    { type: 'add', instance: fresh },
  ]);
});

test('the same object is no change, an equal one is', () => {
  const instance = makeInstance();
  expect(diff(map(instance), map(instance), dead)).toEqual([]);
  expect(diff(map(instance), map({ ...instance }), dead)).toHaveLength(1);
});

test('the changes lead from the one set to the other', () => {
  const pool = Array.from({ length: 12 }, () => makeInstance());
  const set = fc
    .array(fc.tuple(fc.nat(11), fc.nat(2)))
    .map((chosen) => new Map(chosen.map(([index, version]) => [`${index}`, variants[index]?.[version] as Instance])));
  const variants = pool.map((instance) => [0, 1, 2].map((version) => ({ ...instance, title: `${version}` })));
  fc.assert(
    fc.property(set, set, (before, after) => {
      const keyed = (sets: Map<string, Instance>) => new Map([...sets.values()].map((each) => [each.id, each]));
      const [from, to] = [keyed(before), keyed(after)];
      const view = new Map(from);
      for (const change of diff(from, to, dead)) {
        const { id } = change.instance;
        if (change.type === 'remove') expect(view.delete(id)).toBe(true);
        else expect(view.has(id)).toBe(change.type === 'change');
        if (change.type !== 'remove') view.set(id, change.instance);
      }
      expect([...view].sort()).toEqual([...to].sort());
    }),
  );
});
