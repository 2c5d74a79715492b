/** A clock that moves only when a test says so. */

import { setImmediate } from 'node:timers/promises';
import type { Clock, Timer } from '../../src/core/clock.js';

interface Pending {
  readonly due: number;
  readonly act: () => void;
  isHeld: boolean;
}

/** Lets everything that waits for nothing but other promises come to rest. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await setImmediate();
}

export class FakeClock implements Clock {
  #now: number;
  #monotonic = 5_000;
  readonly #timers = new Set<Pending>();

  constructor(now = '2026-01-01T00:00:00.000Z') {
    this.#now = Date.parse(now);
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(delay: number, act: () => void): Timer {
    const timer: Pending = { due: this.#monotonic + delay, act, isHeld: false };
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

  /** Lets `ms` pass as they do for a process that is awake: each timer runs at its time, one after the other. */
  async advance(ms: number): Promise<void> {
    await settle();
    const until = this.#monotonic + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ due }) => due <= until).sort((a, b) => a.due - b.due);
      if (next === undefined) break;
      this.#move(Math.max(next.due - this.#monotonic, 0));
      this.#timers.delete(next);
      next.act();
      await settle();
    }
    this.#move(Math.max(until - this.#monotonic, 0));
    await settle();
  }

  /** The machine is suspended: the wall clock goes on, the monotonic one and all timers stand still. */
  sleep(ms: number): void {
    this.#now += ms;
  }

  /** The process is stopped (SIGSTOP) or its loop is blocked: both clocks go on, and timers are late. */
  stop(ms: number): void {
    this.#move(ms);
  }

  /** Someone sets the wall clock, forward or back. */
  set(now: number): void {
    this.#now = now;
  }

  #move(ms: number): void {
    this.#now += ms;
    this.#monotonic += ms;
  }
}
