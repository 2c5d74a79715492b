/** The handle that `register` returns: keeps the entry alive, changes it, takes it away. */

import type { Timer } from '../core/clock.js';
import { decodePlain } from '../core/codec.js';
import { isRollcallError, RollcallError } from '../core/errors.js';
import type { Instance, RegistrationPatch } from '../core/instance.js';
import { read } from '../core/read.js';
import { judge } from '../core/verdict.js';
import { onLastAct } from '../process/last-act.js';
import { soon } from '../process/turns.js';
import type { StoreEntry } from '../store/store.js';
import { checkPatch, encodeBounded, legible, withoutUndefined } from './door.js';
import type { Abortable } from './options.js';
import { Queue } from './queue.js';
import type { World } from './world.js';

/** What needs sockets is loaded and opened this much later, in ms: who only registers and ends does not pay for it. */
const holdAfter = 20;

/**
 * One's own entry.
 *
 * Until it is deregistered, it is renewed every third of its ttl, put back if it vanishes, and taken away when the
 * process ends. Nothing here keeps the process alive, and no failure of the upkeep is thrown: it goes to `onError`.
 */
export class Registration implements AsyncDisposable {
  readonly #world: World;
  readonly #queue = new Queue();
  readonly #onEnd: (registration: Registration) => void;
  #instance: Instance;
  #body: string;
  #timer: Timer | undefined;
  #forgetLastAct: (() => void) | undefined;
  #letGo: (() => void) | undefined;
  #isOver = false;
  /** Of a streak of failures only the first is reported. */
  #isFailing = false;

  private constructor(world: World, instance: Instance, body: string, onEnd: (registration: Registration) => void) {
    this.#world = world;
    this.#body = body;
    this.#instance = instance;
    this.#onEnd = onEnd;
  }

  /** Writes the entry and looks after it from then on. For `Registry.register`, which checks and stamps it. */
  static async open(world: World, stamped: Instance, onEnd: (registration: Registration) => void) {
    const body = encodeBounded(stamped);
    const instance = await legible(stamped.id, body);
    const registration = new Registration(world, instance, body, onEnd);
    const { store } = world;
    // Before the entry is there, so that no signal finds it there without this.
    const forget = onLastAct(() => {
      // A child may outlive us: its entry stays true, and is found dead when it ends.
      if (instance.process.pid !== world.probe.observer.pid && !registration.#isSubjectDead()) return;
      // The process may survive the signal that led here (as pid 1 it does); then the next heartbeat puts it back.
      store.deleteNow?.(instance.id, (body) => registration.#isOwn(body));
    });
    try {
      await store.put(instance.id, registration.#body, { ifAbsent: true });
    } catch (error) {
      forget();
      throw error;
    }
    registration.#forgetLastAct = forget;
    registration.#schedule();
    if (store.hold !== undefined) soon(() => void registration.#hold(), holdAfter);
    return registration;
  }

  get id(): string {
    return this.#instance.id;
  }

  /** What was written last. */
  get instance(): Instance {
    return this.#instance;
  }

  /**
   * Changes fields of the entry; when it resolves, every other process can see it. Fields this version does not
   * know are kept. An entry that has vanished is put back.
   *
   * @throws ROLLCALL_INVALID if the patch is not valid; nothing is changed then.
   * @throws ROLLCALL_LOST if someone else has written under this id.
   * @throws ROLLCALL_CLOSED if it has been deregistered.
   * @throws ROLLCALL_STORE if it cannot be written; the entry is then as it was.
   */
  async update(patch: RegistrationPatch, { signal }: Abortable = {}): Promise<Instance> {
    const changes = await checkPatch(patch);
    signal?.throwIfAborted();
    return this.#queue.add(async () => {
      signal?.throwIfAborted();
      if (this.#isOver) {
        throw new RollcallError('ROLLCALL_CLOSED', `${this.id} has been deregistered and cannot be updated.`, {});
      }
      return this.#write(changes);
    });
  }

  async #write(changes: RegistrationPatch, attempts = 3): Promise<Instance> {
    const { store, clock } = this.#world;
    const entry = await store.get(this.id);
    if (entry !== undefined && !this.#isOwn(entry.body)) throw this.#lost();
    // From what is there rather than from memory, so that fields someone else knows are not dropped.
    const base = (entry && (await read(this.id, entry.body)).instance) ?? this.#instance;
    const updatedAt = new Date(clock.now()).toISOString();
    const next = withoutUndefined({ ...base, ...changes, updatedAt } as Instance);
    const body = encodeBounded(next);
    const instance = await legible(this.id, body);
    try {
      await store.put(this.id, body, entry === undefined ? { ifAbsent: true } : { ifVersion: entry.version });
    } catch (error) {
      // Touched, removed or put back by hand since it was read: look again.
      if (attempts > 1 && isRollcallError(error, 'ROLLCALL_CONFLICT')) return this.#write(changes, attempts - 1);
      throw error;
    }
    this.#body = body;
    this.#instance = instance;
    return instance;
  }

  /**
   * Takes the entry away, if it is still ours. `false`: it was gone, taken by another, or deregistered before.
   * After it resolves, nothing of this registration writes any more.
   *
   * @throws ROLLCALL_STORE if it cannot be removed. It counts as deregistered all the same: it is no longer renewed.
   */
  async deregister(): Promise<boolean> {
    if (this.#isOver) return this.#queue.add(async () => false);
    this.#isOver = true;
    this.#timer?.cancel();
    return this.#queue
      .add(async () => {
        const entry = await this.#world.store.get(this.id);
        return entry !== undefined && this.#isOwn(entry.body) && (await this.#world.store.delete(this.id));
      })
      .finally(() => this.#end());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.deregister();
  }

  /** Ties the entry to this process, where the store can. Without that its death is found by looking. */
  async #hold(): Promise<void> {
    const { store, probe } = this.#world;
    if (this.#isOver || this.#instance.process.pid !== probe.observer.pid) return;
    this.#letGo?.();
    this.#letGo = undefined;
    try {
      const letGo = await store.hold?.(this.id);
      if (this.#isOver) letGo?.();
      else this.#letGo = letGo;
    } catch {
      // A path that is too long, a file system without sockets, no file left to open: then it goes without.
    }
  }

  #end(): void {
    this.#isOver = true;
    this.#letGo?.();
    this.#timer?.cancel();
    this.#forgetLastAct?.();
    this.#onEnd(this);
  }

  #schedule(): void {
    this.#timer = this.#world.clock.after(this.#instance.ttl / 3, () => {
      void this.#queue
        .add(() => this.#renew())
        .then(
          () => {
            this.#isFailing = false;
          },
          (error) => {
            if (!this.#isFailing) this.#world.report(error);
            this.#isFailing = true;
          },
        )
        .then(() => {
          if (!this.#isOver) this.#schedule();
        });
    });
  }

  /**
   * The heartbeat: a touch. Never a rewrite of what is whole, which could bring back what was removed on purpose; an
   * entry that is gone or broken is put back.
   */
  async #renew(): Promise<void> {
    const { store } = this.#world;
    if (this.#isOver) return;
    // An entry that speaks of a child is not kept fresh, nor put back, when the child has ended.
    if (this.#isSubjectDead()) return this.#end();
    // First, since it needs least: a process that has no file left to open stays fresh all the same.
    const isThere = await store.touch(this.id);
    const entry = isThere ? await store.get(this.id) : undefined;
    if (entry !== undefined && !this.#isOwn(entry.body)) {
      this.#end();
      throw this.#lost();
    }
    if (entry !== undefined && (await this.#isLegible(entry))) return;
    try {
      await store.put(this.id, this.#body, entry === undefined ? { ifAbsent: true } : { ifVersion: entry.version });
      // Whoever took the entry away took this with it, as a rule.
      if (entry === undefined) await this.#hold();
    } catch (error) {
      // Put back or mended by hand in this very moment: the next heartbeat sees whose it is.
      if (!isRollcallError(error, 'ROLLCALL_CONFLICT')) throw error;
    }
  }

  async #isLegible({ body, problem }: StoreEntry): Promise<boolean> {
    return problem === undefined && (body === this.#body || (await read(this.id, body)).instance !== undefined);
  }

  /** An entry may speak of a child process: one that has ended is not put back. */
  #isSubjectDead(): boolean {
    const { probe } = this.#world;
    const { process, ttl } = this.#instance;
    const { verdict } = judge(process, probe.observer, (pid, start) => probe.look(pid, start), { age: 0, ttl });
    return verdict === 'dead';
  }

  /**
   * Ids are random and never reused, so what stands under ours is ours if it speaks of our process, and also if it
   * is broken: then it is what is left of it. Of a newer format it is not.
   */
  #isOwn(body: string): boolean {
    if (body === this.#body) return true;
    // Without the schema: this is also asked in the last act, which waits for nothing.
    const decoded = decodePlain(this.id, body, (raw) => ({ instance: raw as Partial<Instance> }));
    if (decoded.instance === undefined) return !decoded.isNewer;
    const [mine, theirs] = [this.#instance.process, decoded.instance.process];
    if (typeof theirs !== 'object' || theirs === null) return true;
    const fields = ['pid', 'start', 'machine', 'boot', 'pidNamespace'] as const;
    return fields.every((field) => mine[field] === theirs[field]);
  }

  #lost(): RollcallError {
    const message = `The entry ${this.id} was taken by another writer; it is left alone. Register again for a new id.`;
    return new RollcallError('ROLLCALL_LOST', message, { id: this.id });
  }
}
