/** Why an entry is not an answer. */

import { expect, test } from 'vitest';
import { compileQuery, parseQuery } from '../../src/core/query.js';
import type { Sighting } from '../../src/registry/sighting.js';
import { whyNot } from '../../src/registry/why-not.js';
import { makeInstance } from '../support/make-instance.js';

function sighting(given: Partial<Sighting>, instance = makeInstance({ id: 'a' })): Sighting {
  return { id: 'a', verdict: 'alive', reason: 'is running', instance, renewedAt: 0, version: '', ...given };
}
const conditions = (query: object) => compileQuery(parseQuery(query));

test.each<[string, Partial<Sighting>, object, string]>([
  ['another name', {}, { name: 'news' }, 'a: name is weather'],
  ['the first of two conditions that fail', {}, { name: 'news', tags: ['gpu'] }, 'a: name is weather'],
  ['a dead process', { verdict: 'dead', reason: 'process 5 has ended' }, {}, 'a: dead: process 5 has ended'],
  ['a stale one', { verdict: 'stale', reason: 'silent' }, {}, 'a: stale: silent'],
  ['an illegible one', { verdict: 'illegible', reason: 'is empty', instance: undefined }, {}, 'a: illegible: is empty'],
  ['one that came a moment too late', {}, { name: 'weather' }, 'a: matches now'],
  ['where', {}, { where: { title: 'x' } }, 'a: where does not hold'],
])('it tells of %s', async (_, given, query, line) => {
  expect(whyNot([sighting(given)], await conditions(query))).toEqual([line]);
});

test('those that come closest are told first, and no more than eight', async () => {
  const far = sighting({ id: 'far' }, makeInstance({ name: 'news' }));
  const near = sighting({ id: 'near' }, makeInstance());
  const lines = whyNot([...Array(20).fill(far), near], await conditions({ name: 'weather', tags: ['gpu'] }));
  expect(lines).toHaveLength(8);
  expect(lines[0]).toBe('near: tags are none');
});

test('what an entry says cannot move the cursor of a terminal', async () => {
  const hostile = sighting({}, makeInstance({ tags: ['\u001b[2J', '\u202e'] }));
  expect(whyNot([hostile], await conditions({ tags: ['gpu'] }))).toEqual(['a: tags are \\u{1b}[2J, \\u{202e}']);
});
