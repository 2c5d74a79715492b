/** One instance under watch: how it stands, and since when. */

import type { Clock, Timer } from '../core/clock.js';
import type { Instance } from '../core/instance.js';
import type { Check } from './check.js';
import type { Checkup, Health, HealthStatus, Suspension } from './health.js';
import { type Standing, stand, unchecked } from './standing.js';
import type { Schedule } from './wishes.js';

/** How many rounds are remembered. */
const longest = 20;

/** What the latest round counts for in the response time. */
const share = 1 / 3;

export class Patient {
  instance: Instance;
  schedule: Schedule;
  /** By level, from the ground up. */
  checks: readonly (readonly Check[])[];
  /** Whether a check of its last round got no answer in time. */
  hungBefore = false;
  /** When the rounds began to fail that have failed up to now, in ms of the monotonic clock. */
  failingSince: number | undefined;
  /** Whether it was not believed that they had. */
  wasDoubted = false;
  timer: Timer | undefined;
  /** The round that is under way. */
  running: Promise<void> | undefined;
  readonly #clock: Clock;
  #standing: Standing = unchecked;
  #since: number;
  #history: readonly Checkup[] = [];
  #lastFailure: Health['lastFailure'];
  #responseTime: number | undefined;
  #suspended: Suspension | undefined;
  #shown: Health | undefined;
  /** For how long its status was known, and how much of that it was critical, in ms; up to `#countedAt`. */
  #knownFor = 0;
  #criticalFor = 0;
  #countedAt: number;

  constructor(clock: Clock, instance: Instance, schedule: Schedule, checks: readonly (readonly Check[])[]) {
    this.#clock = clock;
    this.instance = instance;
    this.schedule = schedule;
    this.checks = checks;
    this.#since = clock.now();
    this.#countedAt = clock.monotonic();
  }

  get suspended(): Suspension | undefined {
    return this.#suspended;
  }

  set suspended(suspended: Suspension | undefined) {
    this.#suspended = suspended;
    this.#shown = undefined;
  }

  get status(): HealthStatus {
    return this.#standing.status;
  }

  get isChecked(): boolean {
    return this.#history.length > 0;
  }

  /** What one more round would make of it. */
  after({ outcome }: Checkup): Standing {
    return stand(this.#standing, outcome, this.schedule);
  }

  /** Notes a round, after which it stands like this. */
  record(checkup: Checkup, standing: Standing): void {
    const { at, outcome, took, check = '', reason = '' } = checkup;
    this.#count();
    this.#shown = undefined;
    if (standing.status !== this.status) this.#since = this.#clock.now();
    this.#standing = standing;
    this.#history = [...this.#history.slice(1 - longest), checkup];
    if (outcome === 'fail') {
      this.#lastFailure = { at, check, reason };
      return;
    }
    this.failingSince = undefined;
    this.wasDoubted = false;
    this.#responseTime = this.#responseTime === undefined ? took : this.#responseTime * (1 - share) + took * share;
  }

  /** Made anew only when something has changed: routers ask for it with every pick. */
  get health(): Health {
    this.#shown ??= this.#show();
    return this.#shown;
  }

  #show(): Health {
    const { id, name } = this.instance;
    const uptime = () => this.#uptime();
    return {
      id,
      name,
      status: this.status,
      since: this.#since,
      checkedAt: this.#history.at(-1)?.at,
      responseTime: this.#responseTime,
      // It moves on by itself.
      get uptime() {
        return uptime();
      },
      consecutiveFailures: this.#standing.failed,
      lastFailure: this.#lastFailure,
      suspended: this.#suspended,
      history: this.#history,
    };
  }

  #uptime(): number | undefined {
    this.#count();
    return this.#knownFor === 0 ? this.#uptimeOfNow() : 100 * (1 - this.#criticalFor / this.#knownFor);
  }

  /** Known since this very moment. */
  #uptimeOfNow(): number | undefined {
    if (this.status === 'unknown') return undefined;
    return this.status === 'critical' ? 0 : 100;
  }

  #count(): void {
    const now = this.#clock.monotonic();
    const passed = now - this.#countedAt;
    this.#countedAt = now;
    if (this.status !== 'unknown') this.#knownFor += passed;
    if (this.status === 'critical') this.#criticalFor += passed;
  }
}
