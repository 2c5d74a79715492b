/** What the hub calls things: names that every host takes, that are the same again, and that lead to one thing. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Instance } from '../../src/core/instance.js';
import { Board } from '../../src/hub/board.js';
import { labelFor, namesFor } from '../../src/hub/names.js';
import { makeInstance } from '../support/make-instance.js';

const nobody = new Set<string>();
const word = fc.oneof(fc.string(), fc.stringMatching(/^[a-b_.-]{0,6}$/), fc.stringMatching(/^[a_]{40,60}$/));

describe('of tools', () => {
  test.each([
    ['forecast', 'weather__forecast'],
    ['get-forecast', 'weather__get_forecast'],
    ['häuser/öffnen', expect.stringMatching(/^weather__h_user__ffnen$/)],
    ['', 'weather__unnamed'],
    ['🙂', expect.stringMatching(/^weather___{1,2}$/)],
    ['x'.repeat(39), `weather__${'x'.repeat(39)}`],
    ['x'.repeat(40), expect.stringMatching(/^weather__x{32}_[0-9a-f]{6}$/)],
  ])('%s', (original, name) => {
    expect(namesFor('weather', [original]).get(original)).toEqual(name);
  });

  test('of two that come to the same, who has it already keeps it, and otherwise none has it', () => {
    const one = namesFor('w', ['a_b', 'a-b']);
    expect(one.get('a_b')).toBe('w__a_b');
    expect(one.get('a-b')).toMatch(/^w__a_b_[0-9a-f]{6}$/);
    const two = namesFor('w', ['a.b', 'a-b']);
    for (const name of two.values()) expect(name).toMatch(/^w__a_b_[0-9a-f]{6}$/);
    expect(new Set(two.values()).size).toBe(2);
  });

  test('whatever they are: legal, different, and the same in any order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(word, { maxLength: 30 }), fc.stringMatching(/^[a-z]{1,20}$/), (originals, label) => {
        const names = namesFor(label, originals);
        expect([...names.keys()].sort()).toEqual([...originals].sort());
        for (const name of names.values()) expect(name).toMatch(/^[A-Za-z0-9_]{1,48}$/);
        expect(new Set(names.values()).size).toBe(originals.length);
        for (const name of names.values()) expect(name.startsWith(`${label}__`)).toBe(true);
        expect(namesFor(label, [...originals].reverse())).toEqual(names);
      }),
      { numRuns: 500 },
    );
  });
});

describe('of instances', () => {
  test('no two of them can have a tool of one name, whatever they are called', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 20 }), (originals) => {
        const taken = new Set<string>();
        for (const [index, original] of originals.entries()) {
          const label = labelFor(original, taken, String(index));
          expect(label).toMatch(/^(?!.*__)[A-Za-z0-9](?:[A-Za-z0-9_]{0,18}[A-Za-z0-9])?$/);
          expect(taken.has(label)).toBe(false);
          taken.add(label);
        }
      }),
      { numRuns: 500 },
    );
    expect(labelFor('weather', nobody, '')).toBe('weather');
    expect(labelFor('my-service.v2', nobody, '')).toBe('my_service_v2');
    expect(labelFor('…', nobody, '')).toBe('server');
  });

  const at = (name: string, cwd: string, minute = 0): Instance =>
    makeInstance({ id: `${name}-${cwd}-${minute}`, name, cwd, registeredAt: new Date(minute * 60_000).toISOString() });
  const labelsOf = (board: Board, instances: Instance[]) =>
    Object.fromEntries([...board.arrange(instances)].map(([label, { id }]) => [id, label]));

  test('of two projects the nearer one has the name, and the other a mark that is the same each time', () => {
    const [here, there] = [at('api', '/p/here'), at('api', '/p/there')];
    const labels = labelsOf(new Board('/p/here/src'), [there, here]);
    expect(labels).toEqual({ [here.id]: 'api', [there.id]: expect.stringMatching(/^api_[0-9a-f]{4}$/) });
    expect(labelsOf(new Board('/p/here/src'), [here, there])).toEqual(labels);
    expect(labelsOf(new Board('/p/there'), [here, there])[there.id]).toBe('api');
    // Above both: the order of the folders.
    expect(labelsOf(new Board('/'), [there, here])[here.id]).toBe('api');
  });

  test('what works elsewhere never has a plain one, whoever else is there, and always the same', () => {
    const [here, there] = [at('api', '/p/here'), at('api', '/p/there')];
    const alone = labelsOf(new Board('/p/here'), [there])[there.id];
    expect(alone).toMatch(/^api_[0-9a-f]{4}$/);
    expect(labelsOf(new Board('/p/here'), [there, here])[there.id]).toBe(alone);
    const board = new Board('/p/here');
    expect(labelsOf(board, [there])[there.id]).toBe(alone);
    expect(labelsOf(board, [there, here])[here.id]).toBe('api');
  });

  test('who has a label keeps it while away, and finds it again', () => {
    const board = new Board('/p');
    const [here, there] = [at('api', '/p/here'), at('api', '/p/there')];
    expect(labelsOf(board, [here])).toEqual({ [here.id]: 'api' });
    const both = labelsOf(board, [here, there]);
    expect(both[here.id]).toBe('api');
    expect(labelsOf(board, [there])).toEqual({ [there.id]: both[there.id] });
    const again = at('api', '/p/here', 5);
    expect(labelsOf(board, [again, there])[again.id]).toBe('api');
  });

  test('several of one service are numbered by age, and move up', () => {
    const board = new Board('/');
    const [first, second, third] = [at('api', '/p', 1), at('api', '/p', 2), at('api', '/p', 3)];
    expect(labelsOf(board, [third, first, second])).toEqual({
      [first.id]: 'api',
      [second.id]: 'api_2',
      [third.id]: 'api_3',
    });
    expect(labelsOf(board, [third, second])).toEqual({ [second.id]: 'api', [third.id]: 'api_2' });
    const labels = Object.values(labelsOf(new Board('/q'), [first, second]));
    expect(labels[0]).toMatch(/^api_[0-9a-f]{4}$/);
    expect(labels[1]).toBe(`${labels[0]}_2`);
  });
});
