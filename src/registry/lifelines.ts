/** Which lifelines a watcher hangs on: one of each process whose instances it shows. */

import type { Timer } from '../core/clock.js';
import type { Instance } from '../core/instance.js';
import type { World } from './survey.js';

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
  stop: (() => void) | undefined;
  timer: Timer | undefined;
}

export class Lifelines {
  readonly #world: World;
  readonly #lookAgain: (id: string) => void;
  readonly #lines = new Map<string, Line>();
  #isOver = false;

  /** Calls `lookAgain` with each instance of a process that may have ended. */
  constructor(world: World, lookAgain: (id: string) => void) {
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
    const made: Line = { ids: new Set([instance.id]), stop: undefined, timer: undefined };
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
    let stop: (() => void) | undefined;
    try {
      stop = await this.#world.store.follow?.(id, (wasHeld) => this.#ended(line, 0, wasHeld));
    } catch {
      // As good as none: what looks at the processes finds out as well, a little later.
    }
    // Gone, or stopped, while it was being had.
    if (this.#isOver || line.ids.size === 0) stop?.();
    else if (stop !== undefined) line.stop = stop;
    else this.#later(line, attempt, (next) => void this.#follow(line, next));
  }

  #ended(line: Line, attempt: number, wasHeld: boolean): void {
    line.stop = undefined;
    for (const id of line.ids) this.#lookAgain(id);
    this.#later(line, attempt, (next) => {
      if (next < delays.length - 1) this.#ended(line, next, wasHeld);
      // It may only have let go of this one, and live on with others.
      else if (wasHeld) void this.#follow(line, next);
    });
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
  line.stop?.();
}

function keyOf({ process: { pid, start, pidNamespace } }: Instance): string {
  return `${pid} ${start} ${pidNamespace}`;
}
