/** What a check is, and what is made of how it ends. */

import type { Instance } from '../core/instance.js';
import { printable } from '../core/printable.js';
import type { Registry } from '../registry/registry.js';
import type { Outcome } from './health.js';

/** From the ground up: a level is asked only while nothing below it fails. */
export const levels = ['live', 'ready', 'dependencies', 'business'] as const;

export type Level = (typeof levels)[number];

/** How it came out, where passing or failing does not say it all. */
export interface Finding {
  readonly outcome: Outcome;
  readonly reason?: string | undefined;
}

/**
 * Passes if it returns, or resolves with, anything but `false` or a {@link Finding}; fails if it throws: the message is
 * the reason. The signal is aborted when its time is up; whatever it does then, it has failed.
 */
export type CheckFunction = (instance: Instance, options: { readonly signal: AbortSignal }) => unknown;

/** What a failure means, where the check is. */
export interface Placing {
  readonly level?: Level | undefined;
  /** What its failure counts as: `critical` unless given. */
  readonly failing?: 'warning' | 'critical' | undefined;
}

/** A check that can be run. */
export interface Check {
  readonly name: string;
  readonly level: Level;
  readonly failing: 'warning' | 'critical';
  run(instance: Instance, context: CheckContext): unknown;
}

export interface CheckContext {
  readonly signal: AbortSignal;
  /** For all of it, in ms. */
  readonly timeout: number;
  readonly registry: Registry;
}

/** Characters of a reason: it may quote an answer. */
const longest = 200;

/** Whatever it is: it is the caller's, and may throw when it is looked at. */
export function findingOf(returned: unknown): Finding {
  if (returned === false) return { outcome: 'fail', reason: 'said no' };
  if (typeof returned !== 'object' || returned === null || !('outcome' in returned)) return { outcome: 'pass' };
  const { outcome, reason } = returned as { outcome: unknown; reason?: unknown };
  if (outcome === 'pass') return { outcome };
  const why = reason === undefined ? 'gave no reason' : told(String(reason));
  if (outcome === 'warn' || outcome === 'fail') return { outcome, reason: why };
  return { outcome: 'fail', reason: `gave the outcome ${told(String(outcome))}, which is none of pass, warn and fail` };
}

export function failureOf(error: unknown): Finding {
  return { outcome: 'fail', reason: messageOf(error) };
}

/** What is thrown may be anything, also what cannot be made a text. */
function messageOf(error: unknown): string {
  try {
    if (!(error instanceof Error)) return told(String(error));
    return told(String(error.message || (error as NodeJS.ErrnoException).code || error.name));
  } catch {
    return 'threw something that cannot be told';
  }
}

/** One line that can be printed. */
const told = (text: string) => {
  const line = printable(text);
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
};
