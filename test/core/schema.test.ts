/** What is refused at the door, each problem by its path, and what an entry must be. */

import { describe, expect, test } from 'vitest';
import { encode } from '../../src/core/codec.js';
import { problemsOf } from '../../src/core/problems.js';
import { entrySchema, jsonSchema, patchSchema, registrationSchema } from '../../src/core/schema.js';
import { Secret } from '../../src/core/secret.js';
import { makeInstance } from '../support/make-instance.js';

const http = { type: 'http', url: 'http://127.0.0.1:8080/' };
const valid = { name: 'weather', endpoints: [http] };
const endpoint = (given: object) => ({ ...valid, endpoints: [{ ...http, ...given }] });
const header = (given: object) => endpoint({ headers: [{ name: 'X-A', value: 'b', ...given }] });

/** The paths of what `schema` finds wrong, in order and each once. */
function paths(schema: typeof registrationSchema | typeof patchSchema | typeof entrySchema, value: unknown): string[] {
  const result = schema.safeParse(value);
  return result.success ? [] : [...new Set(problemsOf(result.error).map(({ path }) => path))].sort();
}

describe('a registration', () => {
  test.each<[string, object]>([
    ['the least there can be', valid],
    [
      'all there can be',
      {
        name: 'acme.weather_2-b',
        title: 'Weather ☀',
        version: '2.1.0',
        description: '',
        kind: 'mcp',
        endpoints: [
          {
            type: 'streamable-http',
            url: 'https://localhost:8443/mcp?x=1#y',
            headers: [{ name: 'Authorization', value: 'Bearer x', isSecret: true }],
            supportedProtocolVersions: ['2026-07-28'],
          },
          { type: 'stdio' },
          { type: 'unix', socketPath: '/run/x.sock' },
          { type: 'ws', url: 'ws://[::1]:1/' },
          { type: 'tcp', url: 'tcp://127.0.0.1:65535' },
          { type: 'unix', url: 'unix:/run/x.sock' },
        ],
        capabilities: ['weather.current'],
        tags: ['gpu'],
        metadata: { deep: [{ a: null, b: 1.5, c: true, d: 'x' }] },
        mcp: { capabilities: {} },
        health: { url: '/health' },
        status: 'draining',
        cwd: '/home/me',
        ttl: 60_000,
      },
    ],
    ['no endpoint while it is starting', { name: 'weather', status: 'starting' }],
    ['fields that are undefined', { ...valid, title: undefined, ttl: undefined }],
    ['the shortest ttl', { ...valid, ttl: 1_000 }],
    ['the longest ttl', { ...valid, ttl: 86_400_000 }],
    ['a header that is a Secret', header({ value: new Secret('x') })],
    ['a header with a tab', header({ value: 'a\tb' })],
    ['a default port written out', endpoint({ url: 'http://localhost:80/' })],
  ])('may have %s', (_, input) => {
    expect(paths(registrationSchema, input)).toEqual([]);
  });

  test.each<[string, unknown, string[]]>([
    ['nothing', {}, ['endpoints', 'name']],
    ['no object', 'weather', ['']],
    ['null', null, ['']],
    ['a list', [], ['']],
    ['an empty name', { ...valid, name: '' }, ['name']],
    ['a name that is no file name', { ...valid, name: '../x' }, ['name']],
    ['a name that is too long', { ...valid, name: 'x'.repeat(65) }, ['name']],
    ['a number as name', { ...valid, name: 5 }, ['name']],
    ['an unknown field', { ...valid, nmae: 'x' }, ['nmae']],
    ['an id of its own', { ...valid, id: 'x' }, ['id']],
    ['a process of its own', { ...valid, process: { pid: 1 } }, ['process']],
    ['no endpoint', { name: 'weather' }, ['endpoints']],
    ['an empty list of endpoints', { name: 'weather', endpoints: [] }, ['endpoints']],
    ['no endpoint while draining', { name: 'weather', status: 'draining' }, ['endpoints']],
    ['an unknown status', { ...valid, status: 'up' }, ['status']],
    ['a ttl below a second', { ...valid, ttl: 999 }, ['ttl']],
    ['a ttl above a day', { ...valid, ttl: 86_400_001 }, ['ttl']],
    ['a broken ttl', { ...valid, ttl: 1_000.5 }, ['ttl']],
    ['an endless ttl', { ...valid, ttl: Number.POSITIVE_INFINITY }, ['ttl']],
    ['an empty kind', { ...valid, kind: '' }, ['kind']],
    ['an empty cwd', { ...valid, cwd: '' }, ['cwd']],
    ['an empty tag', { ...valid, tags: ['a', ''] }, ['tags.1']],
    ['a capability that is too long', { ...valid, capabilities: ['x'.repeat(257)] }, ['capabilities.0']],
    ['too many tags', { ...valid, tags: Array(1_001).fill('a') }, ['tags']],
    ['too many endpoints', { ...valid, endpoints: Array(65).fill(http) }, ['endpoints']],
    ['metadata that is no object', { ...valid, metadata: [1] }, ['metadata']],
    ['a function among the metadata', { ...valid, metadata: { a: () => {} } }, ['metadata.a']],
    ['an endless number among the metadata', { ...valid, metadata: { a: Number.NaN } }, ['metadata.a']],
    ['an endpoint without a type', { ...valid, endpoints: [{ url: http.url }] }, ['endpoints.0.type']],
    ['an endpoint without an address', { ...valid, endpoints: [http, { type: 'http' }] }, ['endpoints.1.url']],
    ['an unknown field of an endpoint', endpoint({ uri: 'x' }), ['endpoints.0.uri']],
    ['an empty socket path', endpoint({ socketPath: '' }), ['endpoints.0.socketPath']],
    ['a header without a name', header({ name: '' }), ['endpoints.0.headers.0.name']],
    ['a header name with a colon', header({ name: 'A:' }), ['endpoints.0.headers.0.name']],
    ['a header name with a line break', header({ name: 'A\n' }), ['endpoints.0.headers.0.name']],
    ['a header with a line break', header({ value: 'a\r\nEvil: 1' }), ['endpoints.0.headers.0.value']],
    ['a header with a NUL', header({ value: 'a\0' }), ['endpoints.0.headers.0.value']],
    ['a secret header with a line break', header({ value: new Secret('a\nb') }), ['endpoints.0.headers.0.value']],
    ['a number as header', header({ value: 5 }), ['endpoints.0.headers.0.value']],
    ['an unknown field of a header', header({ secret: true }), ['endpoints.0.headers.0.secret']],
    [
      'several problems',
      { ...endpoint({ url: 'x' }), name: '', ttl: 1, x: 1 },
      ['endpoints.0.url', 'name', 'ttl', 'x'],
    ],
  ])('may not have %s', (_, input, expected) => {
    expect(paths(registrationSchema, input)).toEqual(expected);
  });

  test('gets defaults for what it does not say', () => {
    expect(registrationSchema.parse(valid)).toEqual({
      ...valid,
      capabilities: [],
      tags: [],
      metadata: {},
      status: 'ready',
    });
  });
});

describe('the URL of an endpoint', () => {
  test.each([
    ['no URL', 'not a url', 'absolute URL'],
    ['a path', '/mcp', 'absolute URL'],
    ['a relative one', '//localhost/x', 'absolute URL'],
    ['an empty one', '', 'absolute URL'],
    ['a user name', 'http://me@localhost:1/', 'user name or password'],
    ['a password', 'http://me:secret@localhost:1/', 'user name or password'],
    ['a host hidden behind a user name', 'http://localhost:1@evil.example/', 'user name or password'],
    ['javascript', 'javascript:alert(1)', 'must name a host'],
    ['data', 'data:text/html,x', 'must name a host'],
    ['a file', 'file:///etc/passwd', 'must name a host'],
    ['mailto', 'mailto:a@b.example', 'must name a host'],
    ['a host name taken for a scheme', 'localhost:8080', 'must name a host'],
    ['port 0', 'http://127.0.0.1:0/', 'port 0'],
    ['port 0 of another scheme', 'tcp://127.0.0.1:0', 'port 0'],
    ['a port that is too high', 'http://127.0.0.1:65536/', 'absolute URL'],
    ['a Unix socket without a path', 'unix:x', 'absolute path'],
  ])('may not be %s', (_, url, why) => {
    const result = registrationSchema.safeParse(endpoint({ url }));
    const problems = result.success ? [] : problemsOf(result.error);
    expect(problems).toMatchObject([{ path: 'endpoints.0.url', message: expect.stringContaining(why) }]);
    // A URL may carry a password: what is refused is not repeated.
    expect(problems[0]?.message).not.toContain('secret@');
  });
});

describe('an update', () => {
  test('may change any field but the name and the ttl, or none', () => {
    expect(paths(patchSchema, {})).toEqual([]);
    expect(
      paths(patchSchema, { title: undefined, status: 'ready', endpoints: [http], tags: [], metadata: {} }),
    ).toEqual([]);
    expect(paths(patchSchema, { name: 'x', ttl: 5_000, id: 'x', foo: 1 })).toEqual(['foo', 'id', 'name', 'ttl']);
  });

  test('sets nothing it does not name', () => {
    expect(patchSchema.parse({ title: 'x' })).toEqual({ title: 'x' });
  });
});

describe('an entry', () => {
  const entry = () => JSON.parse(encode(makeInstance()));

  test('keeps unknown fields at every level', () => {
    const known = entry();
    const future = {
      ...known,
      x: [{ y: null }],
      process: { ...known.process, cgroup: 'a' },
      endpoints: [{ ...known.endpoints[0], weight: 1, headers: [{ name: 'A', value: 'b', note: 'c' }] }],
    };
    expect(entrySchema.parse(future)).toEqual(future);
  });

  test('may leave out what has a default', () => {
    const { capabilities, tags, metadata, status, ttl, updatedAt, ...least } = entry();
    expect([capabilities, tags, metadata, status, ttl].length).toBe(5);
    expect(entrySchema.parse(least)).toMatchObject({
      capabilities: [],
      tags: [],
      metadata: {},
      status: 'ready',
      ttl: 45_000,
      updatedAt: least.registeredAt,
    });
    expect(updatedAt).toBeDefined();
  });

  test('need say no more of its process than the pid', () => {
    expect(paths(entrySchema, { ...entry(), process: { pid: 1 } })).toEqual([]);
  });

  test.each<[string, object, string[]]>([
    ['another format', { format: 2 }, ['format']],
    ['an id of another name', { name: 'news' }, ['id']],
    ['an id that is none', { id: 'weather' }, ['id']],
    ['no process', { process: undefined }, ['process']],
    ['pid 0', { process: { pid: 0 } }, ['process.pid']],
    ['a negative pid', { process: { pid: -1 } }, ['process.pid']],
    ['a pid above the highest', { process: { pid: 4_194_305 } }, ['process.pid']],
    ['a pid in words', { process: { pid: '1' } }, ['process.pid']],
    ['no registeredAt', { registeredAt: undefined }, ['registeredAt']],
    ['a registeredAt in words', { registeredAt: 'yesterday' }, ['registeredAt']],
    ['no endpoint', { endpoints: [] }, ['endpoints']],
    ['a URL with a password', { endpoints: [{ type: 'http', url: 'http://a:b@c/' }] }, ['endpoints.0.url']],
    ['a ttl of 0', { ttl: 0 }, ['ttl']],
  ])('is refused with %s', (_, given, expected) => {
    expect(paths(entrySchema, { ...entry(), ...given })).toEqual(expected);
  });

  test.each([1, 4_194_304])('may be of pid %i', (pid) => {
    expect(paths(entrySchema, { ...entry(), process: { pid } })).toEqual([]);
  });
});

test('the JSON Schema for other languages names what an entry must have, and lets unknown fields be', () => {
  const schema = jsonSchema() as {
    required: string[];
    properties: Record<string, object>;
    additionalProperties: unknown;
  };
  expect([...schema.required].sort()).toEqual(['endpoints', 'format', 'id', 'name', 'process', 'registeredAt']);
  expect(schema.properties.format).toMatchObject({ const: 1 });
  expect(schema.additionalProperties).not.toBe(false);
  expect(JSON.stringify(schema)).not.toContain('custom');
});
