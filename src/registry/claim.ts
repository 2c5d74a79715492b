/** A key that is held here, and nowhere else on this machine. */

import { isRollcallError, RollcallError } from '../core/errors.js';
import type { Instance, ProcessIdentity } from '../core/instance.js';
import { read } from '../core/read.js';
import type { Unwatch } from '../store/store.js';
import { type Holding, holdingOf, isFree, prefixOf, recordId, recordsOf, tokenOf } from './claim-record.js';
import { encodeBounded } from './door.js';
import { Queue } from './queue.js';
import { Surveyor } from './survey.js';
import { Upkeep } from './upkeep.js';
import type { World } from './world.js';

/**
 * Holds a key until it is released, the process ends, or it is lost.
 *
 * While the process lives, and others can see that it does, nobody takes the key away: not when it stalls, is stopped
 * or sleeps. Where they cannot see it (another container or machine), the key is theirs once the heartbeat has lapsed
 * and no lifeline tells of it; it is theirs, too, when someone removes the files. Then `lost` resolves: with the next
 * heartbeat, hint or call at the latest, and before anything else is told. Whatever must not happen twice is given
 * the `token`, and refuses one that is lower than it has seen.
 */
export class Claim implements AsyncDisposable {
  readonly key: string;
  /** The fencing token: each holder of a key has a higher one than all before. */
  readonly token: number;
  /** Resolves when the key was taken away, and never otherwise. */
  readonly lost: Promise<RollcallError<'ROLLCALL_LOST'>>;
  readonly #world: World;
  readonly #surveyor: Surveyor;
  readonly #queue = new Queue();
  readonly #upkeep: Upkeep;
  readonly #controller = new AbortController();
  readonly #onEnd: (claim: Claim) => void;
  #tellLost: (error: RollcallError<'ROLLCALL_LOST'>) => void = () => {};
  #record: Instance;
  #isOver = false;
  #isChecking = false;
  #unwatch: Promise<Unwatch | undefined> | undefined;

  /** For `Claims`, which has put the record. */
  constructor(world: World, record: Instance, onEnd: (claim: Claim) => void) {
    this.#world = world;
    this.#record = record;
    this.#onEnd = onEnd;
    this.#surveyor = new Surveyor(world, { isLasting: false });
    this.key = holdingOf(record).key ?? '';
    this.token = tokenOf(record.id);
    this.lost = new Promise((resolve) => {
      this.#tellLost = resolve;
    });
    this.#upkeep = new Upkeep(world, this.#queue);
    this.#upkeep.every(record.ttl / 3, () => this.#renew());
    // A lifeline speaks of the process that holds it.
    if (this.#isSelf()) this.#upkeep.holdSoon(record.id);
    this.#unwatch = this.#listen();
  }

  /** Aborted when the key was taken away, with the error that `lost` resolves with. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether it is held, as far as is known. */
  get isHeld(): boolean {
    return !this.#isOver;
  }

  /**
   * Looks whether it is still held, now.
   *
   * @throws ROLLCALL_STORE if that cannot be told.
   */
  check(): Promise<boolean> {
    return this.#queue.add(() => this.#check());
  }

  /**
   * Gives the key back. Whoever waits for it has it at once. `false`: it was lost, or given back before.
   *
   * @throws ROLLCALL_STORE if that cannot be written. It is held then as before, and can be released again.
   */
  release(): Promise<boolean> {
    return this.#queue.add(() => this.#release({}));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  /**
   * Makes it that of another process, which holds it from then on, however this one ends; until this one gives it
   * back. For `ensure`.
   */
  passTo(process: ProcessIdentity, about: Holding['about']): Promise<boolean> {
    return this.#queue.add(async () => {
      if (!(await this.#check())) return false;
      const keeper = this.#world.probe.observer;
      const isPassed = await this.#write({ process, metadata: { ...this.#record.metadata, keeper, about } });
      if (isPassed) this.#upkeep.letGo();
      return isPassed;
    });
  }

  /** Gives it back, and leaves word for those who have waited. For `ensure`. */
  releaseWith(about: Holding['about']): Promise<boolean> {
    return this.#queue.add(() => this.#release({ about }));
  }

  async #release(holding: Partial<Holding>): Promise<boolean> {
    if (this.#isOver || !(await this.#check())) return false;
    if (!(await this.#write({ metadata: { ...this.#record.metadata, ...holding, isReleased: true } }))) return false;
    this.#end();
    return true;
  }

  /** Writes the record anew; `false` if it is lost. */
  async #write(changes: Partial<Instance>): Promise<boolean> {
    const { store, clock } = this.#world;
    const record: Instance = { ...this.#record, ...changes, updatedAt: new Date(clock.now()).toISOString() };
    for (;;) {
      const entry = await store.get(record.id);
      try {
        const condition = entry === undefined ? ({ ifAbsent: true } as const) : { ifVersion: entry.version };
        await store.put(record.id, encodeBounded(record), condition);
        this.#record = record;
        return true;
      } catch (error) {
        // Touched or removed since it was read; whether it is still ours is asked again.
        if (!isRollcallError(error, 'ROLLCALL_CONFLICT')) throw error;
        if (!(await this.#check())) return false;
      }
    }
  }

  async #renew(): Promise<void> {
    if (this.#isOver) return;
    await this.#world.store.touch(this.#record.id);
    await this.#check();
  }

  async #check(): Promise<boolean> {
    if (this.#isOver) return false;
    const { store } = this.#world;
    const { id } = this.#record;
    const entry = await store.get(id);
    const there = entry && (await read(id, entry.body)).instance;
    const isOwn = there !== undefined && holdingOf(there).nonce === holdingOf(this.#record).nonce;
    if (there !== undefined && !isOwn) return this.#lose();
    // Numbers are given in a row: who follows us has the next one.
    const isLast = (await store.get(recordId(prefixOf(id), this.token + 1))) === undefined;
    if (isOwn && isLast) return true;
    if (isOwn || !isLast || !(await this.#restore(entry?.version))) return this.#lose();
    return true;
  }

  /** Puts the record back that someone has removed or broken, unless another has taken the key since. */
  async #restore(version: string | undefined): Promise<boolean> {
    const { store } = this.#world;
    const { id } = this.#record;
    if (await this.#hasRival()) return false;
    try {
      await store.put(
        id,
        encodeBounded(this.#record),
        version === undefined ? { ifAbsent: true } : { ifVersion: version },
      );
    } catch (error) {
      // Another was faster, and has our number.
      if (isRollcallError(error, 'ROLLCALL_CONFLICT')) return false;
      throw error;
    }
    // Who came between saw nobody, and does not step back for a record that was put after it looked.
    if (!(await this.#hasRival())) {
      if (this.#isSelf()) await this.#upkeep.hold(id);
      return true;
    }
    await store.delete(id);
    return false;
  }

  #isSelf(): boolean {
    return this.#record.process.pid === this.#world.probe.observer.pid;
  }

  async #hasRival(): Promise<boolean> {
    const { probe, clock } = this.#world;
    const records = recordsOf(await this.#surveyor.survey(), prefixOf(this.#record.id));
    return records.some(
      (each) => tokenOf(each.id) > this.token || (each.id !== this.#record.id && !isFree(each, probe, clock.now())),
    );
  }

  #lose(): false {
    const message = `The claim ${this.key} was taken away: another holds it now, or its files were removed. Stop what it was for, or claim it again.`;
    const error = new RollcallError('ROLLCALL_LOST', message, { id: this.#record.id });
    this.#end();
    this.#tellLost(error);
    this.#controller.abort(error);
    return false;
  }

  #end(): void {
    this.#isOver = true;
    this.#upkeep.stop();
    void this.#unwatch?.then((unwatch) => unwatch?.());
    this.#onEnd(this);
  }

  /** Loses no time: a hint that concerns the key is looked into. What no hint tells of, the heartbeat finds. */
  async #listen(): Promise<Unwatch | undefined> {
    try {
      return await this.#world.store.watch?.((id) => {
        if (this.#isOver || this.#isChecking || (id !== undefined && !id.startsWith(prefixOf(this.#record.id)))) return;
        this.#isChecking = true;
        void this.#upkeep.run(() => {
          this.#isChecking = false;
          return this.#check();
        });
      });
    } catch {
      // No inotify left: then the heartbeat does alone.
      return undefined;
    }
  }
}
