/** How well an instance is, as a monitor knows it. Never written into anyone's entry. */

/**
 * `passing`, `warning`, `critical`: as its checks say, after as many in a row as the thresholds ask for; `unknown`: not
 * enough of them yet.
 */
export type HealthStatus = 'unknown' | 'passing' | 'warning' | 'critical';

/** How one check, or all checks of one round, came out. */
export type Outcome = 'pass' | 'warn' | 'fail';

/** One round of checks of one instance. Instants are in ms since 1970. */
export interface Checkup {
  readonly at: number;
  readonly outcome: Outcome;
  /** How long the round took, in ms. */
  readonly took: number;
  /** Which check did not pass, and why. */
  readonly check?: string | undefined;
  readonly reason?: string | undefined;
}

export interface Health {
  readonly id: string;
  readonly name: string;
  readonly status: HealthStatus;
  /** Since when it has been in this status, in ms since 1970. */
  readonly since: number;
  /** When it was checked last, in ms since 1970. */
  readonly checkedAt?: number | undefined;
  /** How long checks that pass take, in ms: the latest counts for a third, those before for the rest. */
  readonly responseTime?: number | undefined;
  /** In percent: of the time for which its status was known, that in which it was not critical. */
  readonly uptime?: number | undefined;
  /** Rounds in a row that failed. */
  readonly consecutiveFailures: number;
  readonly lastFailure?: { readonly at: number; readonly check: string; readonly reason: string } | undefined;
  /** Taken out of rotation by hand, until resumed. */
  readonly suspended?: Suspension | undefined;
  /** The last rounds, oldest first; 20 at most. */
  readonly history: readonly Checkup[];
}

export interface Suspension {
  readonly reason: string;
  /** In ms since 1970. */
  readonly since: number;
}

/** What a router or hub needs of a monitor: `undefined` for what it does not watch. */
export interface HealthSource {
  of(id: string): Pick<Health, 'status' | 'responseTime' | 'suspended'> | undefined;
}

/** How all are that are watched. */
export interface Report {
  /** In ms since 1970. */
  readonly at: number;
  readonly counts: Readonly<Record<HealthStatus, number>>;
  /** Oldest registration first. */
  readonly instances: readonly Health[];
}
