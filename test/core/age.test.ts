/** The order of age. */

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { byAge, sortedByAge } from '../../src/core/age.js';

interface Aged {
  readonly id: string;
  readonly registeredAt: string;
}

/** Few ids and times, so that many are equal. */
const aged = (times: fc.Arbitrary<string>) =>
  fc.array(fc.record({ id: fc.constantFrom('a-1', 'a-2', 'B-1', 'ä-1'), registeredAt: times }), { maxLength: 60 });
const near = fc.integer({ min: 0, max: 20 }).map((ms) => new Date(1_763_700_000_000 + ms).toISOString());
const anyTime = fc.oneof(
  near,
  fc.constantFrom(
    '2026-01-01T01:00:00+02:00',
    '2025-12-31T23:30:00Z',
    '+275760-09-13T00:00:00.000Z',
    '-271821-04-20T00:00:00.000Z',
    'no instant',
  ),
);

test.each([
  ['near each other', near],
  ['however far apart, in whatever notation', anyTime],
])('sorting numbers gives what sorting by comparison gives: times %s', (_, times) => {
  fc.assert(
    fc.property(aged(times), (items) => {
      const wrapped = items.map((item) => ({ item }));
      const before = [...wrapped];
      const sorted = sortedByAge(wrapped, ({ item }: { readonly item: Aged }) => item);
      expect(sorted.map(({ item }) => item)).toEqual([...items].sort(byAge));
      expect(new Set(sorted)).toEqual(new Set(wrapped));
      // What was given is left as it was.
      expect(wrapped).toEqual(before);
    }),
  );
});
