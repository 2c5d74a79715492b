/** One out of many. */

import { describe, expect, test, vi } from 'vitest';
import { byAge } from '../../src/core/age.js';
import type { Instance } from '../../src/core/instance.js';
import { chooserOf, type PickState, type Strategy, weightOf } from '../../src/core/pick.js';
import { unrelated } from '../../src/core/workspace.js';
import { makeInstance } from '../support/make-instance.js';

const at = (second: number) => `2026-01-01T00:00:0${second}.000Z`;
const [a, b, c, d] = [1, 2, 3, 4].map((second) => makeInstance({ registeredAt: at(second) })) as [
  Instance,
  Instance,
  Instance,
  Instance,
];
const state: PickState = {
  random: Math.random,
  last: undefined,
  connections: () => 0,
  weight: weightOf,
  nearness: () => unrelated,
  load: () => undefined,
  orAny: false,
};
const pick = (candidates: readonly Instance[], strategy: Strategy, given: Partial<PickState> = {}) =>
  chooserOf(strategy)(candidates, { ...state, ...given });

/** Picks again and again, each time after what was picked before. */
function inTurns(strategy: Strategy, given: Partial<PickState> = {}) {
  let last: Instance | undefined;
  return (...candidates: Instance[]) => {
    last = pick(candidates, strategy, { ...given, last });
    return last;
  };
}

test('age is the time of registration, whatever its notation, and then the id', () => {
  const early = makeInstance({ registeredAt: '2026-01-01T01:00:00+02:00' });
  const late = makeInstance({ registeredAt: '2025-12-31T23:30:00Z' });
  expect([late, early].sort(byAge)).toEqual([early, late]);
  const [x, y] = [
    { ...a, id: 'x' },
    { ...a, id: 'y' },
  ];
  expect([y, x].sort(byAge)).toEqual([x, y]);
  expect(byAge(x, x)).toBe(0);
});

test.each<[Strategy, Instance]>([
  ['newest', c],
  ['oldest', a],
])('%s', (strategy, expected) => {
  expect(pick([a, b, c], strategy)).toBe(expected);
});

test('random picks each of them now and then', () => {
  for (const [value, expected] of [
    [0, a],
    [0.34, b],
    [0.999_999, c],
  ] as const) {
    expect(pick([a, b, c], 'random', { random: () => value })).toBe(expected);
  }
});

describe('round-robin', () => {
  test('goes round', () => {
    const turn = inTurns('round-robin');
    expect(Array.from({ length: 5 }, () => turn(a, b, c))).toEqual([a, b, c, a, b]);
  });

  test('goes on with the next when the last picked is gone, and skips nobody when others come and go', () => {
    const turn = inTurns('round-robin');
    expect(turn(a, b, c)).toBe(a);
    expect(turn(a, b, c)).toBe(b);
    expect(turn(a, c, d)).toBe(c);
    expect(turn(a, b, c)).toBe(a);
    expect(turn(b, c)).toBe(b);
    expect(turn(a, b, c, d)).toBe(c);
    expect(turn(a, b)).toBe(a);
  });

  test('tells those apart that registered in the same moment', () => {
    const twins = ['x', 'y', 'z'].map((id) => ({ ...a, id }));
    const turn = inTurns('round-robin');
    expect(Array.from({ length: 4 }, () => turn(...twins)?.id)).toEqual(['x', 'y', 'z', 'x']);
  });
});

describe('weighted', () => {
  const weights = new Map([
    [a, 1],
    [b, 0],
    [c, 3],
  ]);
  const weight = (instance: Instance) => weights.get(instance) ?? 1;

  test.each([
    [0, a],
    [0.249, a],
    [0.25, c],
    [0.999_999, c],
  ])('%d is the share of the right one', (value, expected) => {
    expect(pick([a, b, c], 'weighted', { weight, random: () => value })).toBe(expected);
  });

  test('gives each its share, to within a hundredth of 100,000 picks', () => {
    const counts = new Map<Instance | undefined, number>();
    for (let count = 0; count < 100_000; count++) {
      const picked = pick([a, b, c], 'weighted', { weight });
      counts.set(picked, (counts.get(picked) ?? 0) + 1);
    }
    expect(counts.get(b)).toBeUndefined();
    expect(Math.abs((counts.get(a) ?? 0) / 100_000 - 0.25)).toBeLessThan(0.01);
  });

  test('picks none if all weigh nothing', () => {
    expect(pick([a, b], 'weighted', { weight: () => 0 })).toBeUndefined();
    expect(pick([a, b], 'weighted', { weight: () => 0, random: () => 0 })).toBeUndefined();
  });

  test('never picks what weighs nothing, whatever rounding does', () => {
    expect(pick([a, b], 'weighted', { weight: (each) => (each === a ? 0.1 : 0), random: () => 1 })).toBe(a);
  });

  test.each([
    [undefined, 1],
    [0, 0],
    [2.5, 2.5],
    [-1, 1],
    ['3', 1],
    [Number.NaN, 1],
    [Number.POSITIVE_INFINITY, 1],
  ])('a weight of %s in the metadata is %d', (given, expected) => {
    expect(weightOf(makeInstance({ metadata: { weight: given } }))).toBe(expected);
  });
});

test('least-connections picks who has the fewest leases, and equals in turn', () => {
  const leases = new Map([
    [a, 2],
    [b, 1],
    [c, 1],
  ]);
  const turn = inTurns('least-connections', { connections: (each) => leases.get(each) ?? 0 });
  expect([turn(a, b, c), turn(a, b, c), turn(a, b, c)]).toEqual([b, c, b]);
});

test('least-loaded picks who does least, and those that cannot be measured last', () => {
  const loads = new Map([
    [a, 1.5],
    [b, 0.2],
  ]);
  const load = (each: Instance) => loads.get(each);
  expect(pick([a, b, c], 'least-loaded', { load })).toBe(b);
  expect(pick([a, c], 'least-loaded', { load })).toBe(a);
  const turn = inTurns('least-loaded');
  expect([turn(c, d), turn(c, d), turn(c, d)]).toEqual([c, d, c]);
});

test('every strategy leaves the candidates as they are', () => {
  const candidates = Object.freeze([a, b, c]);
  const names = ['newest', 'oldest', 'random', 'round-robin', 'weighted', 'least-connections', 'least-loaded'] as const;
  for (const name of names) expect(candidates).toContain(pick(candidates, name));
  expect(pick(candidates, 'nearest')).toBeUndefined();
});

test('a function is given the candidates and may say no', () => {
  const chooser = vi.fn((candidates: readonly Instance[]) => candidates.find(({ id }) => id === b.id));
  expect(pick([a, b, c], chooser)).toBe(b);
  expect(chooser).toHaveBeenCalledWith([a, b, c], expect.objectContaining({ orAny: false }));
  expect(pick([a, c], chooser)).toBeUndefined();
});

test.each(['nearest-ish', '', null, 5, {}, 'constructor'])('%j is no strategy', (strategy) => {
  for (const candidates of [[], [a]]) {
    expect(() => pick(candidates, strategy as Strategy)).toThrow(
      expect.objectContaining({
        code: 'ROLLCALL_INVALID',
        details: { problems: [expect.objectContaining({ path: 'strategy' })] },
      }),
    );
  }
});
