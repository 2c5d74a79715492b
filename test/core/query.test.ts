/** Which instances are asked for. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileQuery, isLike, isMatch, parseQuery, type Query } from '../../src/core/query.js';
import { makeInstance } from '../support/make-instance.js';

const instance = makeInstance({
  id: 'weather-01k3v9q2m7c4x8t5b6n0r1s2wz',
  kind: 'mcp',
  capabilities: ['weather.current', 'weather.forecast'],
  tags: ['gpu', 'eu-west'],
  status: 'draining',
  cwd: '/home/me/project',
  metadata: { priority: 9 },
});
const bare = makeInstance({ name: 'bare' });

async function matches(query: Query, candidate = instance): Promise<boolean> {
  return isMatch(candidate, await compileQuery(parseQuery(query)));
}

test.each<[Query, boolean]>([
  [{}, true],
  [{ id: 'weather-01k3v9q2m7c4x8t5b6n0r1s2wz' }, true],
  [{ id: 'weather-01k3v9q2m7c4x8t5b6n0r1s2w' }, false],
  [{ id: 'weather-*' }, false],
  [{ name: 'weather' }, true],
  [{ name: 'Weather' }, false],
  [{ name: 'weath' }, false],
  [{ name: 'wea*' }, true],
  [{ name: '*' }, true],
  [{ name: ['news', 'weather'] }, true],
  [{ name: ['news', '*ther'] }, true],
  [{ name: ['news'] }, false],
  [{ kind: 'mcp' }, true],
  [{ kind: 'm*' }, true],
  [{ kind: ['http', 'mcp'] }, true],
  [{ kind: 'http' }, false],
  [{ capability: 'weather.current' }, true],
  [{ capability: 'weather.*' }, true],
  [{ capability: 'weather' }, false],
  [{ capability: '*.forecast' }, true],
  [{ capabilities: ['weather.current', '*.forecast'] }, true],
  [{ capabilities: ['weather.current', 'news.*'] }, false],
  [{ capabilities: [] }, true],
  [{ capability: 'weather.current', capabilities: ['weather.past'] }, false],
  [{ tags: ['gpu'] }, true],
  [{ tags: ['gpu', 'eu-*'] }, true],
  [{ tags: ['gpu', 'us-*'] }, false],
  [{ status: 'draining' }, true],
  [{ status: ['ready', 'draining'] }, true],
  [{ status: 'ready' }, false],
  [{ cwd: '/home/me/project' }, true],
  [{ cwd: '/home/me/project/' }, true],
  [{ cwd: '/home/./me//other/../project' }, true],
  [{ cwd: '/home/me' }, false],
  [{ cwd: '/home/me/project/sub' }, false],
  [{ where: { 'metadata.priority': { $gte: 8 } } }, true],
  [{ where: { 'metadata.priority': { $gte: 10 } } }, false],
  [{ name: 'weather', tags: ['gpu'], status: 'draining' }, true],
  [{ name: 'weather', tags: ['gpu'], status: 'ready' }, false],
  [{ name: undefined, tags: undefined }, true],
])('%j matches: %s', async (query, expected) => {
  expect(await matches(query)).toBe(expected);
});

test.each<Query>([{ kind: '*' }, { cwd: '/' }, { tags: ['*'] }, { capability: '*' }])(
  '%j does not match an instance that says nothing of it',
  async (query) => {
    expect(await matches(query, bare)).toBe(false);
  },
);

test.each<[string, unknown, string]>([
  ['an unknown field', { nam: 'x' }, 'nam'],
  ['a field of an instance that cannot be asked for', { title: 'x' }, 'title'],
  ['an empty name', { name: '' }, 'name'],
  ['no names', { name: [] }, 'name'],
  ['too many names', { name: Array(101).fill('a') }, 'name'],
  ['too many tags', { tags: Array(101).fill('a') }, 'tags'],
  ['a number as name', { name: 5 }, 'name'],
  ['a tag that is no list', { tags: 'gpu' }, 'tags'],
  ['an unknown status', { status: 'up' }, 'status'],
  ['a relative cwd', { cwd: 'project' }, 'cwd'],
  ['an empty id', { id: '' }, 'id'],
  ['a query in words', 'weather', ''],
  ['a list', [], ''],
])('%s is refused, by its path', (_, query, path) => {
  expect(() => parseQuery(query as Query)).toThrow(
    expect.objectContaining({ code: 'ROLLCALL_INVALID', details: { problems: [expect.objectContaining({ path })] } }),
  );
});

test('nothing asked for is everything', () => {
  expect(parseQuery(undefined)).toEqual({});
});

test.each<[Query, string]>([
  [{ id: 'x' }, 'id is weather-01k3v9q2m7c4x8t5b6n0r1s2wz'],
  [{ name: 'x' }, 'name is weather'],
  [{ kind: 'x' }, 'kind is mcp'],
  [{ status: 'ready' }, 'status is draining'],
  [{ cwd: '/' }, 'cwd is /home/me/project'],
  [{ tags: ['x'] }, 'tags are gpu, eu-west'],
  [{ capability: 'x' }, 'capabilities are weather.current, weather.forecast'],
  [{ where: { a: 1 } }, 'where does not hold'],
])('%j says what there is instead', async (query, told) => {
  const [condition, ...others] = await compileQuery(parseQuery(query));
  expect(others).toEqual([]);
  expect(condition?.tell(instance)).toBe(told);
});

test('what an instance does not say is told as such', async () => {
  const told = async (query: Query) => (await compileQuery(parseQuery(query)))[0]?.tell(bare);
  expect(await told({ kind: 'x' })).toBe('kind is not given');
  expect(await told({ cwd: '/' })).toBe('cwd is not given');
  expect(await told({ tags: ['x'] })).toBe('tags are none');
  expect(await told({ capability: 'x' })).toBe('capabilities are none');
});

describe('a glob', () => {
  test.each<[string, string, boolean]>([
    ['', '', true],
    ['', '*', true],
    ['a', '', false],
    ['abc', '***', true],
    ['abc', 'a*c', true],
    ['abc', 'a*b', false],
    ['aXbXc', 'a*b*c', true],
    ['abab', '*ab', true],
    ['a*b', 'a*b', true],
    ['a.b', 'a?b', false],
    ['a.b', 'a.b', true],
    ['axb', 'a.b', false],
    ['a[b]', 'a[b]', true],
    ['a\\b', 'a\\b', true],
    ['ab\n', 'ab*', true],
  ])('%j is like %j: %s', (text, pattern, expected) => {
    expect(isLike(text, pattern)).toBe(expected);
  });

  test('means what the regular expression with .* for each * means', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 }), letters, (text, pattern) => {
        const regex = new RegExp(`^${pattern.split('*').join('.*')}$`);
        expect(isLike(text, pattern)).toBe(regex.test(text));
      }),
      { numRuns: 2_000 },
    );
  });

  test('takes no longer than text times pattern, however nasty', () => {
    const began = performance.now();
    // A backtracking matcher would take 2^30 steps and more.
    expect(isLike('a'.repeat(10_000), `${'a*'.repeat(30)}b`)).toBe(false);
    expect(isLike(`${'ab'.repeat(5_000)}`, `${'*a'.repeat(200)}*c`)).toBe(false);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});
