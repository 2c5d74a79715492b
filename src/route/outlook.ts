/** What there is to choose from: as the registry has it now, or as it was last, while that cannot be read. */

import type { IBackoff } from 'cockatiel';
import type { Timer } from '../core/clock.js';
import { invalid, isRollcallError } from '../core/errors.js';
import { parseQuery, type Query } from '../core/query.js';
import { Listeners } from '../registry/listeners.js';
import type { PickOptions } from '../registry/options.js';
import { type Choice, Picker } from '../registry/picker.js';
import type { Registry } from '../registry/registry.js';
import { Surveyor } from '../registry/survey.js';
import type { Staleness } from '../registry/watcher.js';
import { dropOldest } from './affinity.js';

/** How many queries are remembered, with what they gave last. */
const mostQueries = 1_000;

/** From one attempt to read the registry to the next, in ms: at first, and at most. */
const pauses = { initialDelay: 100, maxDelay: 5_000 };

/** What a router tells. */
export interface RouterEvents {
  /** The registry cannot be read. From now on it goes by what it knew last. */
  stale: [error: unknown];
  /** It can be read again, after so many ms. */
  fresh: [after: number];
}

const events: readonly (keyof RouterEvents)[] = ['stale', 'fresh'];

export class Outlook {
  readonly #registry: Registry;
  readonly #surveyor: Surveyor;
  readonly #picker: Picker;
  readonly #listeners: Listeners<RouterEvents>;
  readonly #known = new Map<string, Choice>();
  #readAt: number;
  #staleSince: number | undefined;
  #wait: IBackoff<unknown> | undefined;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(registry: Registry) {
    this.#registry = registry;
    this.#readAt = registry.clock.monotonic();
    this.#surveyor = new Surveyor(registry, { isLasting: false });
    this.#picker = new Picker(registry, this.#surveyor);
    this.#listeners = new Listeners((error) => registry.report(error));
  }

  get staleness(): Staleness {
    return { stale: this.#staleSince !== undefined, age: this.#registry.clock.monotonic() - this.#readAt };
  }

  on<Type extends keyof RouterEvents>(type: Type, listener: (...args: RouterEvents[Type]) => void): () => void {
    if (!events.includes(type)) {
      throw invalid('The listener', [{ path: 'type', message: `must be one of ${events.join(', ')}` }]);
    }
    return this.#listeners.on(type, listener);
  }

  /**
   * As `Picker.choose`; `key` is that of {@link keyOf}. While the registry cannot be read, what this query gave last; it
   * is then read in the background, after a pause that grows, and not by each call.
   *
   * @throws ROLLCALL_STORE if it cannot be read, and nothing is known; ROLLCALL_INVALID.
   */
  async look(query: Query | undefined, options: PickOptions, key: string): Promise<Choice> {
    const known = this.#staleSince === undefined ? undefined : this.#known.get(key);
    if (known !== undefined) return known;
    let choice: Choice;
    try {
      choice = await this.#picker.choose(query, options);
    } catch (error) {
      if (!isRollcallError(error, 'ROLLCALL_STORE')) throw error;
      this.#lose(error);
      const last = this.#known.get(key);
      if (last === undefined) throw error;
      return last;
    }
    this.#find();
    this.#known.delete(key);
    this.#known.set(key, choice);
    dropOldest(this.#known, mostQueries);
    return choice;
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#listeners.clear();
  }

  #find(): void {
    this.#readAt = this.#registry.clock.monotonic();
    if (this.#staleSince === undefined) return;
    const after = this.#readAt - this.#staleSince;
    this.#staleSince = undefined;
    this.#wait = undefined;
    this.#timer?.cancel();
    this.#listeners.emit('fresh', after);
  }

  #lose(error: unknown): void {
    if (this.#staleSince !== undefined || this.#isClosed) return;
    this.#staleSince = this.#registry.clock.monotonic();
    this.#listeners.emit('stale', error);
    void this.#tryLater();
  }

  async #tryLater(): Promise<void> {
    // Loaded when it is needed first: mostly it is not.
    const { ExponentialBackoff } = await import('cockatiel');
    if (this.#staleSince === undefined || this.#isClosed) return;
    this.#wait = this.#wait === undefined ? new ExponentialBackoff(pauses).next() : this.#wait.next(undefined);
    this.#timer = this.#registry.clock.after(this.#wait.duration, () => void this.#try());
  }

  async #try(): Promise<void> {
    try {
      await this.#surveyor.survey();
    } catch (error) {
      // One that has been closed does not come back. Whoever asks is told.
      return isRollcallError(error, 'ROLLCALL_CLOSED') ? undefined : this.#tryLater();
    }
    if (!this.#isClosed) this.#find();
  }
}

/** Whatever makes the answer another one. @throws ROLLCALL_INVALID */
export function keyOf(query: Query | undefined, { strategy, cwd, orAny, id }: PickOptions): string {
  const named = typeof strategy === 'string' ? strategy : '';
  try {
    return `${named} ${cwd ?? ''} ${orAny ?? ''} ${id ?? ''} ${JSON.stringify(query)}`;
  } catch (error) {
    // It refers to itself, or holds what JSON does not.
    parseQuery(query);
    throw error;
  }
}
