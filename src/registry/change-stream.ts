/** Changes for one consumer at its own pace: the latest state of each instance, in as many steps as it asks for. */

import type { Change, RemoveReason } from '../core/diff.js';
import type { Instance } from '../core/instance.js';

/**
 * Holds no queue of events but the ids that changed, and finds out what to tell when it is asked: from what this
 * consumer was told last and what is so now. However far it falls behind, it costs one id per instance.
 */
export class ChangeStream implements AsyncIterableIterator<Change> {
  readonly #now: (id: string) => Instance | undefined;
  readonly #onWait: (isWaiting: boolean) => void;
  readonly #onReturn: () => Promise<void>;
  readonly #told = new Map<string, Instance>();
  /** What changed since it was told, oldest first; with the reason if it was removed. */
  readonly #changed = new Map<string, RemoveReason | undefined>();
  #waiting: { resolve(result: IteratorResult<Change>): void; reject(error: unknown): void }[] = [];
  #isOver = false;
  #failure: unknown;

  constructor(
    now: (id: string) => Instance | undefined,
    onWait: (isWaiting: boolean) => void,
    onReturn: () => Promise<void>,
  ) {
    this.#now = now;
    this.#onWait = onWait;
    this.#onReturn = onReturn;
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  tell({ instance: { id }, reason }: Change): void {
    this.#changed.set(id, reason);
    // Came and went untold: or a consumer that never asks would cost one id for each instance there ever was.
    if (this.#told.get(id) === this.#now(id)) this.#changed.delete(id);
    while (this.#waiting.length > 0) {
      const change = this.#take();
      if (change === undefined) break;
      this.#waiting.shift()?.resolve({ value: change, done: false });
    }
    this.#onWait(this.isWaiting);
  }

  /** Ends after what is still untold; with an error if there is a `failure`. */
  end(failure?: unknown): void {
    this.#isOver = true;
    this.#failure = failure;
    for (const { resolve, reject } of this.#waiting.splice(0)) {
      if (failure === undefined) resolve({ value: undefined, done: true });
      else reject(failure);
    }
  }

  async next(): Promise<IteratorResult<Change>> {
    const change = this.#take();
    if (change !== undefined) return { value: change, done: false };
    if (this.#isOver) {
      if (this.#failure !== undefined) throw this.#failure;
      return { value: undefined, done: true };
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#onWait(true);
    });
  }

  async return(): Promise<IteratorResult<Change>> {
    this.#changed.clear();
    this.end();
    await this.#onReturn();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The first change this consumer does not know of yet, if there is one. */
  #take(): Change | undefined {
    for (const [id, reason] of this.#changed) {
      this.#changed.delete(id);
      const previous = this.#told.get(id);
      const instance = this.#now(id);
      if (instance === previous) continue;
      if (instance === undefined) {
        this.#told.delete(id);
        // `previous` is there: they differ.
        return { type: 'remove', instance: previous as Instance, reason: reason ?? 'deregistered' };
      }
      this.#told.set(id, instance);
      return previous === undefined ? { type: 'add', instance } : { type: 'change', instance, previous };
    }
    return undefined;
  }
}
