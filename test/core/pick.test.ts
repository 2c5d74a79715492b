/** One out of many. */

import { describe, expect, test, vi } from 'vitest';
import { byAge } from '../../src/core/age.js';
import type { Instance } from '../../src/core/instance.js';
import { choose, type Strategy, type Turns } from '../../src/core/pick.js';
import { makeInstance } from '../support/make-instance.js';

const at = (second: number) => `2026-01-01T00:00:0${second}.000Z`;
const [a, b, c, d] = [1, 2, 3, 4].map((second) => makeInstance({ registeredAt: at(second) })) as [
  Instance,
  Instance,
  Instance,
  Instance,
];
const pick = (candidates: readonly Instance[], strategy: Strategy, turns: Turns = new Map(), key = 'q') =>
  choose(candidates, strategy, turns, key);

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

test.each<Strategy>(['newest', 'oldest', 'random', 'round-robin', () => a])(
  'out of none, %s picks none',
  (strategy) => {
    expect(pick([], strategy)).toBeUndefined();
  },
);

test('random picks each of them now and then', () => {
  const random = vi.spyOn(Math, 'random');
  try {
    for (const [value, expected] of [
      [0, a],
      [0.34, b],
      [0.999_999, c],
    ] as const) {
      random.mockReturnValueOnce(value);
      expect(pick([a, b, c], 'random')).toBe(expected);
    }
  } finally {
    random.mockRestore();
  }
});

describe('round-robin', () => {
  test('goes round', () => {
    const turns: Turns = new Map();
    const picked = Array.from({ length: 5 }, () => pick([a, b, c], 'round-robin', turns));
    expect(picked).toEqual([a, b, c, a, b]);
  });

  test('goes on with the next when the last picked is gone, and skips nobody when others come and go', () => {
    const turns: Turns = new Map();
    const turn = (...candidates: Instance[]) => pick(candidates, 'round-robin', turns);
    expect(turn(a, b, c)).toBe(a);
    expect(turn(a, b, c)).toBe(b);
    expect(turn(a, c, d)).toBe(c);
    expect(turn(a, b, c)).toBe(a);
    expect(turn(b, c)).toBe(b);
    expect(turn(a, b, c, d)).toBe(c);
    expect(turn(a, b)).toBe(a);
  });

  test('keeps a turn for each query', () => {
    const turns: Turns = new Map();
    expect(pick([a, b], 'round-robin', turns, 'x')).toBe(a);
    expect(pick([a, b], 'round-robin', turns, 'y')).toBe(a);
    expect(pick([a, b], 'round-robin', turns, 'x')).toBe(b);
  });

  test('tells those apart that registered in the same moment', () => {
    const twins = ['x', 'y', 'z'].map((id) => ({ ...a, id }));
    const turns: Turns = new Map();
    expect(Array.from({ length: 4 }, () => pick(twins, 'round-robin', turns)?.id)).toEqual(['x', 'y', 'z', 'x']);
  });

  test('remembers a thousand queries, and forgets the one used longest ago', () => {
    const turns: Turns = new Map();
    for (let query = 0; query < 1_000; query++) pick([a, b], 'round-robin', turns, `${query}`);
    pick([a, b], 'round-robin', turns, '0');
    pick([a, b], 'round-robin', turns, 'one more');
    expect(turns.size).toBe(1_000);
    expect(turns.has('0')).toBe(true);
    expect(turns.has('1')).toBe(false);
  });
});

test('a function is given the candidates and may say no', () => {
  const chooser = vi.fn((candidates: readonly Instance[]) => candidates.find(({ id }) => id === b.id));
  expect(pick([a, b, c], chooser)).toBe(b);
  expect(chooser).toHaveBeenCalledWith([a, b, c]);
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
