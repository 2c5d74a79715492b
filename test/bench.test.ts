/** The benchmark: what it makes of its figures, and that the README shows what was measured. */

import { describe, expect, test } from 'vitest';
import { assess, exitCode, type Goal } from './bench/goals.js';
import { type Figures, interleave, median, noiseOf, quantile, ratios, shuffled, type Taken } from './bench/measure.js';
import { inReadme, load, tablesOf } from './bench/results.js';
import { amount, comparison, growthTable, textOf } from './bench/table.js';

describe('figures', () => {
  test('the median and other shares, between two values in proportion', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(quantile([0, 10], 0.25)).toBe(2.5);
    expect(quantile([5], 0.99)).toBe(5);
    expect(quantile([], 0.5)).toBeNaN();
    // 10 is greater than 9, though not as a text.
    expect(median([9, 10, 100])).toBe(10);
  });

  test('a ratio is one to the limit of the same round', () => {
    // The machine became ten times slower, and the ratio stayed.
    expect(ratios([2, 20, 200], [1, 10, 100])).toEqual({ low: 2, middle: 2, high: 2 });
    expect(ratios([1, 2, 3, 4, 5], [1, 1, 1, 1, 1])).toEqual({ low: 2, middle: 3, high: 4 });
  });

  test('too noisy is what the others use, and what leaves the limit or the ratio uncertain', () => {
    const quiet = { busy: 0, limit: [10, 10, 11], ratio: { low: 2, middle: 2, high: 2.1 }, atMost: 2 };
    expect(noiseOf(quiet)).toBeUndefined();
    expect(noiseOf({ ...quiet, busy: 1 })).toBe('others used 1.0 cores');
    expect(noiseOf({ ...quiet, limit: [10, 20, 40] })).toBe('the limit itself is uncertain by 40 %');
    expect(noiseOf({ ...quiet, ratio: { low: 1, middle: 2, high: 3 } })).toBe('the ratio is uncertain by 54 %');
    // Also when it is that uncertain, it is above 0.5 and below 4.
    expect(noiseOf({ ...quiet, ratio: { low: 1, middle: 2, high: 3 }, atMost: 0.5 })).toBeUndefined();
    expect(noiseOf({ ...quiet, ratio: { low: 1, middle: 2, high: 3 }, atMost: 4 })).toBeUndefined();
    // More rounds leave less to chance.
    expect(noiseOf({ ...quiet, limit: Array.from({ length: 60 }, (_, n) => 10 + (n % 3) * 5) })).toBeUndefined();
    expect(noiseOf({ busy: 0, limit: [10, 10, 11] })).toBeUndefined();
  });

  test('every contender runs once a round, and no two at the same time unless they may', async () => {
    const order: string[] = [];
    let [running, most] = [0, 0];
    const runner = (name: string) => ({
      name,
      async run(round: number) {
        order.push(name);
        most = Math.max(most, ++running);
        await Promise.resolve();
        running--;
        return { ms: round };
      },
    });
    const runners = ['limit', 'rollcall', 'other'].map(runner);
    const { figures, busy } = await interleave(runners, { rounds: 3, warmUp: 1 });
    expect([...figures.keys()]).toEqual(['limit', 'rollcall', 'other']);
    expect(figures.get('other')).toEqual([{ ms: 0 }, { ms: 1 }, { ms: 2 }]);
    expect(busy).toBeGreaterThanOrEqual(0);
    expect(most).toBe(1);
    for (let round = 0; round < 4; round++) {
      expect(order.slice(round * 3, round * 3 + 3).sort()).toEqual(['limit', 'other', 'rollcall']);
    }
    await interleave(runners, { rounds: 1, warmUp: 0, isTogether: true });
    expect(most).toBe(3);
  });

  test('the order is drawn', () => {
    const draws = [0.5, 0.1, 0.9];
    expect(shuffled(['a', 'b', 'c'], () => draws.shift() ?? 0)).toEqual(['b', 'a', 'c']);
  });
});

/** A scene of three rounds: the limit takes 1 ms, and rollcall what is given. */
function scene(own: number[], goals: Goal[], more: object = {}) {
  const figures: Figures = new Map<string, Taken[]>([
    ['limit', own.map(() => ({ ms: [1, 1, 1] }))],
    ['rollcall', own.map((ms) => ({ ms }))],
    ['by hand', own.map((ms) => ({ ms: ms * 10 }))],
  ]);
  const result = assess({ what: 'work', goals, ...more }, {
    entries: 100,
    processes: 10,
    rounds: 3,
    figures,
    busy: 0,
  } as Parameters<typeof assess>[1]);
  if (result === undefined) throw new Error('There is nothing to assess');
  return result;
}

describe('goals', () => {
  test('are met, missed, or not to be told', () => {
    const verdicts = (own: number[], goal: Goal) => scene(own, [goal]).outcomes.map(({ verdict }) => verdict);
    expect(verdicts([2, 2, 2], { of: 'ratio', atMost: 2 })).toEqual(['met']);
    expect(verdicts([3, 3, 3], { of: 'ratio', atMost: 2 })).toEqual(['missed']);
    expect(verdicts([1, 2, 9], { of: 'ratio', atMost: 2 })).toEqual(['noisy']);
    expect(verdicts([1, 2, 9], { of: 'max', atMost: 8 })).toEqual(['missed']);
    expect(verdicts([2, 2, 2], { of: 'ratio', to: 'by hand', atMost: 0.1 })).toEqual(['met']);
    expect(verdicts([2, 2, 2], { of: 'ratio', atMost: 2, at: [1_000] })).toEqual([]);
  });

  test('a measure that this system cannot tell is left out, and what a bare process takes is subtracted', () => {
    expect(
      assess({ what: 'work', measure: 'watches', goals: [] }, { ...scene([1], []), figures: new Map(), busy: 0 }),
    ).toBe(undefined);
    const { standings } = scene([5, 5, 5], [], { above: 'limit' });
    expect(standings.map(({ name, median }) => [name, median])).toEqual([
      ['rollcall', 4],
      ['by hand', 49],
    ]);
  });

  test('the exit code says the worst that is certain', () => {
    const met = scene([2, 2, 2], [{ of: 'ratio', atMost: 2 }]);
    const missed = scene([3, 3, 3], [{ of: 'ratio', atMost: 2 }]);
    const noisy = scene([1, 2, 9], [{ of: 'ratio', atMost: 2 }]);
    expect(exitCode([met])).toBe(0);
    expect(exitCode([met, noisy])).toBe(3);
    expect(exitCode([met, noisy, missed])).toBe(1);
  });
});

describe('tables', () => {
  test('amounts are given in the unit that suits them', () => {
    expect(amount(0.0341, 'ms')).toBe('34 µs');
    expect(amount(0.341, 'ms')).toBe('0.34 ms');
    expect(amount(337.4, 'ms')).toBe('337 ms');
    expect(amount(31_000, 'ms')).toBe('31 s');
    expect(amount(1.25, 'MB')).toBe('1.3 MB');
    expect(amount(10_001, '')).toBe('10,000');
    expect(amount(Number.NaN, 'ms')).toBe('– ms');
  });

  test('a result, as the terminal shows it', () => {
    const result = scene([2, 2, 2], [{ of: 'ratio', atMost: 1.25 }]);
    expect(textOf(result)).toBe(
      [
        'work: 100 entries of 10 processes, 3 rounds',
        '  limit         1 ms',
        '  rollcall      2 ms       2 × (2 to 2)',
        '  by hand      20 ms      20 × (20 to 20)',
        '  goal ≤ 1.25 ×: 2 ×, MISSED',
      ].join('\n'),
    );
  });

  test('each at the usual number of entries, or as many as were measured, as the README shows it', () => {
    const goals: Goal[] = [{ of: 'ratio', atMost: 3 }];
    const at = (entries: number, what: string, ms = 2) => ({ ...scene([ms, ms, ms], goals), entries, what });
    const plain = { ...scene([2, 2, 2], []), what: 'without a goal, and few' };
    expect(comparison([at(100, 'a', 9), at(1_000, 'a'), at(50, 'b'), plain]).split('\n')).toEqual([
      '| at 1,000 entries | the limit | rollcall | what people use today |',
      '| --- | --- | --- | --- |',
      '| a | limit: 1 ms | 2 ms, 2 × | by hand: 20 × |',
      '| b (50 entries) | limit: 1 ms | 2 ms, 2 × | by hand: 20 × |',
    ]);
  });

  test('how it grows, as the README shows it', () => {
    const of = (entries: number, ms: number) => ({ ...scene([ms, ms, ms], []), entries });
    const alone = { ...of(1_000, 5), what: 'at one size only' };
    expect(growthTable([of(10, 1), of(100, 2), of(1_000, 20), alone]).split('\n')).toEqual([
      '| rollcall, by entries | 10 | 100 | 1,000 | ten times as many takes |',
      '| --- | --- | --- | --- | --- |',
      '| work | 1 ms, 1 × | 2 ms, 2 × | 20 ms, 20 × | 10 × |',
    ]);
  });
});

test('the tables of the README are those of test/bench/results.json', () => {
  const results = load();
  expect(Object.keys(results).length).toBeGreaterThan(0);
  expect(inReadme()).toBe(tablesOf(results));
});
