/** Input at a public door. */

import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { deepest, isTooDeep, parse, problemsOf } from '../../src/core/problems.js';

const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });

describe('depth', () => {
  test.each([1, 'x', null, undefined, true, {}, [], () => {}])('%s is not deep', (value) => {
    expect(isTooDeep(value)).toBe(false);
  });

  test('is measured in levels of objects and lists', () => {
    expect(isTooDeep(nested(deepest))).toBe(false);
    expect(isTooDeep(nested(deepest + 1))).toBe(true);
    expect(isTooDeep(JSON.parse('['.repeat(deepest) + ']'.repeat(deepest)))).toBe(false);
    expect(isTooDeep(JSON.parse('['.repeat(deepest + 1) + ']'.repeat(deepest + 1)))).toBe(true);
    expect(isTooDeep(JSON.parse(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`))).toBe(true);
  });

  test('has no end in a value that refers to itself', () => {
    const circle: Record<string, unknown> = {};
    circle.a = circle;
    circle.b = circle;
    expect(isTooDeep(circle)).toBe(true);
  });
});

describe('parsing', () => {
  const schema = z.strictObject({ list: z.array(z.strictObject({ a: z.number() })), name: z.string().optional() });

  test('gives the value', () => {
    expect(parse(schema, { list: [{ a: 1 }] }, 'The input')).toEqual({ list: [{ a: 1 }] });
  });

  test('names every problem by its path', () => {
    const parsing = () => parse(schema, { list: [{ a: 1 }, { a: 'x', b: 1, c: 2 }], name: 5, extra: 1 }, 'The input');
    expect(parsing).toThrow(/^The input is not valid:/);
    try {
      parsing();
      expect.unreachable();
    } catch (error) {
      const { problems } = (error as { details: { problems: { path: string }[] } }).details;
      expect(problems.map(({ path }) => path).sort()).toEqual(['extra', 'list.1.a', 'list.1.b', 'list.1.c', 'name']);
    }
  });

  test('refuses what is too deep or refers to itself before anything else looks at it', () => {
    const circle: Record<string, unknown> = {};
    circle.a = circle;
    for (const value of [circle, nested(5_000)]) {
      expect(() => parse(z.any(), value, 'The input')).toThrow(/nests deeper than 32 levels, or refers to itself/);
    }
  });

  test('writes out control characters of keys', () => {
    const { error } = schema.safeParse({ list: [], 'a\u001b[2J': 1 });
    expect(problemsOf(error as z.ZodError)).toEqual([{ path: 'a\\u{1b}[2J', message: 'is not a known field' }]);
  });
});
