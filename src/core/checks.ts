/** Checks of options and queries, by hand: every caller passes them, and loading zod costs a process 10 ms. */

import { absolutePath } from './bounds.js';
import { invalid, type Problem } from './errors.js';
import { printable } from './printable.js';
import { refuseTooDeep } from './problems.js';

/** What is wrong with `value`, which stands at `path`. */
export type Check = (value: unknown, path: string) => readonly Problem[];

/** A check with one thing to say. */
export function check(isRight: (value: unknown) => boolean, message: string): Check {
  return (value, path) => (isRight(value) ? [] : [{ path, message }]);
}

const isText = (value: unknown) => typeof value === 'string' && value !== '';

export const text = check(isText, 'must be a string that is not empty');

export const folderPath = check(
  (value) => typeof value === 'string' && absolutePath.test(value),
  'must be an absolute path',
);

export const flag = check((value) => typeof value === 'boolean', 'must be true or false');

export const callable = check((value) => typeof value === 'function', 'must be a function');

/** What is looked at where it is used. */
export const anything: Check = () => [];

export const number = (least: number, most: number): Check =>
  check(
    (value) => typeof value === 'number' && value >= least && value <= most,
    `must be a number from ${least} to ${most}`,
  );

export const integer = (least: number, most: number): Check =>
  check(
    (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
    `must be a whole number from ${least} to ${most}`,
  );

export const oneOf = (words: readonly string[]): Check =>
  check((value) => words.includes(value as string), `must be one of ${words.join(', ')}`);

/** A list of `least` to `most` values. */
export const list =
  (each: Check, least: number, most: number): Check =>
  (value, path) => {
    if (!Array.isArray(value)) return [{ path, message: 'must be a list' }];
    if (value.length < least || value.length > most) {
      return [{ path, message: `must have ${least} to ${most} elements` }];
    }
    return value.flatMap((element, index) => each(element, `${path}.${index}`));
  };

/** A value, or a list of them. */
export const oneOrMore = (each: Check, most: number): Check => {
  const several = list(each, 1, most);
  return (value, path) => (Array.isArray(value) ? several : each)(value, path);
};

/** An object of these fields, each of which may be missing, and no others: an unknown one is a typing error. */
export const fields =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return [{ path, message: 'must be an object' }];
    }
    const at = (key: string) => (path === '' ? printable(key) : `${path}.${printable(key)}`);
    return Object.entries(value).flatMap(([key, field]) => {
      if (!Object.hasOwn(checks, key)) return [{ path: at(key), message: 'is not a known field' }];
      return field === undefined ? [] : (checks[key]?.(field, at(key)) ?? []);
    });
  };

/** @throws ROLLCALL_INVALID if `value` does not pass; it names every problem. */
export function pass(check: Check, value: unknown, what: string, path = ''): void {
  refuseTooDeep(value, what);
  const problems = check(value, path);
  if (problems.length > 0) throw invalid(what, problems);
}
