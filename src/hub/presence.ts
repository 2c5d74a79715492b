/** Which of many hosts over HTTP are still there: most go without a word. */

import type { Clock, Timer } from '../core/clock.js';

/** Who has not been heard of for so long, in ms, and has no stream open, has gone. */
const longestSilence = 600_000;

/** From one look to the next, in ms. */
const pace = 60_000;

/** So many are kept; of more, those go first that have been silent for longest. */
const most = 100;

interface Guest<T> {
  readonly host: T;
  heardAt: number;
  streams: number;
}

export class Presence<T> {
  readonly #clock: Clock;
  readonly #dismiss: (host: T) => void;
  readonly #guests = new Map<string, Guest<T>>();
  #timer: Timer | undefined;

  /** `dismiss`: ends what is kept for a host. If it comes back, it is another. */
  constructor(clock: Clock, dismiss: (host: T) => void) {
    this.#clock = clock;
    this.#dismiss = dismiss;
  }

  get hosts(): T[] {
    return [...this.#guests.values()].map(({ host }) => host);
  }

  add(key: string, host: T): void {
    this.#guests.set(key, { host, heardAt: this.#clock.monotonic(), streams: 0 });
    if (this.#guests.size > most) this.#dismissOldest();
    this.#timer ??= this.#clock.after(pace, () => this.#look());
  }

  /** It has said something. `undefined` if it is not known. */
  heard(key: string): T | undefined {
    const guest = this.#guests.get(key);
    if (guest !== undefined) guest.heardAt = this.#clock.monotonic();
    return guest?.host;
  }

  /** It listens, until `signal` is aborted. */
  listens(key: string, signal: AbortSignal): void {
    const guest = this.#guests.get(key);
    if (guest === undefined || signal.aborted) return;
    guest.streams++;
    const end = () => {
      guest.streams--;
      guest.heardAt = this.#clock.monotonic();
    };
    signal.addEventListener('abort', end, { once: true });
  }

  remove(key: string): void {
    this.#guests.delete(key);
  }

  #look(): void {
    const now = this.#clock.monotonic();
    for (const [key, { heardAt, streams }] of this.#guests) {
      if (streams === 0 && now - heardAt > longestSilence) this.#end(key);
    }
    this.#timer = this.#guests.size === 0 ? undefined : this.#clock.after(pace, () => this.#look());
  }

  #dismissOldest(): void {
    const [oldest] = [...this.#guests].sort(
      ([, a], [, b]) => Number(a.streams > 0) - Number(b.streams > 0) || a.heardAt - b.heardAt,
    );
    if (oldest !== undefined) this.#end(oldest[0]);
  }

  #end(key: string): void {
    const guest = this.#guests.get(key);
    this.#guests.delete(key);
    if (guest !== undefined) this.#dismiss(guest.host);
  }
}
