/** Does something at once, and again only after a pause, however often it is asked for. */

import type { Clock, Timer } from '../core/clock.js';

export class Throttle {
  readonly #clock: Clock;
  readonly #pause: number;
  readonly #act: () => void;
  #timer: Timer | undefined;
  #isWanted = false;

  /** `pause`: in ms. */
  constructor(clock: Clock, pause: number, act: () => void) {
    this.#clock = clock;
    this.#pause = pause;
    this.#act = act;
  }

  ask(): void {
    this.#isWanted = true;
    if (this.#timer === undefined) this.#run();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#isWanted = false;
  }

  #run(): void {
    this.#timer = undefined;
    if (!this.#isWanted) return;
    this.#isWanted = false;
    this.#timer = this.#clock.after(this.#pause, () => this.#run());
    this.#act();
  }
}
