/** The one error class. */

import { expect, test } from 'vitest';
import { errorCodes, invalid, isRollcallError, RollcallError } from '../../src/core/errors.js';

test('an error carries its code, its details and its cause', () => {
  const cause = new Error('why');
  const error = new RollcallError('ROLLCALL_LOST', 'gone', { id: 'a' }, { cause });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({
    name: 'RollcallError',
    code: 'ROLLCALL_LOST',
    details: { id: 'a' },
    message: 'gone',
    cause,
  });
  expect(String(error)).toBe('RollcallError: gone');
});

test('without a cause it has none', () => {
  expect('cause' in new RollcallError('ROLLCALL_CLOSED', 'x', {})).toBe(false);
});

test('an error of another copy of the package is recognised, by brand and code', () => {
  const other = Object.assign(new Error('x'), { code: 'ROLLCALL_STORE', [Symbol.for('rollcall.error')]: true });
  expect(isRollcallError(other)).toBe(true);
  expect(isRollcallError(other, 'ROLLCALL_STORE')).toBe(true);
  expect(isRollcallError(other, 'ROLLCALL_LOST')).toBe(false);
});

test.each([
  undefined,
  null,
  'ROLLCALL_STORE',
  5,
  {},
  new Error('x'),
  Object.assign(new Error('x'), { code: 'ROLLCALL_STORE' }),
])('%s is none of ours', (value) => {
  expect(isRollcallError(value)).toBe(false);
  expect(isRollcallError(value, 'ROLLCALL_STORE')).toBe(false);
});

test('every code has an explanation', () => {
  for (const [code, text] of Object.entries(errorCodes)) {
    expect(code).toMatch(/^ROLLCALL_[A-Z]+$/);
    expect(text).toMatch(/\.$/);
  }
});

test('an error for several problems names each on a line of its own', () => {
  const problems = [
    { path: 'a.0', message: 'is wrong' },
    { path: '', message: 'is too large' },
  ];
  const error = invalid('The input', problems);
  expect(error).toMatchObject({ code: 'ROLLCALL_INVALID', details: { problems } });
  expect(error.message).toBe('The input is not valid:\n  a.0: is wrong\n  is too large');
});
