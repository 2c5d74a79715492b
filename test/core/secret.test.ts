/** A value that does not show itself. */

import { format, inspect } from 'node:util';
import { expect, test } from 'vitest';
import { isSecret, Secret } from '../../src/core/secret.js';

const secret = new Secret('canary');

test('only reveal tells it', () => {
  expect(secret.reveal()).toBe('canary');
});

test.each<[string, () => unknown]>([
  ['JSON', () => JSON.stringify({ secret })],
  ['String', () => String(secret)],
  ['a template', () => `${secret}`],
  ['concatenation', () => `a${secret}`],
  ['inspect', () => inspect({ deep: [secret] }, { depth: null })],
  ['inspect with all it can', () => inspect(secret, { showHidden: true, getters: true, showProxy: true })],
  ['format', () => format('%s %o %O %j', secret, secret, secret, secret)],
  ['an error', () => new Error(`${secret}`, { cause: secret }).message],
  ['its keys and values', () => JSON.stringify([...Reflect.ownKeys(secret).map(String), ...Object.values(secret)])],
  ['a copy', () => JSON.stringify({ ...secret })],
])('%s does not tell it', (_, show) => {
  expect(String(show())).not.toContain('canary');
});

test.each([String(secret), JSON.parse(JSON.stringify(secret)), inspect(secret)])('it shows as [secret]', (shown) => {
  expect(shown).toBe('[secret]');
});

test('a secret of another copy of the package is one as well', () => {
  const other = { [Symbol.for('rollcall.secret')]: true, reveal: () => 'x' };
  expect(isSecret(secret)).toBe(true);
  expect(isSecret(other)).toBe(true);
});

test.each(['canary', null, undefined, {}, 5, () => {}, { reveal: () => 'x' }])('%s is none', (value) => {
  expect(isSecret(value)).toBe(false);
});
