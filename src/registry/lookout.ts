/** When to look: at once at what a hint names, at everything on a slow tick, and soon where a hint names nothing. */

import type { Timer } from '../core/clock.js';
import { soon } from '../process/turns.js';
import type { Unwatch } from '../store/store.js';
import type { World } from './world.js';

/** Between two looks at everything when nothing is heard, in ms: what a death without a word, and a lost hint, cost. */
const tick = 500;

/** Between a hint without a name and the look, in ms. Grows with what a look costs, to a tenth of the time. */
const pause = 2;

/** Names beyond which one look at everything is less work. */
const many = 256;

/** Looks at these entries, or at all. Never rejects. */
type Look = (ids?: readonly string[]) => Promise<void>;

/** Never two looks at a time: the older could overtake the newer. */
export class Lookout {
  readonly #world: World;
  readonly #look: Look;
  readonly #named = new Set<string>();
  #isAllDue = false;
  #isLooking = false;
  #isSummoned = false;
  #isOver = false;
  #isHeld = false;
  #lookTook = 0;
  #timer: Timer | undefined;
  #timerDue = Number.POSITIVE_INFINITY;
  #unwatch: Promise<Unwatch | undefined> | undefined;

  constructor(world: World, look: Look) {
    this.#world = world;
    this.#look = look;
  }

  /** Looks at once, then whenever there is reason to. */
  async start(): Promise<void> {
    this.#isAllDue = true;
    await this.#work();
    if (this.#isOver) return;
    // After the first look, which waits for nobody; what changed in between is seen by the look that follows.
    this.#unwatch = this.#listen();
    await this.#unwatch;
    this.hint();
  }

  /** Something may have changed: this entry, or any. */
  hint(id?: string): void {
    if (this.#isOver) return;
    if (id === undefined) {
      this.#plan(Math.max(pause, Math.min(this.#lookTook * 9, tick)));
      return;
    }
    this.#named.add(id);
    if (this.#isLooking || this.#isSummoned) return;
    this.#isSummoned = true;
    // Not from within the hint: of a burst, all names that are told in one turn are looked at in one go.
    soon(() => {
      this.#isSummoned = false;
      void this.#work();
    });
  }

  /** Whether the next look at everything keeps the process alive. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    this.#timer?.hold(isHeld);
  }

  /** Looks no more. Resolves when nothing is watched any more. */
  async stop(): Promise<void> {
    this.#isOver = true;
    this.#timer?.cancel();
    const unwatch = await this.#unwatch;
    await unwatch?.();
  }

  /** Asks the store for hints. Where it has none, or none to give, the tick does alone. */
  async #listen(): Promise<Unwatch | undefined> {
    try {
      return await this.#world.store.watch?.((id) => this.hint(id));
    } catch {
      // No inotify left, or a folder that cannot be made: the looks go on, and report it if they fail as well.
      return undefined;
    }
  }

  #plan(delay: number): void {
    const { clock } = this.#world;
    const due = clock.monotonic() + delay;
    if (this.#isOver || (this.#timer !== undefined && this.#timerDue <= due)) return;
    this.#timer?.cancel();
    this.#timerDue = due;
    this.#timer = clock.after(delay, () => {
      this.#timer = undefined;
      this.#isAllDue = true;
      void this.#work();
    });
    this.#timer.hold(this.#isHeld);
  }

  /** Looks at all that is due, and at what becomes due meanwhile. */
  async #work(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    while (!this.#isOver && (this.#isAllDue || this.#named.size > 0)) await this.#once();
    this.#isLooking = false;
    this.#plan(tick);
  }

  async #once(): Promise<void> {
    const isAll = this.#isAllDue || this.#named.size > many;
    const names = [...this.#named];
    this.#named.clear();
    if (!isAll) return this.#look(names);
    this.#isAllDue = false;
    const { clock } = this.#world;
    const began = clock.monotonic();
    await this.#look();
    this.#lookTook = clock.monotonic() - began;
  }
}
