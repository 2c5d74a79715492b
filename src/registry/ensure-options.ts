/** The options of `ensure`, checked at its door. */

import {
  anything,
  type Check,
  callable,
  check,
  fields,
  flag,
  folderPath,
  list,
  number,
  pass,
  text,
} from '../core/checks.js';
import { invalid } from '../core/errors.js';
import { type EnsureOptions, longestTimeout } from './options.js';

const environment: Check = (value, path) =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, each]) =>
        each === undefined || typeof each === 'string' ? [] : [{ path: `${path}.${key}`, message: 'must be a string' }],
      )
    : [{ path, message: 'must be an object' }];

const checkEnsuring = fields({
  command: text,
  args: list(
    check((value) => typeof value === 'string', 'must be a string'),
    0,
    10_000,
  ),
  start: callable,
  cwd: folderPath,
  env: environment,
  timeout: number(0, longestTimeout),
  outlive: flag,
  strategy: anything,
  signal: anything,
} satisfies Record<keyof EnsureOptions, Check>);

/** @throws ROLLCALL_INVALID */
export function checkEnsure(options: EnsureOptions): void {
  pass(checkEnsuring, options, 'The options of ensure');
  const { command, start, args } = options;
  if ((command === undefined) !== (start === undefined) && (args === undefined || command !== undefined)) return;
  const message = 'must be given, or `start` instead of it and of `args`';
  throw invalid('The options of ensure', [{ path: 'command', message }]);
}
