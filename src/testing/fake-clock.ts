/** A clock that moves only when a test says so. */

import { setImmediate } from 'node:timers/promises';
import type { Clock, Timer } from '../core/clock.js';

interface Pending {
  readonly due: number;
  readonly act: () => void;
  isHeld: boolean;
}

/**
 * Lets everything that waits for nothing but other promises come to rest. No time passes, real or fake. What waits
 * for a file, a process or a real timer is not waited for.
 */
export async function settle(turns = 8): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await setImmediate();
}

/**
 * A clock for one process, given to a `Registry` or a store in place of the system's. It stands still until it is
 * told to move, so a test that needs an hour takes no time, and runs the same each time.
 *
 * It has no real timer: nothing of it keeps the process alive or needs closing. Each process has its own; for many
 * that share one time, see `createCluster`.
 */
export class FakeClock implements Clock {
  #now: number;
  #monotonic = 5_000;
  readonly #timers = new Set<Pending>();

  /** `now` is the wall-clock time it starts at: ISO 8601, a `Date`, or ms since 1970. */
  constructor(now: string | number | Date = '2026-01-01T00:00:00.000Z') {
    this.#now = new Date(now).getTime();
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(delay: number, act: () => void): Timer {
    // In whole ms, as Node's timers: else the sum of many jittered delays misses the instant a test asks for.
    const timer: Pending = { due: this.#monotonic + Math.ceil(delay), act, isHeld: false };
    this.#timers.add(timer);
    return {
      cancel: () => void this.#timers.delete(timer),
      hold: (keepsAlive) => {
        timer.isHeld = keepsAlive;
      },
    };
  }

  /** How many timers are pending. */
  get pending(): number {
    return this.#timers.size;
  }

  /** How many of them would keep the process alive. */
  get held(): number {
    return [...this.#timers].filter(({ isHeld }) => isHeld).length;
  }

  /** In how many ms the next timer is due, 0 if it is late; `undefined` if none is pending. */
  get next(): number | undefined {
    const due = this.#first()?.due;
    return due === undefined ? undefined : Math.max(due - this.#monotonic, 0);
  }

  /**
   * Lets `ms` pass as they do for a process that is awake: each timer runs at its time, one after the other, those
   * that are late at once. Resolves when all that they have set off has come to rest.
   */
  async advance(ms: number): Promise<void> {
    await settle();
    let left = ms;
    for (let next = this.next; next !== undefined && next <= left; next = this.next) {
      this.stop(next);
      left -= next;
      this.runNext();
      await settle();
    }
    this.stop(left);
    await settle();
  }

  /** The machine is suspended for `ms`: the wall clock goes on, the monotonic one and all timers stand still. */
  sleep(ms: number): void {
    this.#now += ms;
  }

  /**
   * The process is stopped (SIGSTOP), or its loop blocked, for `ms`: both clocks go on, and no timer runs. Those
   * that were due meanwhile run, late, when it advances again.
   */
  stop(ms: number): void {
    this.#now += ms;
    this.#monotonic += ms;
  }

  /** Someone sets the wall clock, forward or back, to `now`. Timers do not care. */
  set(now: string | number | Date): void {
    this.#now = new Date(now).getTime();
  }

  /** Runs the timer that is due next, whether or not its time has come; `false` if none is pending. */
  runNext(): boolean {
    const first = this.#first();
    if (first === undefined) return false;
    this.#timers.delete(first);
    first.act();
    return true;
  }

  /** Drops all timers, as the end of their process does. */
  clear(): void {
    this.#timers.clear();
  }

  #first(): Pending | undefined {
    let first: Pending | undefined;
    for (const timer of this.#timers) if (first === undefined || timer.due < first.due) first = timer;
    return first;
  }
}
