/** What is plainly right: the schemas say so too, and it comes out the same. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createId } from '../../src/core/id.js';
import { plainEntry, plainInput, plainPatch } from '../../src/core/plain.js';
import { entrySchema, patchSchema, registrationSchema } from '../../src/core/schema.js';
import { Secret } from '../../src/core/secret.js';
import { makeInstance } from '../support/make-instance.js';

type Fields = Record<string, unknown>;

const endpoint = {
  type: 'streamable-http',
  url: 'http://127.0.0.1:7778/mcp',
  headers: [{ name: 'Authorization', value: 'Bearer x', isSecret: true }],
  supportedProtocolVersions: ['2026-07-28'],
};
const given = {
  name: 'weather',
  title: 'Weather',
  version: '2.1.0',
  description: 'x',
  kind: 'mcp',
  endpoints: [endpoint, { type: 'unix', socketPath: '/run/x.sock' }, { type: 'stdio' }],
  capabilities: ['weather.current'],
  tags: ['gpu'],
  metadata: { region: 'us-west-2', list: [1, { a: null }] },
  mcp: { capabilities: {} },
  health: { url: '/health' },
  status: 'ready',
  cwd: '/home/me/project',
  ttl: 45_000,
};
const entry = (): Fields => ({ ...makeInstance(given as never) });

/** Values at the edges of what is right, and well beyond. */
const odd = fc.constantFrom<unknown>(
  ...['', 'x', 'é', 'a b', '-', 'x'.repeat(64), 'x'.repeat(65), 'x'.repeat(256), 'x'.repeat(257), 'weather.', 'ready'],
  ...['starting', 'READY', '\n', '\u0000', '__proto__', 'http://127.0.0.1:65535/', 'http://127.0.0.1:65536/'],
  ...['http://127.0.0.1:0/', 'https://localhost:80', 'http://[::1]:1/a~b', 'javascript:alert(1)', 'unix:/run/x.sock'],
  ...['http://user@localhost/', 'http://example.com/ x', 'file://host/x', 'http://localhost:8080/%20', 'nonsense'],
  ...['2026-02-28T23:59:59.999Z', '2026-02-29T00:00:00.000Z', '2024-02-29T00:00:00.000Z', '2026-04-31T00:00:00.000Z'],
  ...['2026-12-31T24:00:00.000Z', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000+02:00', '0000-01-01T00:00:00.000Z'],
  ...[0, -0, 1, -1, 1.5, 999, 1_000, 86_400_000, 86_400_001, 4_194_304, 4_194_305, 2 ** 53, 1e308, null, true, false],
  ...[[], [''], ['x'], ['x', 1], [[]], {}, { a: 1 }, { __proto__: null }, [null], [{}], [{ type: 'http' }]],
  ...[[{ type: 'stdio' }], [{ type: 'http', url: 'http://127.0.0.1:1/', headers: [{ name: 'a b', value: '' }] }]],
  ...[
    [{ name: 'x', value: 'a\nb' }],
    [{ name: 'x', value: 'y', isSecret: 'yes' }],
    { pid: 1 },
    { pid: 0 },
    [{ name: 'x' }],
  ],
);
const strange = fc.oneof(odd, odd, odd, fc.jsonValue({ maxDepth: 3 }));

/** `value` with one thing in it changed, added or taken away. */
function mutate(value: unknown, path: readonly number[], change: unknown, how: 'set' | 'add' | 'remove'): unknown {
  if (typeof value !== 'object' || value === null || path.length === 0) return how === 'remove' ? undefined : change;
  const copy: unknown[] | Fields = Array.isArray(value) ? [...value] : { ...value };
  const keys = Object.keys(copy);
  const key = keys[(path[0] as number) % Math.max(1, keys.length)];
  const fields = copy as Fields;
  if (key === undefined || (path.length === 1 && how === 'add')) {
    if (Array.isArray(copy)) copy.push(change);
    else fields[typeof change === 'string' ? change : 'unknown'] = change;
  } else if (path.length === 1 && how === 'remove') {
    if (Array.isArray(copy)) copy.splice(Number(key), 1);
    else delete fields[key];
  } else {
    fields[key] = mutate(fields[key], path.slice(1), change, how);
  }
  return copy;
}

const change = fc.record({
  path: fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }),
  value: strange,
  how: fc.constantFrom('set' as const, 'set' as const, 'add' as const, 'remove' as const),
});
const mutated = (base: () => unknown) =>
  fc
    .array(change, { minLength: 0, maxLength: 3 })
    .map((changes) => changes.reduce((value, { path, value: to, how }) => mutate(value, path, to, how), base()));

/** How many of the runs were said yes to: none would prove nothing. */
let yes = 0;

test('whatever passes as an entry passes the schema, and comes out equal', () => {
  yes = 0;
  fc.assert(
    fc.property(mutated(entry), (value) => {
      if (typeof value !== 'object' || value === null) return;
      const text = JSON.stringify(value);
      const plain = plainEntry(JSON.parse(text));
      if (plain === undefined) return;
      yes++;
      expect(entrySchema.parse(JSON.parse(text))).toEqual(plain);
    }),
    { numRuns: 20_000 },
  );
  expect(yes).toBeGreaterThan(2_000);
});

test('whatever passes as an input passes the schema, and comes out equal', () => {
  yes = 0;
  fc.assert(
    fc.property(
      mutated(() => given),
      (value) => {
        const plain = plainInput(value);
        if (plain === undefined) return;
        yes++;
        expect(registrationSchema.parse(value)).toEqual(plain);
      },
    ),
    { numRuns: 20_000 },
  );
  expect(yes).toBeGreaterThan(2_000);
});

test('whatever passes as a patch passes the schema, and comes out equal', () => {
  yes = 0;
  const { name: _, ttl: __, ...fields } = given;
  fc.assert(
    fc.property(
      mutated(() => fields),
      (value) => {
        const plain = plainPatch(value);
        if (plain === undefined) return;
        yes++;
        expect(patchSchema.parse(value)).toEqual(plain);
      },
    ),
    { numRuns: 20_000 },
  );
  expect(yes).toBeGreaterThan(2_000);
});

describe('what there usually is passes', () => {
  test.each<[string, Fields]>([
    ['a complete one', entry()],
    ['with the least that must be there', { ...least(), process: { pid: 4711 } }],
    ['with fields of a newer version', { ...entry(), future: 1, words: 'x', process: { pid: 1, cgroup: 'x' } }],
    ['that only holds a place', { ...entry(), endpoints: [], status: 'starting' }],
  ])('an entry %s', (_, value) => {
    expect(plainEntry(JSON.parse(JSON.stringify(value)))).toBeDefined();
  });

  test.each<[string, Fields]>([
    ['a complete one', given],
    ['a short one', { name: 'weather', endpoints: [{ type: 'http', url: 'http://localhost:80/' }] }],
    ['with fields that are undefined', { ...given, title: undefined, ttl: undefined, cwd: undefined, tags: undefined }],
    ['with a Secret', { ...given, endpoints: [{ ...endpoint, headers: [{ name: 'X', value: new Secret('y') }] }] }],
    ['without a prototype', Object.assign(Object.create(null), given)],
  ])('an input: %s', (_, value) => {
    expect(plainInput(value)).toEqual(registrationSchema.parse(value));
  });
});

test.each<[string, unknown]>([
  ['a getter', Object.defineProperty({ ...given }, 'title', { get: () => 'x', enumerable: true })],
  [
    'a class',
    new (class {
      name = 'weather';
      endpoints = given.endpoints;
    })(),
  ],
  ['an inherited field', Object.assign(Object.create({ title: 5 }), given)],
  ['a hole in a list', { ...given, tags: Object.assign(new Array(2), { 1: 'x' }) }],
  ['a date in the metadata', { ...given, metadata: { at: new Date(0) } }],
  ['a function', { ...given, metadata: { call: () => 1 } }],
  ['undefined in the metadata', { ...given, metadata: { a: undefined } }],
  ['a number that is none', { ...given, metadata: { a: Number.NaN } }],
  ['metadata that is a list', { ...given, metadata: [] }],
  ['a map', { ...given, mcp: new Map() }],
])('an input with %s is plainly right only if the schema agrees', (_, value) => {
  const plain = plainInput(value);
  if (plain !== undefined) expect(registrationSchema.parse(value)).toEqual(plain);
});

test('a copy is made of a patch, and a Secret in it stays what it is', () => {
  const secret = new Secret('canary');
  const patch = { metadata: { a: [1] }, endpoints: [{ ...endpoint, headers: [{ name: 'X', value: secret }] }] };
  const copy = plainPatch(patch);
  expect(copy).toEqual(patch);
  patch.metadata.a.push(2);
  expect(copy?.metadata).toEqual({ a: [1] });
  expect(copy?.endpoints?.[0]?.headers?.[0]?.value).toBe(secret);
});

function least(): Fields {
  const { format, name, endpoints, registeredAt } = entry();
  return { format, id: createId('weather'), name, endpoints, registeredAt };
}
