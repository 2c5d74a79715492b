/** Rules: which one applies, what it requires and what it prefers. */

import { describe, expect, test } from 'vitest';
import type { Query } from '../../src/core/query.js';
import { CompiledRule, Rulebook } from '../../src/route/rules.js';
import { makeInstance } from '../support/make-instance.js';

describe('the first that matches applies', () => {
  const book = new Rulebook(
    { 'weather.current': { timeout: 1 }, 'weather.*': { timeout: 2 }, db: { timeout: 3 }, '*-eu': { timeout: 4 } },
    () => {},
  );
  const cases: readonly (readonly [Query, string | undefined, number | undefined])[] = [
    [{ name: 'weather.current' }, undefined, 1],
    [{ name: 'weather.forecast' }, undefined, 2],
    [{ name: 'weather' }, undefined, undefined],
    [{ name: ['x', 'db'] }, undefined, 3],
    [{ capability: 'weather.current' }, undefined, 1],
    [{ capability: 'weather.*' }, undefined, 2],
    [{ capabilities: ['other', 'weather.x'] }, undefined, 2],
    [{ name: 'db-eu' }, undefined, 4],
    [{ name: 'db' }, 'weather.forecast', 2],
    [{}, 'weather.current', 1],
    [{}, undefined, undefined],
    [{ kind: 'db' }, undefined, undefined],
  ];
  test.each(cases)('%j, tool %s: %s', (query, tool, timeout) => {
    expect(book.find(query, tool)?.rule.timeout).toBe(timeout);
  });
});

describe('preferences', () => {
  const us2 = makeInstance({ metadata: { region: 'us-west-2', tier: 'a' } });
  const us1 = makeInstance({ metadata: { region: 'us-west-1', tier: 'b' } });
  const eu = makeInstance({ metadata: { region: 'eu', tier: 'a' } });
  const none = makeInstance();
  const tagged = makeInstance({ tags: ['slow', 'gpu'] });
  const all = [us2, us1, eu, none, tagged];

  const preferred = (prefer: Record<string, readonly (string | number | boolean | null)[]>, among = all) =>
    new CompiledRule('*', { prefer }).preferred(among);

  test('the first in the list that is there', () => {
    expect(preferred({ 'metadata.region': ['us-west-2', 'us-west-1'] })).toEqual([us2]);
    expect(preferred({ 'metadata.region': ['us-west-2', 'us-west-1'] }, [eu, us1])).toEqual([us1]);
  });

  test('never an empty set', () => {
    expect(preferred({ 'metadata.region': ['mars'] })).toEqual(all);
    expect(preferred({}, [])).toEqual([]);
  });

  test('several paths together, each rank counting', () => {
    expect(preferred({ 'metadata.region': ['eu', 'us-west-2'], 'metadata.tier': ['b', 'a'] }, [us2, us1, eu])).toEqual([
      eu,
    ]);
  });

  test('of these, then of those, then of these again', async () => {
    const rule = new CompiledRule('*', {
      prefer: { 'metadata.region': ['eu', 'us-west-2'] },
      require: { 'metadata.tier': 'a' },
    });
    await rule.ready();
    for (let round = 0; round < 2; round++) {
      expect([rule.meeting(all), rule.preferred([us2, eu])]).toEqual([[us2, eu], [eu]]);
      expect([rule.meeting([us1, us2]), rule.preferred([us2, us1])]).toEqual([[us2], [us2]]);
      expect([rule.meeting([]), rule.preferred([])]).toEqual([[], []]);
      expect([rule.meeting([eu, us2]), rule.preferred([us2, eu])]).toEqual([[eu, us2], [eu]]);
    }
  });

  test('of a list its best element', () => {
    expect(preferred({ tags: ['gpu'] })).toEqual([tagged]);
  });

  test('no inherited property is a value', () => {
    expect(preferred({ 'metadata.constructor.name': ['Object'] })).toEqual(all);
  });
});

test('requirements are those of a query, compiled once', async () => {
  const rule = new CompiledRule('*', { require: { 'metadata.gpu': true, 'metadata.memory': { $gte: 8 } } });
  await rule.ready();
  expect(rule.ready()).toBeUndefined();
  expect(rule.isMet(makeInstance({ metadata: { gpu: true, memory: 8 } }))).toBe(true);
  expect(rule.isMet(makeInstance({ metadata: { gpu: true, memory: 7 } }))).toBe(false);
  expect(rule.isMet(makeInstance())).toBe(false);
});
