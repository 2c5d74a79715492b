/** What names a registration. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createId, isId, isIdOf, namePattern } from '../../src/core/id.js';

const tail = '01k3v9q2m7c4x8t5b6n0r1s2wz';

test('an id is the name, a dash and 26 characters that can be read aloud', () => {
  expect(createId('weather')).toMatch(/^weather-[0-9a-hjkmnp-tv-z]{26}$/);
});

test('no two ids are alike, and every character of the alphabet comes', () => {
  const ids = new Set(Array.from({ length: 2_000 }, () => createId('a')));
  expect(ids.size).toBe(2_000);
  expect(new Set([...ids].join('').replaceAll('a-', '')).size).toBe(32);
});

test('the id of every valid name is an id, and of that name', () => {
  fc.assert(
    fc.property(fc.stringMatching(namePattern), (name) => {
      const id = createId(name);
      expect(isId(id)).toBe(true);
      expect(isIdOf(name, id)).toBe(true);
      expect(isIdOf(`${name}x`, id)).toBe(false);
    }),
  );
});

describe('a name', () => {
  test.each(['a', 'Weather', 'acme-weather', 'a.b_c-d', '0', 'x'.repeat(64), 'a--b'])('may be %s', (name) => {
    expect(namePattern.test(name)).toBe(true);
  });

  test.each([
    '',
    '-a',
    'a-',
    '.a',
    'a.',
    '_a',
    'a b',
    'a/b',
    'a\\b',
    '..',
    'a\n',
    'é',
    'x'.repeat(65),
    'a:b',
    'a\0b',
    '*',
  ])('may not be %j', (name) => {
    expect(namePattern.test(name)).toBe(false);
  });
});

test.each([
  '',
  'weather',
  tail,
  `-${tail}`,
  `.a-${tail}`,
  `../a-${tail}`,
  `a/b-${tail}`,
  `a\\b-${tail}`,
  `a-${tail}\n`,
  `a-${tail}.json`,
  `a-${tail.slice(1)}`,
  `a-${tail.toUpperCase()}`,
  `${'x'.repeat(65)}-${tail}`,
])('%j is no id', (text) => {
  expect(isId(text)).toBe(false);
});

test('an id belongs to one name only, also where names begin alike', () => {
  expect(isIdOf('a', `a-${tail}`)).toBe(true);
  expect(isIdOf('a', `a-b-${tail}`)).toBe(false);
  expect(isIdOf('a-b', `a-b-${tail}`)).toBe(true);
  expect(isIdOf('', `-${tail}`)).toBe(false);
});
