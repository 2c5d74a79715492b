/** Keeps one client connected to the instance it is given, for as long as that is there. */

import type { IBackoff } from 'cockatiel';
import type { Clock, Timer } from '../core/clock.js';
import type { Instance } from '../core/instance.js';
import type { Client } from './client.js';
import type { Line } from './dial.js';
import type { Onlooker } from './fetch.js';
import { isForgotten } from './forgotten.js';
import { isSamePlace } from './service.js';

/** From one attempt to the next, in ms: at first, and at most. */
const pauses = { initialDelay: 100, maxDelay: 5_000 };

/** A line that does not live for so long, in ms, is no better than none: the next is not tried at once. */
const shortest = 2_000;

/** Before calls under way are given up, in ms. */
const grace = 100;

/** How the client is connected to an instance; each time anew. */
export type Dialler = (instance: Instance, onlooker: Onlooker, signal: AbortSignal) => Promise<Line>;

/** What its owner is told. */
export interface TetherEvents {
  connected(instance: Instance): void;
  /** The calls under way have been rejected. */
  disconnected(instance: Instance, reason: string): void;
  /** An attempt has failed; the next one comes. */
  failed(error: unknown): void;
}

export class Tether {
  readonly #client: Client;
  readonly #dial: Dialler;
  readonly #clock: Clock;
  readonly #events: TetherEvents;
  #target: Instance | undefined;
  #line: Line | undefined;
  #connectedAt = 0;
  /** Of the attempt that runs, or of the line that is open: what is heard of those given up does not count. */
  #current = new AbortController();
  #running: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #wait: IBackoff<unknown> | undefined;
  #timer: Timer | undefined;

  constructor(client: Client, dial: Dialler, clock: Clock, events: TetherEvents) {
    this.#client = client;
    this.#dial = dial;
    this.#clock = clock;
    this.#events = events;
  }

  get isConnected(): boolean {
    return this.#line !== undefined;
  }

  /** From now on it is to be connected to this instance; `undefined`: to nothing, for that `reason`. */
  assign(target: Instance | undefined, reason = 'another has taken its place'): void {
    const previous = this.#target;
    this.#target = target;
    if (target !== undefined && previous?.id === target.id && isSamePlace(previous, target)) return;
    if (previous !== undefined) {
      // It may still be there, and keep a session for us.
      this.#line?.leave();
      this.#drop(previous, target?.id === previous.id ? 'it has moved' : reason);
    }
    this.#wait = undefined;
    this.#schedule(0);
  }

  /**
   * Resolves when it is connected. Rejects with what the attempt fails with that runs now, or is begun for this: who
   * wants something is not told to wait for the next one.
   */
  async reach(): Promise<void> {
    for (;;) {
      const target = this.#target;
      if (this.isConnected || target === undefined) return;
      try {
        return await (this.#running ?? this.#begin(target));
      } catch (error) {
        // Of what stood here before: what stands here now is meant.
        if (this.#target === target) throw error;
      }
    }
  }

  /**
   * It has turned out that the line leads nowhere any more. What was sent at the same time is about to hear so as well,
   * and is left a moment for that: whoever was refused knows that nothing was done.
   */
  lose(reason: string): void {
    if (this.#target === undefined || !this.isConnected) return;
    const isShort = this.#clock.monotonic() - this.#connectedAt < shortest;
    this.#drop(this.#target, reason, grace);
    if (isShort) void this.#retry(this.#current);
    else this.#schedule(0);
  }

  /** Says goodbye to the server, and stops. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#target = undefined;
    const line = this.#line;
    this.#line = undefined;
    this.#current.abort();
    this.#current = new AbortController();
    await Promise.all([line?.hangUp(), this.#running?.catch(() => {}), this.#closing]);
  }

  #drop(instance: Instance, reason: string, delay = 0): void {
    const line = this.#line;
    this.#line = undefined;
    this.#current.abort();
    this.#current = new AbortController();
    if (line === undefined) return;
    const close = () => {
      void line.transport.close().catch(() => {});
      void this.#client.close().catch(() => {});
      this.#events.disconnected(instance, reason);
    };
    if (delay > 0) this.#closing = new Promise<void>((resolve) => this.#clock.after(delay, resolve)).then(close);
    else close();
  }

  #schedule(delay: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(delay, () => {
      // What fails here has been told.
      const isIdle = !this.isConnected && this.#running === undefined;
      if (this.#target !== undefined && isIdle) this.#begin(this.#target).catch(() => {});
    });
  }

  /** Later, and each time later. */
  async #retry({ signal }: AbortController): Promise<void> {
    // Loaded when it is needed first: mostly it is not.
    const { ExponentialBackoff } = await import('cockatiel');
    if (signal.aborted || this.#target === undefined) return;
    this.#wait = this.#wait === undefined ? new ExponentialBackoff(pauses).next() : this.#wait.next(undefined);
    this.#schedule(this.#wait.duration);
  }

  #begin(target: Instance): Promise<void> {
    this.#timer?.cancel();
    const before = this.#running;
    const current = new AbortController();
    this.#current = current;
    const running = this.#connect(target, current, before);
    this.#running = running;
    running
      .catch(async (error) => {
        if (current.signal.aborted) return;
        this.#events.failed(error);
        await this.#retry(current);
      })
      .finally(() => {
        if (this.#running === running) this.#running = undefined;
      });
    return running;
  }

  async #connect(target: Instance, { signal }: AbortController, before: Promise<void> | undefined): Promise<void> {
    // One client is connected to one place at a time.
    await before?.catch(() => {});
    await this.#closing;
    signal.throwIfAborted();
    await this.#client.close().catch(() => {});
    const line = await this.#dial(target, this.#onlooker(signal), signal);
    if (signal.aborted) {
      await line.hangUp();
      signal.throwIfAborted();
    }
    // Whether it is any good shows in a while: until then a loss is one more in a row.
    if (this.#clock.monotonic() - this.#connectedAt > pauses.maxDelay) this.#wait = undefined;
    this.#connectedAt = this.#clock.monotonic();
    this.#line = line;
    this.#events.connected(target);
  }

  /** A server that has forgotten a session says 404 for ever; one that is not there refuses. Neither closes anything. */
  #onlooker(signal: AbortSignal): Onlooker {
    const isHeard = () => !signal.aborted && this.isConnected;
    return {
      answered: (request, status, refusal) => {
        if (isForgotten(request, status, refusal) && isHeard())
          this.lose('its server does not know the session any more');
      },
      failed: (_, error) => {
        const { code } = error as { code?: unknown };
        if ((code === 'ECONNREFUSED' || code === 'ENOENT') && isHeard()) this.lose('its server does not listen');
      },
    };
  }
}
