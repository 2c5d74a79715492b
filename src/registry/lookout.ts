/** When to look: at once at what a hint names, at everything on a slow tick, soon where a hint names nothing; with back-off. */

import type { Timer } from '../core/clock.js';
import { soon } from '../process/turns.js';
import type { Unwatch } from '../store/store.js';
import type { World } from './world.js';

/** Between two looks at everything when nothing is heard, in ms: what a death without a word, and a lost hint, cost. */
const tick = 500;

/**
 * Between two looks that fail: doubled from one tick up to this, in ms, less a quarter at most by chance, so that many
 * watchers of one disk do not come at once. With the look itself the view is right again within 2.5 s of the repair.
 */
const longestTick = 2_000;

/** Between a look that failed and the one that a hint leads to, in ms, however many hints come. */
const breather = 100;

/** Between a hint without a name and the look, in ms. Grows with what a look costs, to a tenth of the time. */
const pause = 2;

/** Names beyond which one look at everything is less work. */
const many = 256;

/** Looks at these entries, or at all. Never rejects; `false` says that it could not be done. */
type Look = (ids?: readonly string[]) => Promise<unknown>;

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
  /** Looks that failed since the last that did not; when the last of them was over (monotonic, in ms). */
  #failures = 0;
  #failedAt = 0;
  #timer: Timer | undefined;
  #timerDue = Number.POSITIVE_INFINITY;
  #unwatch: Promise<Unwatch | undefined> | undefined;
  /** Whether hints were asked for and could not be had. */
  #isDeaf = false;

  constructor(world: World, look: Look) {
    this.#world = world;
    this.#look = look;
  }

  /** Looks at once, then whenever there is reason to. */
  async start(): Promise<void> {
    this.#isAllDue = true;
    await this.#work();
    if (this.#isOver) return;
    // After the first look, which waits for nobody.
    this.#unwatch = this.#listen();
    await this.#unwatch;
  }

  /** Something may have changed: this entry, or any. */
  hint(id?: string): void {
    if (this.#isOver) return;
    if (id === undefined || this.#failures > 0) {
      const rest = Math.max(pause, Math.min(this.#lookTook * 9, tick));
      // After a look that failed the next is one at everything: nothing is known to be as it was. And where looks fail,
      // hints may come in storms, and each look may cost a timeout of some disk.
      const left = this.#failures > 0 ? this.#failedAt + breather - this.#world.clock.monotonic() : 0;
      this.#plan(Math.max(rest, left));
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
    this.#isDeaf = false;
    try {
      return await this.#world.store.watch?.((id) => this.hint(id));
    } catch {
      // No inotify left, or a folder that cannot be made: the looks go on, and report it if they fail as well.
      this.#isDeaf = true;
      return undefined;
    } finally {
      // What changed before there were hints is seen by the look that follows.
      this.hint();
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
    let isDue = this.#isDue();
    while (isDue) isDue = (await this.#once()) && this.#isDue();
    this.#isLooking = false;
    if (this.#failures === 0) this.#plan(tick);
    else this.#plan(this.#isDue() ? breather : backOff(this.#failures));
  }

  #isDue(): boolean {
    return !this.#isOver && (this.#isAllDue || this.#named.size > 0);
  }

  /** One look. `false`: it failed. */
  async #once(): Promise<boolean> {
    const isAll = this.#isAllDue || this.#named.size > many;
    const names = [...this.#named];
    this.#named.clear();
    this.#isAllDue &&= !isAll;
    const { clock } = this.#world;
    const began = clock.monotonic();
    const isDone = (await this.#look(isAll ? undefined : names)) !== false;
    const ended = clock.monotonic();
    if (isAll) this.#lookTook = ended - began;
    if (!isDone) this.#failedAt = ended;
    const isBack = isDone && this.#failures > 0;
    this.#failures = isDone ? 0 : this.#failures + 1;
    if (isBack && this.#isDeaf && !this.#isOver) this.#unwatch = this.#listen();
    return isDone;
  }
}

/** Until the next look after so many that failed, in ms. */
function backOff(failures: number): number {
  const doubled = Math.min(tick * 2 ** (failures - 1), longestTick);
  return doubled * (0.75 + Math.random() / 4);
}
