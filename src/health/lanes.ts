/** How many checks are under way at once. */

import type { Clock } from '../core/clock.js';

/** At once. */
const most = 8;

/** How long a check has its lane for itself, in ms. One that only waits for an answer costs nothing any more. */
const patience = 100;

/**
 * Lets eight at a time begin; a ninth waits until one has ended, or has been waiting for its answer for 100 ms. So those
 * that hang hold up nobody for longer; and whoever hung the last time does not even wait for a lane.
 */
export class Lanes {
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  #free = most;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async run<T>(hungBefore: boolean, act: () => Promise<T>): Promise<T> {
    if (hungBefore) return act();
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    let isHeld = true;
    const leave = () => {
      if (!isHeld) return;
      isHeld = false;
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    };
    const timer = this.#clock.after(patience, leave);
    try {
      return await act();
    } finally {
      timer.cancel();
      leave();
    }
  }
}
