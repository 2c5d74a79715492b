/** A picked instance, counted as in use until it is given back. */

import type { Instance } from '../core/instance.js';

/**
 * What `pick` gives with `lease: true`. `least-connections` counts those that this registry has given out; nobody
 * else knows of them, and the instance is not told.
 */
export class Lease implements AsyncDisposable {
  readonly instance: Instance;
  #giveBack: (() => void) | undefined;

  constructor(instance: Instance, giveBack: () => void) {
    this.instance = instance;
    this.#giveBack = giveBack;
  }

  /** Gives it back. Calling it twice does no harm. */
  release(): void {
    this.#giveBack?.();
    this.#giveBack = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }
}
