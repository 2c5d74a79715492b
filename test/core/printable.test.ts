/** Text from an entry, made fit for a terminal. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printable, printableJson } from '../../src/core/printable.js';

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => String.fromCodePoint(from + index));

const classes: [string, string[]][] = [
  ['C0', range(0x00, 0x1f)],
  ['DEL', ['\u007f']],
  ['C1', range(0x80, 0x9f)],
  ['soft hyphen', ['\u00ad']],
  ['bidi marks', ['\u061c', '\u200e', '\u200f']],
  ['bidi embeddings and overrides', range(0x202a, 0x202e)],
  ['bidi isolates', range(0x2066, 0x2069)],
  ['zero-width', ['\u200b', '\u200c', '\u200d', '\u2060', '\ufeff', '\u180e']],
  ['line and paragraph separators', ['\u2028', '\u2029', '\u0085']],
  ['invisible operators', range(0x2061, 0x2064)],
  ['blank fillers', ['\u115f', '\u1160', '\u3164', '\uffa0']],
  ['variation selectors', [...range(0xfe00, 0xfe0f), '\u{e0100}', '\u{e01ef}']],
  ['tag characters', range(0xe0000, 0xe007f)],
  ['interlinear annotations', range(0xfff9, 0xfffb)],
  ['marks that are invisible by themselves', ['\u034f', '\u180b', '\u180f', '\u{1bca0}', '\u{1d173}']],
  ['lone surrogates', ['\ud800', '\udfff']],
];

test.each(classes)('%s is written out', (_, characters) => {
  for (const character of characters) {
    const escaped = `\\u{${character.codePointAt(0)?.toString(16)}}`;
    expect(printable(`a${character}b`)).toBe(`a${escaped}b`);
  }
});

test.each(['', 'plain ASCII ~!', 'Grüße, 世界', 'عربي', 'עברית', '👍', '€', 'a\u0301', '\\u{1b}'])(
  '%j is left alone',
  (text) => {
    expect(printable(text)).toBe(text);
  },
);

test('no escape sequence is left of a hostile text', () => {
  const text = '\u001b]0;title\u0007\u001b[2J\u009b31m\r\nok\u202efdp.exe';
  expect(printable(text)).toBe('\\u{1b}]0;title\\u{7}\\u{1b}[2J\\u{9b}31m\\u{d}\\u{a}ok\\u{202e}fdp.exe');
});

test('whatever goes in, no control or format character comes out', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(printable(text)).not.toMatch(/[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u);
    }),
    { numRuns: 500 },
  );
});

describe('JSON', () => {
  test('has the same characters as JSON escapes, and is equal when parsed', () => {
    const text = classes.flatMap(([, characters]) => characters).join('');
    const value = { [text]: [text, '👍', 'é'] };
    const json = printableJson(value);
    expect(JSON.parse(json)).toEqual(value);
    expect(printable(json)).toBe(json);
    expect(json).toContain('👍');
  });

  test('may be indented', () => {
    expect(printableJson({ a: ['\u001b'] }, 2)).toBe('{\n  "a": [\n    "\\u001b"\n  ]\n}');
  });

  test('of anything is equal when parsed and fit for a terminal', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const json = printableJson(value);
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(printable(json)).toBe(json);
      }),
    );
  });
});
