/** A daemon that ends by itself: when nobody has needed it for a while, or when its parent has ended. */

import { callable, check, fields, number, pass } from '../core/checks.js';
import type { Timer } from '../core/clock.js';
import { nextTurn } from '../process/turns.js';
import { longestTimeout } from './options.js';
import type { World } from './world.js';

/** Between the last request and the end, in ms; and how long requests that go on are waited for. */
const farewell = 100;
const longestFarewell = 30_000;

/** How often the parent is looked for, in ms. */
const attention = 1_000;

export interface ExitOptions {
  /** What to do between deregistering and ending: closing the server, say. It is waited for, 30 s at most. */
  readonly before?: (() => unknown) | undefined;
}

/** A server of node:http or node:https. Only as much of it as is used: who has no types of Node's can use these. */
export interface ActiveServer {
  // biome-ignore lint/suspicious/noExplicitAny: what listeners are given differs from event to event
  on(event: string, listener: (...args: any[]) => void): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  prependListener(event: string, listener: (...args: any[]) => void): unknown;
  listenerCount(event: string): number;
}

export interface IdleOptions extends ExitOptions {
  /** Its requests, and connections that were upgraded, count as activity for as long as they last. */
  readonly server?: ActiveServer | undefined;
}

/** What leaving needs of a registration. */
interface Source {
  isOver(): boolean;
  deregister(): Promise<unknown>;
}

const isEmitter = check((value) => typeof (value as ActiveServer)?.on === 'function', 'must be a server');

export class Leaving {
  readonly #world: World;
  readonly #source: Source;
  #active = 0;
  #touchedAt: number;
  #idleTimer: Timer | undefined;
  #parentTimer: Timer | undefined;
  #isLeaving = false;

  constructor(world: World, source: Source) {
    this.#world = world;
    this.#source = source;
    this.#touchedAt = world.clock.monotonic();
  }

  /** Something was asked of the server. */
  touch(): void {
    this.#touchedAt = this.#world.clock.monotonic();
  }

  whenIdle(ms: number, options: IdleOptions): void {
    pass(number(1, longestTimeout), ms, 'The call of exitWhenIdle', 'ms');
    pass(fields({ before: callable, server: isEmitter }), options, 'The options of exitWhenIdle');
    if (options.server !== undefined) this.#watch(options.server);
    this.touch();
    const plan = (delay: number) => {
      this.#idleTimer?.cancel();
      this.#idleTimer = this.#world.clock.after(delay, () => {
        const left = this.#touchedAt + ms - this.#world.clock.monotonic();
        if (this.#source.isOver()) return;
        if (this.#active > 0) plan(ms);
        else if (left > 0) plan(left);
        else void this.#leave(options.before);
      });
    };
    plan(ms);
  }

  withParent(options: ExitOptions): void {
    pass(fields({ before: callable }), options, 'The options of exitWithParent');
    // Nobody has started a simulated process.
    if (this.#world.probe.isSimulated === true) return;
    const parent = process.ppid;
    const look = () => {
      if (this.#source.isOver()) return;
      if (hasEnded(parent)) void this.#leave(options.before);
      else this.#parentTimer = this.#world.clock.after(attention, look);
    };
    this.#parentTimer?.cancel();
    look();
  }

  stop(): void {
    this.#idleTimer?.cancel();
    this.#parentTimer?.cancel();
  }

  async #leave(before: (() => unknown) | undefined): Promise<void> {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.touch();
    for (const act of [() => this.#source.deregister(), before]) {
      try {
        await Promise.race([act?.(), this.#pause(longestFarewell)]);
      } catch (error) {
        // It leaves all the same: its entry is found dead then.
        this.#world.report(error);
      }
      await this.#rest();
    }
    // What was reported may be a warning, which comes a turn later.
    await nextTurn();
    const { probe } = this.#world;
    if (probe.exit === undefined) process.exit();
    else probe.exit();
  }

  /** For `delay` ms of this process's clock. */
  #pause(delay: number): Promise<void> {
    return new Promise((resolve) => {
      this.#world.clock.after(delay, resolve).hold(true);
    });
  }

  /** Until nothing is under way, nor was a moment ago: who has found the entry just before may be about to ask. */
  async #rest(): Promise<void> {
    const { clock } = this.#world;
    const until = clock.monotonic() + longestFarewell;
    while (clock.monotonic() < until && (this.#active > 0 || clock.monotonic() - this.#touchedAt < farewell)) {
      await this.#pause(farewell / 5);
    }
  }

  #watch(server: ActiveServer): void {
    const begin = (ended: (act: () => void) => void) => {
      this.#active++;
      this.touch();
      ended(() => {
        this.#active--;
        this.touch();
      });
    };
    server.on('request', (_, response) => begin((act) => response.once('close', act)));
    // A listener for upgrades makes Node leave them to it: so only beside one of the program's own.
    let isUpgrading = false;
    server.on('connection', () => {
      if (isUpgrading || server.listenerCount('upgrade') === 0) return;
      isUpgrading = true;
      server.prependListener('upgrade', (_, socket) => begin((act) => socket.once('close', act)));
    });
  }
}

/** An orphan gets another parent at once; on Windows it keeps the number of the one it had. */
function hasEnded(parent: number): boolean {
  if (process.ppid !== parent) return true;
  if (process.platform !== 'win32') return false;
  try {
    process.kill(parent, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
