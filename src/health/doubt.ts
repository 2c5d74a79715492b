/** When a monitor doubts itself: if more than half of all it watches fail together, it is rather the network, or its own sleep. */

import type { Clock } from '../core/clock.js';
import type { Patient } from './patient.js';

/** Fewer than this cannot tell: of two, one is no minority. */
const fewest = 3;

/** What makes one doubt. */
export interface Reason {
  readonly failing: number;
  readonly of: number;
  /** Whether it is not the same that others have just been given. */
  readonly isNew: boolean;
}

export class Doubt {
  readonly #clock: Clock;
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Why it is not believed yet that `patient` is critical, if it is not: more than half have begun to fail within one
   * round of it, before the first of them is told. For one round of its own, and once for as long as it fails: what
   * still fails then does fail, whatever the others do.
   */
  about(patient: Patient, patients: Iterable<Patient>): Reason | undefined {
    if (patient.wasDoubted) return undefined;
    const checked = [...patients].filter((each) => each.isChecked || each === patient);
    if (checked.length < fewest) return undefined;
    const { failingSince = 0 } = patient;
    const round = median(checked.map(({ schedule }) => schedule.interval)) * 1.2;
    const failing = checked.filter((each) => {
      return each.failingSince !== undefined && Math.abs(each.failingSince - failingSince) <= round;
    }).length;
    if (failing * 2 <= checked.length) return undefined;
    patient.wasDoubted = true;
    const now = this.#clock.monotonic();
    const isNew = now - this.#lastAt > round;
    if (isNew) this.#lastAt = now;
    return { failing, of: checked.length, isNew };
  }
}

/** One that is far slower than all others does not make it long. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
