/** Which lifelines a watcher hangs on: one of each process whose instances it shows. */

import type { Timer } from '../core/clock.js';
import type { Instance } from '../core/instance.js';
import type { Follower } from '../store/store.js';
import type { World } from './world.js';

/** How many at most: each is an open file here and there. Of others a death is found by looking. */
const most = 512;

/**
 * When to look again after a lifeline ended, and when to try once more where none could be had, in ms: a process that
 * ends closes its files a moment before it is gone, and one that has just registered opens its lifeline a moment later.
 */
const delays = [0, 2, 8, 30, 100, 300, 1_000] as const;

/** A process, and its instances that are shown. */
interface Line {
  readonly ids: Set<string>;
  follower: Follower | undefined;
  timer: Timer | undefined;
}

export class Lifelines {
  readonly #world: World;
  readonly #lookAgain: (id: string, isDead: boolean) => void;
  readonly #lines = new Map<string, Line>();
  #isOver = false;

  /** Calls `lookAgain` with each instance of a process that may have ended, and whether it is proved that it has. */
  constructor(world: World, lookAgain: (id: string, isDead: boolean) => void) {
    this.#world = world;
    this.#lookAgain = lookAgain;
  }

  /** Shown from now on. */
  add(instance: Instance): void {
    const { store, probe } = this.#world;
    if (store.follow === undefined || this.#isOver) return;
    // A socket of another machine, on a shared disk, leads nowhere.
    if (instance.process.machine !== probe.observer.machine || instance.process.boot !== probe.observer.boot) return;
    const key = keyOf(instance);
    const line = this.#lines.get(key);
    if (line !== undefined) {
      line.ids.add(instance.id);
      return;
    }
    if (this.#lines.size >= most) return;
    const made: Line = { ids: new Set([instance.id]), follower: undefined, timer: undefined };
    this.#lines.set(key, made);
    void this.#follow(made, 0);
  }

  /** Not shown any more. */
  remove(instance: Instance): void {
    const key = keyOf(instance);
    const line = this.#lines.get(key);
    if (line === undefined) return;
    line.ids.delete(instance.id);
    if (line.ids.size > 0) return;
    this.#lines.delete(key);
    letGo(line);
  }

  stop(): void {
    this.#isOver = true;
    for (const line of this.#lines.values()) letGo(line);
    this.#lines.clear();
  }

  async #follow(line: Line, attempt: number): Promise<void> {
    const id = line.ids.values().next().value;
    if (id === undefined || this.#isOver) return;
    let follower: Follower | undefined;
    try {
      follower = await this.#world.store.follow?.(id, () => void this.#ended(line, 0));
    } catch {
      // As good as none: what looks at the processes finds out as well, a little later.
    }
    // Gone, or stopped, while it was being had.
    if (this.#isOver || line.ids.size === 0) return follower?.stop();
    line.follower = follower;
    if (follower?.wasHeld === true) return;
    if (follower !== undefined) this.#tell(line, false);
    this.#later(line, attempt, (next) => void this.#follow(line, next));
  }

  async #ended(line: Line, attempt: number): Promise<void> {
    this.#tell(line, false);
    if (await this.#hasEnded(line)) this.#tell(line, true);
    this.#later(line, attempt, (next) => {
      if (next < delays.length - 1) void this.#ended(line, next);
      // It may only have let go of this one, and live on with others.
      else void this.#follow(line, next);
    });
  }

  async #hasEnded({ follower }: Line): Promise<boolean> {
    try {
      return (await follower?.hasEnded()) === true;
    } catch {
      // No proof; it is looked at again.
      return false;
    }
  }

  #tell(line: Line, isDead: boolean): void {
    for (const id of line.ids) this.#lookAgain(id, isDead);
  }

  #later(line: Line, attempt: number, act: (next: number) => void): void {
    const next = attempt + 1;
    const delay = delays[next];
    if (delay === undefined || this.#isOver || line.ids.size === 0) return;
    line.timer?.cancel();
    line.timer = this.#world.clock.after(delay, () => act(next));
  }
}

function letGo(line: Line): void {
  line.ids.clear();
  line.timer?.cancel();
  line.follower?.stop();
}

function keyOf({ process: { pid, start, pidNamespace } }: Instance): string {
  return `${pid} ${start} ${pidNamespace}`;
}
