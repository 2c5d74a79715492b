/** What an entry asks for in its `health`: wishes, of which those are granted that are within the monitor's limits. */

import type { Instance } from '../core/instance.js';
import { type CheckName, checkNames } from './known-checks.js';
import type { Thresholds } from './standing.js';

/** How an instance is checked. Durations are in ms. */
export interface Schedule extends Thresholds {
  readonly interval: number;
  /** Of each check. */
  readonly timeout: number;
}

/** How far the wishes of entries are granted. Durations are in ms. */
export interface Limits {
  /** 1,000 unless given. */
  readonly shortestInterval: number;
  /** 300,000 unless given. */
  readonly longestInterval: number;
  /** 10,000 unless given. */
  readonly longestTimeout: number;
  /** 10 unless given. */
  readonly highestThreshold: number;
}

export const usualLimits: Limits = {
  shortestInterval: 1_000,
  longestInterval: 300_000,
  longestTimeout: 10_000,
  highestThreshold: 10,
};

/**
 * How this instance is checked. What is wished and makes no sense is as if it were not there: it is another's entry, and
 * nobody here can mend it.
 */
export function scheduleFor({ health = {} }: Instance, usual: Schedule, limits: Limits): Schedule {
  const bounded = (wish: unknown, least: number, most: number, otherwise: number) =>
    typeof wish === 'number' && Number.isFinite(wish) ? Math.min(Math.max(wish, least), most) : otherwise;
  const threshold = (wish: unknown, otherwise: number) =>
    Math.round(bounded(wish, 1, limits.highestThreshold, otherwise));
  return {
    interval: bounded(health.interval, limits.shortestInterval, limits.longestInterval, usual.interval),
    timeout: bounded(health.timeout, 1, limits.longestTimeout, usual.timeout),
    failureThreshold: threshold(health.failureThreshold, usual.failureThreshold),
    successThreshold: threshold(health.successThreshold, usual.successThreshold),
  };
}

/** Which checks it wishes for, of those there are; `undefined` if it names none of them. */
export function checksWished({ health = {} }: Instance): CheckName[] | undefined {
  const { checks } = health;
  if (!Array.isArray(checks)) return undefined;
  const known = checkNames.filter((name) => checks.includes(name));
  return known.length === 0 ? undefined : known;
}
