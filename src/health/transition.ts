/** From one status to another, and who is told of it. */

import type { Instance } from '../core/instance.js';
import type { HealthStatus } from './health.js';

export interface Transition {
  readonly id: string;
  readonly instance: Instance;
  readonly from: HealthStatus;
  readonly to: HealthStatus;
  /** In ms since 1970. */
  readonly at: number;
  /** Which check did not pass, and why; of what is `passing` neither. */
  readonly check?: string | undefined;
  readonly reason?: string | undefined;
}

/** Transitions for one consumer at its own pace. One that falls behind is told of each instance where it stands now. */
export class TransitionStream implements AsyncIterableIterator<Transition> {
  readonly #onWait: () => void;
  readonly #onReturn: (stream: TransitionStream) => void;
  readonly #untold = new Map<string, Transition>();
  #waiting: ((result: IteratorResult<Transition>) => void)[] = [];
  #isOver = false;

  constructor(onWait: () => void, onReturn: (stream: TransitionStream) => void) {
    this.#onWait = onWait;
    this.#onReturn = onReturn;
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  tell(transition: Transition): void {
    const { id } = transition;
    const before = this.#untold.get(id);
    this.#untold.delete(id);
    // There and back again, while nobody looked.
    const from = before?.from ?? transition.from;
    if (from !== transition.to) this.#untold.set(id, { ...transition, from });
    for (const [next, value] of this.#untold) {
      const resolve = this.#waiting.shift();
      if (resolve === undefined) break;
      this.#untold.delete(next);
      resolve({ value, done: false });
    }
    this.#onWait();
  }

  /** Gone: what was not told of it is of no interest. */
  forget(id: string): void {
    this.#untold.delete(id);
  }

  end(): void {
    this.#isOver = true;
    for (const resolve of this.#waiting.splice(0)) resolve({ value: undefined, done: true });
    this.#onWait();
  }

  async next(): Promise<IteratorResult<Transition>> {
    for (const [id, value] of this.#untold) {
      this.#untold.delete(id);
      return { value, done: false };
    }
    if (this.#isOver) return { value: undefined, done: true };
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#onWait();
    });
  }

  async return(): Promise<IteratorResult<Transition>> {
    this.#untold.clear();
    this.end();
    this.#onReturn(this);
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
