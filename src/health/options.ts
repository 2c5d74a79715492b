/** What a monitor takes, checked at the door. */

import { anything, fields, integer, list, number, pass } from '../core/checks.js';
import { invalid } from '../core/errors.js';
import type { Query } from '../core/query.js';
import type { Abortable } from '../registry/options.js';
import { type CheckRequest, checkRequest } from './known-checks.js';
import { type Limits, type Schedule, usualLimits } from './wishes.js';

export interface MonitorOptions extends Abortable {
  /** Which instances are watched; all unless given. */
  readonly query?: Query | undefined;
  /** From one round of checks of an instance to the next, in ms, give or take a tenth; 10,000 unless given. */
  readonly interval?: number | undefined;
  /** For each check, in ms; 2,000 unless given. */
  readonly timeout?: number | undefined;
  /** Rounds in a row that must fail before an instance is critical; 3 unless given. */
  readonly failureThreshold?: number | undefined;
  /** Rounds in a row that must be better before its status is; 2 unless given. */
  readonly successThreshold?: number | undefined;
  /**
   * What is checked of each instance. Unless given, what its entry asks for in `health.checks`, or else its process, and
   * then whatever it can be asked: `health.url` over HTTP, MCP, or whether it takes connections.
   */
  readonly checks?: readonly CheckRequest[] | undefined;
  /** How far the wishes of entries (`health.interval` and the like) are granted. */
  readonly limits?: Partial<Limits> | undefined;
}

/** The longest an interval or deadline can be, in ms: a day. */
const day = 86_400_000;

const duration = number(1, day);
const threshold = integer(1, 100);

const checkOptions = fields({
  query: anything,
  signal: anything,
  interval: duration,
  timeout: duration,
  failureThreshold: threshold,
  successThreshold: threshold,
  checks: list(checkRequest, 0, 100),
  limits: fields({
    shortestInterval: duration,
    longestInterval: duration,
    longestTimeout: duration,
    highestThreshold: threshold,
  }),
});

/** @throws ROLLCALL_INVALID */
export function readOptions(options: MonitorOptions): { usual: Schedule; limits: Limits } {
  pass(checkOptions, options, 'The options of the monitor');
  const { interval = 10_000, timeout = 2_000, failureThreshold = 3, successThreshold = 2 } = options;
  const given = Object.entries(options.limits ?? {}).filter(([, limit]) => limit !== undefined);
  const limits: Limits = { ...usualLimits, ...Object.fromEntries(given) };
  if (limits.shortestInterval > limits.longestInterval) {
    const message = `must not be more than longestInterval, which is ${limits.longestInterval}`;
    throw invalid('The options of the monitor', [{ path: 'limits.shortestInterval', message }]);
  }
  return { usual: { interval, timeout, failureThreshold, successThreshold }, limits };
}
