/** What is done about an instance that is critical: again and again, and each time later, until it is not. */

import type { IBackoff } from 'cockatiel';
import { callable, fields, number, pass } from '../core/checks.js';
import type { Clock, Timer } from '../core/clock.js';
import type { Instance } from '../core/instance.js';
import { longestTimeout } from '../registry/options.js';
import type { Health } from './health.js';

/**
 * Does something about a critical instance. It may take its time: it is not called again for that instance before it has
 * settled. `attempt` counts from 1, anew each time the instance becomes critical. The signal is aborted when it is not
 * critical any more, or gone.
 */
export type Healer = (
  instance: Instance,
  options: { readonly signal: AbortSignal; readonly attempt: number; readonly health: Health },
) => unknown;

export interface HealerOptions {
  /** About as long before the second attempt, in ms; 1,000 unless given. Then about twice as long each time, with jitter. */
  readonly initialDelay?: number | undefined;
  /** At most, in ms; 300,000 unless given. */
  readonly maxDelay?: number | undefined;
}

interface Case {
  readonly controller: AbortController;
  timer: Timer | undefined;
}

const delay = number(1, longestTimeout);
const healerOptions = fields({ initialDelay: delay, maxDelay: delay });

/** What healing needs of a monitor. */
interface Source {
  readonly clock: Clock;
  of(id: string): Health | undefined;
  instanceOf(id: string): Instance | undefined;
  report(error: unknown): void;
}

/** All healers of a monitor. */
export class Recoveries {
  readonly #source: Source;
  readonly #all = new Set<Recovery>();

  constructor(source: Source) {
    this.#source = source;
  }

  /** Returns what takes it back. @throws ROLLCALL_INVALID */
  add(heal: Healer, options: HealerOptions): () => void {
    pass(callable, heal, 'The healer', 'heal');
    pass(healerOptions, options, 'The options of the healer');
    const recovery = new Recovery(this.#source, heal, options);
    this.#all.add(recovery);
    return () => {
      this.#all.delete(recovery);
      recovery.stop();
    };
  }

  /** This instance is critical. */
  begin(id: string): void {
    for (const recovery of this.#all) recovery.begin(id);
  }

  /** It is not, or gone. */
  end(id: string): void {
    for (const recovery of this.#all) recovery.end(id);
  }

  /** For good. */
  stop(): void {
    for (const recovery of this.#all) recovery.stop();
  }
}

class Recovery {
  readonly #source: Source;
  readonly #heal: Healer;
  readonly #delays: { initialDelay: number; maxDelay: number };
  readonly #cases = new Map<string, Case>();
  /** What a healer has been asked to do, and has not done yet: also in a case that is over. */
  readonly #atWork = new Map<string, Promise<void>>();
  #isOver = false;

  constructor(source: Source, heal: Healer, { initialDelay = 1_000, maxDelay = 300_000 }: HealerOptions) {
    this.#source = source;
    this.#heal = heal;
    this.#delays = { initialDelay, maxDelay };
  }

  begin(id: string): void {
    if (this.#isOver || this.#cases.has(id)) return;
    const found: Case = { controller: new AbortController(), timer: undefined };
    this.#cases.set(id, found);
    void this.#attempt(id, found, 1, undefined);
  }

  end(id: string): void {
    const found = this.#cases.get(id);
    this.#cases.delete(id);
    found?.timer?.cancel();
    found?.controller.abort();
  }

  stop(): void {
    this.#isOver = true;
    for (const id of [...this.#cases.keys()]) this.end(id);
  }

  async #attempt(id: string, found: Case, attempt: number, before: IBackoff<unknown> | undefined): Promise<void> {
    const { signal } = found.controller;
    await this.#atWork.get(id);
    const instance = this.#source.instanceOf(id);
    const health = this.#source.of(id);
    if (signal.aborted || instance === undefined || health === undefined) return;
    const working = this.#work(instance, { signal, attempt, health });
    this.#atWork.set(id, working);
    await working;
    this.#atWork.delete(id);
    // Loaded when it is needed first: mostly nothing is critical.
    const { ExponentialBackoff } = await import('cockatiel');
    if (signal.aborted) return;
    const backoff = before === undefined ? new ExponentialBackoff(this.#delays).next() : before.next(undefined);
    found.timer = this.#source.clock.after(backoff.duration, () => void this.#attempt(id, found, attempt + 1, backoff));
  }

  /** Never rejects. */
  async #work(instance: Instance, options: Parameters<Healer>[1]): Promise<void> {
    try {
      await this.#heal(instance, options);
    } catch (error) {
      // Told to give up, it may well say so; all else is to be known, also if the instance is gone by now.
      if (error !== options.signal.reason) this.#source.report(error);
    }
  }
}
