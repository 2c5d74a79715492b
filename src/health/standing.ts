/** How an instance stands after each round of checks: a state machine that does not flap. Pure. */

import type { HealthStatus, Outcome } from './health.js';

export interface Thresholds {
  /** Rounds in a row that must fail before it is `critical`, or not pass before it is `warning`. */
  readonly failureThreshold: number;
  /** Rounds in a row that must be better than its status before that is better, too. */
  readonly successThreshold: number;
}

/** A status, and how many of the latest rounds in a row were of which kind. */
export interface Standing {
  readonly status: HealthStatus;
  readonly failed: number;
  /** Failed or warned. */
  readonly unwell: number;
  readonly passed: number;
  /** Passed or warned. */
  readonly answered: number;
}

export const unchecked: Standing = { status: 'unknown', failed: 0, unwell: 0, passed: 0, answered: 0 };

/**
 * After one more round.
 *
 * The thresholds are there against changing one's mind too quickly: of what nothing is known yet, the first round that
 * does not fail is believed at once, as Envoy does; that it is critical takes as many as ever.
 */
export function stand(before: Standing, outcome: Outcome, thresholds: Thresholds): Standing {
  const counted = {
    failed: outcome === 'fail' ? before.failed + 1 : 0,
    unwell: outcome === 'pass' ? 0 : before.unwell + 1,
    passed: outcome === 'pass' ? before.passed + 1 : 0,
    answered: outcome === 'fail' ? 0 : before.answered + 1,
  };
  return { ...counted, status: statusOf(before.status, counted, thresholds) };
}

function statusOf(
  status: HealthStatus,
  { failed, unwell, passed, answered }: Omit<Standing, 'status'>,
  { failureThreshold, successThreshold }: Thresholds,
): HealthStatus {
  if (failed >= failureThreshold) return 'critical';
  switch (status) {
    case 'unknown':
      if (answered === 0) return 'unknown';
      return passed > 0 ? 'passing' : 'warning';
    case 'passing':
      return unwell >= failureThreshold ? 'warning' : 'passing';
    case 'warning':
      return passed >= successThreshold ? 'passing' : 'warning';
    case 'critical':
      if (passed >= successThreshold) return 'passing';
      return answered >= successThreshold ? 'warning' : 'critical';
  }
}
