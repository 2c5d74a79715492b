/** Conditions on any field. */

import { describe, expect, test } from 'vitest';
import { compileQuery, isMatch, parseQuery } from '../../src/core/query.js';
import { Secret } from '../../src/core/secret.js';
import type { Where } from '../../src/core/where.js';
import { makeInstance } from '../support/make-instance.js';

const instance = makeInstance({
  title: 'Weather\nService',
  tags: ['gpu', 'eu'],
  endpoints: [
    {
      type: 'http',
      url: 'http://127.0.0.1:1/',
      headers: [{ name: 'Authorization', value: new Secret('Bearer canary'), isSecret: true }],
    },
    { type: 'ws', url: 'ws://127.0.0.1:2/' },
  ],
  metadata: { priority: 9, region: 'eu-west', isWarm: true, nothing: null, list: [1, 2, 3], deep: { er: { x: 'y' } } },
});

async function holds(where: unknown, candidate = instance): Promise<boolean> {
  return isMatch(candidate, await compileQuery(parseQuery({ where: where as Where })));
}

test.each<[Where, boolean]>([
  [{}, true],
  [{ name: 'weather' }, true],
  [{ name: 'news' }, false],
  [{ 'metadata.priority': 9 }, true],
  [{ 'metadata.priority': '9' }, false],
  [{ 'metadata.isWarm': true }, true],
  [{ 'metadata.nothing': null }, true],
  [{ 'metadata.absent': null }, true],
  [{ 'metadata.priority': null }, false],
  [{ 'metadata.deep.er.x': 'y' }, true],
  [{ 'metadata.deep.er.z': 'y' }, false],
  // In a list any element will do, on either side of a dot.
  [{ tags: 'gpu' }, true],
  [{ tags: 'us' }, false],
  [{ tags: ['gpu', 'eu'] }, true],
  [{ tags: ['eu', 'gpu'] }, false],
  [{ 'tags.0': 'gpu' }, true],
  [{ 'tags.1': 'gpu' }, false],
  [{ 'endpoints.type': 'ws' }, true],
  [{ 'endpoints.type': 'sse' }, false],
  [{ 'endpoints.0.type': 'ws' }, false],
  [{ 'endpoints.headers.name': 'Authorization' }, true],
  [{ 'metadata.list': 2 }, true],
  [{ 'metadata.list': { $gt: 2 } }, true],
  [{ 'metadata.list': { $gt: 3 } }, false],
  // Each operator.
  [{ 'metadata.priority': { $eq: 9 } }, true],
  [{ 'metadata.priority': { $eq: 8 } }, false],
  [{ 'metadata.priority': { $ne: 8 } }, true],
  [{ 'metadata.priority': { $ne: 9 } }, false],
  [{ 'metadata.absent': { $ne: 9 } }, true],
  [{ 'metadata.priority': { $gt: 8 } }, true],
  [{ 'metadata.priority': { $gt: 9 } }, false],
  [{ 'metadata.priority': { $gte: 9 } }, true],
  [{ 'metadata.priority': { $gte: 10 } }, false],
  [{ 'metadata.priority': { $lt: 10 } }, true],
  [{ 'metadata.priority': { $lt: 9 } }, false],
  [{ 'metadata.priority': { $lte: 9 } }, true],
  [{ 'metadata.priority': { $lte: 8 } }, false],
  [{ 'metadata.priority': { $gt: 8, $lt: 10 } }, true],
  [{ 'metadata.priority': { $gt: 8, $lt: 9 } }, false],
  [{ 'metadata.region': { $gt: 'eu' } }, true],
  [{ 'metadata.region': { $gt: 5 } }, false],
  [{ 'metadata.absent': { $lt: 5 } }, false],
  [{ 'metadata.region': { $in: ['eu-west', 'eu-east'] } }, true],
  [{ 'metadata.region': { $in: ['us'] } }, false],
  [{ 'metadata.region': { $in: [] } }, false],
  [{ tags: { $in: ['eu', 'us'] } }, true],
  [{ 'metadata.region': { $nin: ['us'] } }, true],
  [{ 'metadata.region': { $nin: ['eu-west'] } }, false],
  [{ tags: { $nin: ['eu'] } }, false],
  [{ 'metadata.region': { $exists: true } }, true],
  [{ 'metadata.region': { $exists: false } }, false],
  [{ 'metadata.absent': { $exists: false } }, true],
  [{ 'metadata.absent': { $exists: true } }, false],
  [{ 'metadata.nothing': { $exists: true } }, true],
  [{ 'metadata.region': { $not: { $eq: 'us' } } }, true],
  [{ 'metadata.priority': { $not: { $gte: 9 } } }, false],
  [{ 'metadata.absent': { $not: { $exists: true } } }, true],
  [{ 'metadata.region': { $not: { $not: { $eq: 'eu-west' } } } }, true],
  // Combinations.
  [{ name: 'weather', 'metadata.priority': 8 }, false],
  [{ $and: [{ name: 'weather' }, { 'metadata.priority': 9 }] }, true],
  [{ $and: [{ name: 'weather' }, { 'metadata.priority': 8 }] }, false],
  [{ $or: [{ name: 'news' }, { 'metadata.priority': 9 }] }, true],
  [{ $or: [{ name: 'news' }, { 'metadata.priority': 8 }] }, false],
  [{ $nor: [{ name: 'news' }, { 'metadata.priority': 8 }] }, true],
  [{ $nor: [{ name: 'news' }, { 'metadata.priority': 9 }] }, false],
  [{ $not: { name: 'news' } }, true],
  [{ $not: { name: 'weather' } }, false],
  [{ $or: [{ $and: [{ name: 'news' }] }, { $nor: [{ tags: 'us' }] }] }, true],
  // Patterns.
  [{ 'metadata.region': { $regex: '^eu-' } }, true],
  [{ 'metadata.region': { $regex: 'west$' } }, true],
  [{ 'metadata.region': { $regex: '^west' } }, false],
  [{ 'metadata.region': { $regex: '^EU', $options: 'i' } }, true],
  [{ 'metadata.region': { $regex: '^EU' } }, false],
  [{ title: { $regex: '^Service$' } }, false],
  [{ title: { $regex: '^Service$', $options: 'm' } }, true],
  [{ title: { $regex: 'Weather.Service' } }, false],
  [{ title: { $regex: 'Weather.Service', $options: 's' } }, true],
  [{ title: { $regex: 'weather.SERVICE', $options: 'is' } }, true],
  [{ tags: { $regex: '^g.u$' } }, true],
  [{ tags: { $regex: '^x' } }, false],
  [{ 'endpoints.url': { $regex: '^ws:' } }, true],
  [{ 'metadata.priority': { $regex: '9' } }, false],
  [{ 'metadata.absent': { $regex: '.*' } }, false],
  [{ 'metadata.region': { $not: { $regex: '^us' } } }, true],
  [{ 'metadata.region': { $regex: '^eu', $ne: 'eu-east' } }, true],
  [{ 'metadata.region': { $options: 'i', $eq: 'us' } }, false],
  [{ 'metadata.region': { $regex: '' } }, true],
])('%j holds: %s', async (where, expected) => {
  expect(await holds(where)).toBe(expected);
});

describe('refused, by its path', () => {
  test.each<[string, unknown, string]>([
    ['$where with a text', { $where: 'return true' }, 'where.$where'],
    ['$where of a field', { name: { $where: 'return true' } }, 'where.name'],
    ['$where deep inside', { $or: [{ $and: [{ $where: '1' }] }] }, 'where.$or.0.$and.0.$where'],
    ['a function', { name: () => true }, 'where.name'],
    ['a function as $where', { $where: () => true }, 'where.$where'],
    ['a function as the whole', () => true, 'where'],
    ['a function as operand', { name: { $eq: () => true } }, 'where.name.$eq'],
    ['an unknown operator', { name: { $foo: 1 } }, 'where.name'],
    ['an operator of MongoDB that is not among ours', { name: { $elemMatch: {} } }, 'where.name'],
    ['$expr', { $expr: {} }, 'where.$expr'],
    ['a field operator at the top', { $eq: 1 }, 'where.$eq'],
    ['a regular expression object', { name: /(a+)+$/ }, 'where.name'],
    ['a regular expression object as $regex', { name: { $regex: /x/ } }, 'where.name.$regex'],
    ['a regular expression object in a list', { name: { $in: [/x/] } }, 'where.name.$in.0'],
    ['a date', { registeredAt: new Date(0) }, 'where.registeredAt'],
    ['a map', { name: new Map() }, 'where.name'],
    ['a list of objects', { tags: [{}] }, 'where.tags'],
    ['an object that is no condition', { metadata: { priority: 9 } }, 'where.metadata'],
    ['undefined in a list', { name: { $in: [undefined] } }, 'where.name.$in.0'],
    ['a comparison with true', { name: { $gt: true } }, 'where.name.$gt'],
    ['$exists in words', { name: { $exists: 'yes' } }, 'where.name.$exists'],
    ['unknown options', { name: { $regex: 'x', $options: 'g' } }, 'where.name.$options'],
    ['a long pattern', { name: { $regex: 'x'.repeat(1_001) } }, 'where.name.$regex'],
    ['$and that is no list', { $and: { name: 'x' } }, 'where.$and'],
    ['an empty $or', { $or: [] }, 'where.$or'],
    ['a text in $or', { $or: ['name'] }, 'where.$or.0'],
    ['$not that is a text', { $not: 'x' }, 'where.$not'],
    ['a text', 'name', 'where'],
    ['a list', [], 'where'],
    ['null', null, 'where'],
  ])('%s', (_, where, path) => {
    const parsing = () => parseQuery({ where: where as Where });
    expect(parsing).toThrow(expect.objectContaining({ code: 'ROLLCALL_INVALID' }));
    try {
      parsing();
    } catch (error) {
      const { problems } = (error as { details: { problems: { path: string }[] } }).details;
      expect(problems.some((problem) => problem.path === path || problem.path.startsWith(`${path}.`))).toBe(true);
    }
  });

  test('more than 200 conditions', () => {
    const many = (count: number) => ({ $or: Array.from({ length: count - 1 }, () => ({ name: 'x' })) });
    expect(() => parseQuery({ where: many(200) })).not.toThrow();
    expect(() => parseQuery({ where: many(201) })).toThrow(/more than 200 conditions/);
    expect(() => parseQuery({ where: many(100_000) })).toThrow(/more than 200 conditions/);
    const wide = Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`f${index}`, 1]));
    expect(() => parseQuery({ where: wide })).toThrow(/more than 200 conditions/);
  });

  test('conditions that nest too deep or refer to themselves', () => {
    let deep: Where = { name: 'x' };
    for (let level = 0; level < 40; level++) deep = { $not: deep };
    expect(() => parseQuery({ where: deep })).toThrow(/nests deeper/);
    const circle: Record<string, unknown> = {};
    circle.$not = circle;
    expect(() => parseQuery({ where: circle as Where })).toThrow(/nests deeper/);
  });

  test.each(['(?=a)', '(?!a)', '(?<=a)b', '(?<!a)b', '(a)\\1', '(', '[', '*'])(
    'the pattern %s, which RE2 does not have, once its engine is loaded',
    async (pattern) => {
      const query = parseQuery({ where: { name: { $regex: pattern } } });
      await expect(compileQuery(query)).rejects.toMatchObject({
        code: 'ROLLCALL_INVALID',
        details: { problems: [{ path: expect.stringContaining('$regex') }] },
      });
    },
  );
});

test.each(['(a+)+$', '(a|a)+$', '(a|aa)+$', '(.*)*x$', '^(([a-z])+.)+[A-Z]([a-z])+$'])(
  'the pattern %s takes no longer on a text made against it',
  async (pattern) => {
    const victim = makeInstance({ title: `${'a'.repeat(9_000)}b` });
    const began = performance.now();
    expect(await holds({ title: { $regex: pattern } }, victim)).toBe(false);
    expect(performance.now() - began).toBeLessThan(2_000);
  },
);

test('a text of more than 10,000 characters is not searched', async () => {
  expect(await holds({ title: { $regex: 'a' } }, makeInstance({ title: 'a'.repeat(10_000) }))).toBe(true);
  expect(await holds({ title: { $regex: 'a' } }, makeInstance({ title: 'a'.repeat(10_001) }))).toBe(false);
});

test.each<Where>([
  { 'endpoints.headers.value': 'Bearer canary' },
  { 'endpoints.headers.value': { $regex: 'canary' } },
  { 'endpoints.headers.value': { $regex: '^B' } },
  { 'endpoints.headers.value': { $in: ['Bearer canary'] } },
  { 'endpoints.headers.value': { $gt: 'Bearer', $lt: 'C' } },
  { 'endpoints.0.headers.0.value': { $gte: 'B', $lt: 'C' } },
  { 'endpoints.headers.value.length': 13 },
])('a secret cannot be found out with %j', async (where) => {
  expect(await holds(where)).toBe(false);
});

test.each(['__proto__', 'constructor', 'metadata.__proto__.toString', 'constructor.name', 'toString'])(
  'the path %s leads nowhere and changes nothing',
  async (path) => {
    const where = JSON.parse(`{${JSON.stringify(path)}:"Object"}`);
    expect(await holds(where)).toBe(false);
    expect(({} as Record<string, unknown>).Object).toBeUndefined();
  },
);

test('a condition is not changed by being used', async () => {
  const where = Object.freeze({ $and: Object.freeze([Object.freeze({ name: 'weather' })]) });
  expect(await holds(where)).toBe(true);
  expect(await holds(where)).toBe(true);
});
