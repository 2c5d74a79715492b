/** What is done in the background for as long as something is held: heartbeats, and looks whether it is held still. */

import type { Timer } from '../core/clock.js';
import { soon } from '../process/turns.js';
import type { Queue } from './queue.js';
import type { World } from './world.js';

/** What needs sockets is loaded and opened this much later, in ms: who only registers and ends does not pay for it. */
const holdAfter = 20;

/** Of one record. Nothing in here keeps the process alive or is thrown: failures are reported, of a streak the first. */
export class Upkeep {
  readonly #world: World;
  readonly #queue: Queue;
  #timer: Timer | undefined;
  #letGo: (() => void) | undefined;
  #isFailing = false;
  #isOver = false;
  #isUntied = false;

  /** What it does takes its turn in `queue`. */
  constructor(world: World, queue: Queue) {
    this.#world = world;
    this.#queue = queue;
  }

  /** Does `act` from now on, each time `interval` ms after the last. */
  every(interval: number, act: () => Promise<unknown>): void {
    this.#timer = this.#world.clock.after(interval, () => {
      void this.run(act).then(() => {
        if (!this.#isOver) this.every(interval, act);
      });
    });
  }

  /** Does `act` once. Never rejects. */
  async run(act: () => Promise<unknown>): Promise<void> {
    try {
      await this.#queue.add(act);
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#world.report(error);
      this.#isFailing = true;
    }
  }

  /** Ties the entry `id` to this process soon, where the store can. Without that its death is found by looking. */
  holdSoon(id: string): void {
    if (this.#world.store.hold !== undefined) soon(() => void this.hold(id), holdAfter);
  }

  /** The same now, and anew if it was tied before. */
  async hold(id: string): Promise<void> {
    if (this.#isUntied) return;
    this.#letGo?.();
    this.#letGo = undefined;
    try {
      const letGo = await this.#world.store.hold?.(id);
      if (this.#isUntied) letGo?.();
      else this.#letGo = letGo;
    } catch {
      // A path that is too long, a file system without sockets, no file left to open: then it goes without.
    }
  }

  /** The next time does not come. */
  rest(): void {
    this.#timer?.cancel();
  }

  /** Unties the entry from this process, for good. */
  letGo(): void {
    this.#isUntied = true;
    this.#letGo?.();
  }

  stop(): void {
    this.#isOver = true;
    this.rest();
    this.letGo();
  }
}
