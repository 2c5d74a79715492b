/** An instance as text, and back. */

import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encode, LARGEST_ENTRY } from '../../src/core/codec.js';
import { decode } from '../../src/core/decode.js';
import { createId, namePattern } from '../../src/core/id.js';
import type { Instance } from '../../src/core/instance.js';
import { isSecret, Secret } from '../../src/core/secret.js';
import { makeInstance } from '../support/make-instance.js';

/** An entry as text, with fields changed. */
function text(given: Record<string, unknown> = {}) {
  const entry = { ...JSON.parse(encode(makeInstance())), ...given };
  return { id: entry.id as string, body: JSON.stringify(entry) };
}
const reason = (id: string, body: string) => decode(id, body).illegible;

const instances: fc.Arbitrary<Instance> = fc
  .record({
    name: fc.stringMatching(namePattern),
    title: fc.string({ unit: 'binary' }),
    metadata: fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' }),
    ),
    tags: fc.array(fc.string({ minLength: 1, maxLength: 256 }), { maxLength: 5 }),
    status: fc.constantFrom('starting', 'ready', 'draining', 'stopping'),
    ttl: fc.integer({ min: 1_000, max: 86_400_000 }),
    pid: fc.integer({ min: 1, max: 4_194_304 }),
    future: fc.jsonValue({ maxDepth: 3 }),
  })
  .map(({ pid, ...given }) => makeInstance({ ...given, process: { pid } } as never));

describe('round trip', () => {
  test('what was encoded is decoded as it was', () => {
    fc.assert(
      fc.property(instances, (instance) => {
        // No reader takes a key of this name from anyone.
        fc.pre(!JSON.stringify(instance).includes('"__proto__"'));
        const { instance: back, illegible } = decode(instance.id, encode(instance));
        expect(illegible).toBeUndefined();
        // As JSON has it: it knows no -0.
        expect(back).toEqual(JSON.parse(JSON.stringify(instance)));
        expect(encode(back as Instance)).toBe(
          encode(decode(instance.id, encode(back as Instance)).instance as Instance),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('an entry is one line of JSON', () => {
    fc.assert(
      fc.property(instances, (instance) => {
        expect(encode(instance)).toMatch(/^\{[^\n]*\}\n$/);
      }),
    );
  });

  test('unknown fields come back out at every level', () => {
    const { id, body } = text({
      future: [{ a: null }],
      process: { pid: 5, cgroup: 'x' },
      endpoints: [{ type: 'stdio', weight: 3, headers: [{ name: 'A', value: 'b', isSecret: true, note: 'c' }] }],
    });
    expect(JSON.parse(encode(decode(id, body).instance as Instance))).toEqual(JSON.parse(body));
  });
});

describe('what cannot be read', () => {
  const id = createId('weather');

  test.each([
    ['an empty text', '', 'is empty'],
    ['blanks', ' \n', 'is not JSON'],
    ['words', 'hello', 'is not JSON'],
    ['half an entry', '{"format":1,', 'is not JSON'],
    ['two entries', '{}{}', 'is not JSON'],
    ['NUL bytes', '\0\0\0', 'is not JSON'],
    ['null', 'null', 'is not a JSON object'],
    ['a number', '5', 'is not a JSON object'],
    ['a list', '[{}]', 'is not a JSON object'],
    ['no format', '{}', 'has no valid format'],
    ['format 0', '{"format":0}', 'has no valid format'],
    ['a format in words', '{"format":"1"}', 'has no valid format'],
    ['a broken format', '{"format":1.5}', 'has no valid format'],
    ['no id', '{"format":1}', 'says another id than its file name'],
    ['another id', '{"format":1,"id":"x"}', 'says another id than its file name'],
    [
      'too deep nesting',
      `{"format":1,"id":"${id}","a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`,
      'nests deeper than 32 levels',
    ],
    ['no fields', `{"format":1,"id":"${id}"}`, /^name: .*\(and \d more\)$/],
  ])('is said to be so: %s', (_, body, expected) => {
    const decoded = decode(id, body);
    expect(decoded.instance).toBeUndefined();
    expect(decoded).toMatchObject({ isNewer: false });
    if (typeof expected === 'string') expect(decoded.illegible).toBe(expected);
    else expect(decoded.illegible).toMatch(expected);
  });

  test('a newer format is said to be newer, whatever else is in it', () => {
    for (const body of ['{"format":2}', '{"format":99,"id":5,"name":null}']) {
      expect(decode(id, body)).toMatchObject({ isNewer: true, illegible: expect.stringContaining('update rollcall') });
    }
  });

  test('never throws, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.json(),
          instances.map((instance) => encode(instance).slice(0, -3)),
        ),
        (body) => {
          expect(() => decode(id, body)).not.toThrow();
        },
      ),
      { numRuns: 500 },
    );
  });

  test('never throws on an entry in which one value was replaced by another', () => {
    const paths = [
      'name',
      'title',
      'endpoints',
      'capabilities',
      'metadata',
      'status',
      'process',
      'registeredAt',
      'ttl',
      'mcp',
      'cwd',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue(), (field, value) => {
        const { id: own, body } = text({ [field]: value });
        expect(() => decode(own, body)).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });

  test('is told without quoting it: it may be a token', () => {
    const canary = 'canary-5f3a';
    const bodies = [
      `"${canary}`,
      canary,
      `{"a":"${canary}"`,
      text({ endpoints: [{ type: 'http', url: `http://me:${canary}@localhost/` }] }).body,
      text({ endpoints: [{ type: 'stdio', headers: [{ name: 'A', value: `${canary}\n`, isSecret: true }] }] }).body,
      text({ endpoints: [{ type: 'stdio', headers: [{ name: `${canary}:`, value: 'x' }] }] }).body,
      text({ status: canary }).body,
      text({ ttl: canary }).body,
      text({ registeredAt: canary }).body,
    ];
    for (const body of bodies) {
      const own = /"id":"([^"]*)"/.exec(body)?.[1] ?? id;
      const decoded = decode(own, body);
      expect(decoded.illegible, body).toBeDefined();
      expect(decoded.illegible).not.toContain('canary');
    }
  });

  test('is told in printable characters', () => {
    const { id: own, body } = text({ metadata: 5, mcp: { '\u001b[2J': [Number.NaN] } });
    expect(reason(own, body)).toMatch(/^[\x20-\x7e]*$/);
    const hostile = makeInstance();
    expect(reason(hostile.id, JSON.stringify({ ...hostile, endpoints: { '\u202e': 1 } }))).toMatch(/^[\x20-\x7e]*$/);
  });
});

describe('keys that would pollute', () => {
  test('change no prototype, neither of the result nor of all objects', () => {
    const plain = text().body.slice(0, -1);
    const own = JSON.parse(text().body);
    for (const at of ['', 'metadata', 'mcp', 'process']) {
      const evil = '"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}';
      const inner = at === 'process' ? '"pid":5,' : '';
      const body = at === '' ? `${plain},${evil}}` : `${plain},"${at}":{${inner}${evil}}}`;
      const { id } = JSON.parse(body);
      const { instance } = decode(id, body);
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
      const target = (at === '' ? instance : instance?.[at as 'metadata']) as Record<string, unknown> | undefined;
      expect(target, `an entry with it at "${at}" is legible`).toBeDefined();
      expect(target?.polluted).toBeUndefined();
      expect(Object.getPrototypeOf(target)).toBe(Object.prototype);
    }
    expect(own).toBeDefined();
  });
});

describe('secrets', () => {
  const headers = [
    { name: 'Authorization', value: 'Bearer canary', isSecret: true },
    { name: 'X-Plain', value: 'plain', isSecret: false },
    { name: 'X-Unmarked', value: 'unmarked' },
  ];
  const { id, body } = text({ endpoints: [{ type: 'stdio', headers }] });

  test('are wrapped if they are marked, and written out again', () => {
    const { instance } = decode(id, body);
    const values = instance?.endpoints[0]?.headers?.map(({ value }) => value);
    expect(values?.[0]).toBeInstanceOf(Secret);
    expect(isSecret(values?.[0]) && values[0].reveal()).toBe('Bearer canary');
    expect(values?.slice(1)).toEqual(['plain', 'unmarked']);
    expect(JSON.parse(encode(instance as Instance)).endpoints[0].headers).toEqual(headers);
  });

  test('show themselves in no JSON and no inspection of the instance', () => {
    const { instance } = decode(id, body);
    expect(JSON.stringify(instance)).not.toContain('canary');
    expect(inspect(instance, { depth: null, showHidden: true, getters: true })).not.toContain('canary');
    expect(JSON.stringify(instance)).toContain('[secret]');
  });

  test('given as a Secret are marked in the text, so that every reader hides them', () => {
    const instance = makeInstance({
      endpoints: [{ type: 'stdio', headers: [{ name: 'A', value: new Secret('canary') }] }],
    });
    const written = encode(instance);
    expect(JSON.parse(written).endpoints[0].headers).toEqual([{ name: 'A', value: 'canary', isSecret: true }]);
    expect(JSON.stringify(decode(instance.id, written).instance)).not.toContain('canary');
  });
});

test('an instance is frozen at every level, since many hold it', () => {
  const { id, body } = text({ metadata: { a: { b: [1] } } });
  const instance = decode(id, body).instance as Instance;
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    expect(Object.isFrozen(value)).toBe(true);
    for (const child of Object.values(value)) walk(child);
  };
  walk(instance);
  expect(() => {
    (instance.metadata as { a: unknown }).a = 1;
  }).toThrow(TypeError);
});

test('an entry may be 64 KiB', () => {
  expect(LARGEST_ENTRY).toBe(65_536);
});
