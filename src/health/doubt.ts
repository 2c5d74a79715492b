/** When a monitor doubts itself: if more than half of all it watches fail together, it is rather the network, or its own sleep. */

import type { Clock } from '../core/clock.js';
import type { Patient } from './patient.js';

/** Fewer than this cannot tell: of two, one is no minority. */
const fewest = 3;

export class Doubt {
  readonly #clock: Clock;
  /** No status gets critical before, in ms of the monotonic clock. */
  #until = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isOn(): boolean {
    return this.#clock.monotonic() < this.#until;
  }

  /**
   * Whether it is not believed yet that `patient` is critical. Begins when more than half have begun to fail within one
   * round of each other, before the first of them is told; lasts one round. What still fails then does fail.
   */
  applies(patient: Patient, patients: Iterable<Patient>): { isNew: boolean; failing: number; of: number } | undefined {
    const checked = [...patients].filter(({ isChecked }) => isChecked);
    const { failingSince = 0 } = patient;
    const round = 1.2 * Math.max(...checked.map(({ schedule }) => schedule.interval));
    const together = checked.filter((each) => {
      return each.failingSince !== undefined && Math.abs(each.failingSince - failingSince) <= round;
    });
    const told = { failing: together.length, of: checked.length };
    if (this.isOn) return { isNew: false, ...told };
    // What began to fail before the last doubt ended has been doubted already.
    if (checked.length < fewest || together.length * 2 <= checked.length || failingSince <= this.#until)
      return undefined;
    this.#until = this.#clock.monotonic() + round;
    return { isNew: true, ...told };
  }
}
