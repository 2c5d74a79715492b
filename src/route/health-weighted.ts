/** A strategy by how well instances are: chances in proportion to health and to response time. */

import { type Chooser, chooserOf, type Strategy } from '../core/pick.js';
import type { HealthSource } from '../health/health.js';

/** One of the core's, or by health. */
export type RouteStrategy = Strategy | 'health-weighted';

/** How much each part of `health-weighted` counts; 0 or more, and one of them more than 0. */
export interface HealthWeights {
  /** 0.7 unless given. */
  readonly health?: number | undefined;
  /** 0.3 unless given. */
  readonly responseTime?: number | undefined;
}

/** What is not known counts as the middle. */
const unknown = 0.5;

/**
 * The chance of each is proportional to `health × h + responseTime × r`, where h is 1 if it is passing, and 0.5 if that is
 * `warning` or not known; and r is the response time of the fastest candidate over its own, and 0.5 if it is not known.
 */
export function healthWeighted(source: HealthSource | undefined, weights: HealthWeights = {}): Chooser {
  const { health: byHealth = 0.7, responseTime: byTime = 0.3 } = weights;
  const shareOf = (health: Known, fastest: number) => {
    const h = health?.status === 'passing' ? 1 : unknown;
    const time = health?.responseTime;
    // One that took no time at all is as fast as the fastest.
    const r = time === undefined ? unknown : time === 0 ? 1 : fastest / time;
    return byHealth * h + byTime * r;
  };
  return (candidates, state) => {
    // Loops, since this runs in every pick.
    const known: Known[] = [];
    let fastest = Number.POSITIVE_INFINITY;
    for (const { id } of candidates) {
      const health = source?.of(id);
      if (health?.responseTime !== undefined && health.responseTime < fastest) fastest = health.responseTime;
      known.push(health);
    }
    let total = 0;
    for (const health of known) total += shareOf(health, fastest);
    let left = state.random() * total;
    for (let index = 0; index < known.length; index++) {
      left -= shareOf(known[index], fastest);
      if (left < 0) return candidates[index];
    }
    // What rounding leaves over.
    return candidates.at(-1);
  };
}

type Known = ReturnType<HealthSource['of']>;

/** @throws ROLLCALL_INVALID if there is no such strategy. */
export function routeChooser(strategy: RouteStrategy, weighted: Chooser): Chooser {
  return strategy === 'health-weighted' ? weighted : chooserOf(strategy);
}
