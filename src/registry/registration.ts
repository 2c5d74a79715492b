/** The handle that `register` returns: keeps the entry alive, changes it, takes it away. */

import { isRollcallError, RollcallError } from '../core/errors.js';
import type { Instance, RegistrationPatch } from '../core/instance.js';
import { read } from '../core/read.js';
import { onLastAct } from '../process/last-act.js';
import type { Claim } from './claim.js';
import { checkPatch, encodeBounded, legible, withoutUndefined } from './door.js';
import { type ExitOptions, type IdleOptions, Leaving } from './leaving.js';
import type { Abortable } from './options.js';
import { isLegible, isOwn, lost, verdictOn } from './ownership.js';
import { Queue } from './queue.js';
import { tellDeregister, tellRegister } from './telling.js';
import { Upkeep } from './upkeep.js';
import type { World } from './world.js';

/** What a registration has to do with others. */
interface Tie {
  readonly onEnd: (registration: Registration) => void;
  /** Its exclusive name, which is given back after the entry was taken away. */
  readonly claim?: Claim | undefined;
}

/**
 * One's own entry.
 *
 * Until it is deregistered, it is renewed every third of its ttl, put back if it vanishes, and taken away when the
 * process ends. Nothing here keeps the process alive, and no failure of the upkeep is thrown: it goes to `onError`.
 */
export class Registration implements AsyncDisposable {
  readonly #world: World;
  readonly #queue = new Queue();
  readonly #upkeep: Upkeep;
  readonly #onEnd: Tie['onEnd'];
  readonly #claim: Claim | undefined;
  #instance: Instance;
  #body: string;
  #forgetLastAct: (() => void) | undefined;
  #leaves: Leaving | undefined;
  #isOver = false;

  private constructor(world: World, instance: Instance, body: string, tie: Tie) {
    this.#world = world;
    this.#body = body;
    this.#instance = instance;
    this.#onEnd = tie.onEnd;
    this.#claim = tie.claim;
    this.#upkeep = new Upkeep(world, this.#queue);
    void tie.claim?.lost.then((error) => this.#forfeit(error));
  }

  /** Writes the entry and looks after it from then on. For `Registry.register`, which checks and stamps it. */
  static async open(world: World, stamped: Instance, tie: Tie): Promise<Registration> {
    const body = encodeBounded(stamped);
    const instance = await legible(stamped.id, body);
    const registration = new Registration(world, instance, body, tie);
    // Before the entry is there, so that no signal finds it there without this.
    const forget = onLastAct(() => {
      // A child may outlive us: its entry stays true, and is found dead when it ends.
      if (!registration.#isSelf() && !registration.#isSubjectDead()) return undefined;
      // The process may survive the signal that led here (as pid 1 it does); then the next heartbeat puts it back.
      const isGone = world.store.deleteNow?.(instance.id, (body) => registration.#isOwn(body));
      return isGone && (() => tellDeregister(world, instance));
    });
    try {
      await world.store.put(instance.id, registration.#body, { ifAbsent: true });
    } catch (error) {
      forget();
      throw error;
    }
    registration.#forgetLastAct = forget;
    registration.#upkeep.every(instance.ttl / 3, () => registration.#renew());
    if (registration.#isSelf()) registration.#upkeep.holdSoon(instance.id);
    tellRegister(world, instance);
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
    if (entry !== undefined && !this.#isOwn(entry.body)) throw lost(this.id);
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
    if (this.#isOver) {
      // The name may not have been given back: then this is the second attempt.
      await this.#claim?.release();
      return this.#queue.add(async () => false);
    }
    this.#isOver = true;
    this.#upkeep.rest();
    return this.#queue
      .add(async () => {
        const entry = await this.#world.store.get(this.id);
        const isOurs = entry !== undefined && this.#isOwn(entry.body);
        if (!isOurs || !(await this.#world.store.delete(this.id))) return false;
        tellDeregister(this.#world, this.#instance);
        return true;
      })
      .finally(async () => {
        this.#end();
        await this.#claim?.release();
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.deregister();
  }

  /**
   * Ends the process once nobody has needed it for `ms`: it deregisters, does what `before` says, and exits. Activity
   * is what `touchActivity` tells of, and what goes on at the `server`.
   *
   * @throws ROLLCALL_INVALID
   */
  exitWhenIdle(ms: number, options: IdleOptions = {}): void {
    this.#leaving().whenIdle(ms, options);
  }

  /** Tells `exitWhenIdle` that someone needs this process. */
  touchActivity(): void {
    this.#leaves?.touch();
  }

  /**
   * Ends the process, as `exitWhenIdle` does, within a second or two of the end of the process that has started it.
   * Does nothing if that has ended before.
   *
   * @throws ROLLCALL_INVALID
   */
  exitWithParent(options: ExitOptions = {}): void {
    this.#leaving().withParent(options);
  }

  #leaving(): Leaving {
    this.#leaves ??= new Leaving(this.#world, { isOver: () => this.#isOver, deregister: () => this.deregister() });
    return this.#leaves;
  }

  #end(): void {
    this.#isOver = true;
    this.#upkeep.stop();
    this.#leaves?.stop();
    this.#forgetLastAct?.();
    this.#onEnd(this);
  }

  /** The exclusive name is another's: the entry goes, since there would be two. */
  async #forfeit(error: RollcallError): Promise<void> {
    if (this.#isOver) return;
    this.#world.report(error);
    await this.deregister().catch((failure) => this.#world.report(failure));
  }

  /**
   * The heartbeat: a touch. Never a rewrite of what is whole, which could bring back what was removed on purpose; an
   * entry that is gone or broken is put back.
   */
  async #renew(): Promise<void> {
    const { store } = this.#world;
    if (this.#isOver) return;
    // An entry that speaks of a child is not kept fresh, nor put back, when the child has ended.
    if (this.#isSubjectDead()) {
      this.#end();
      await this.#claim?.release();
      return;
    }
    // First, since it needs least: a process that has no file left to open stays fresh all the same.
    const isThere = await store.touch(this.id);
    const entry = isThere ? await store.get(this.id) : undefined;
    if (entry !== undefined && !this.#isOwn(entry.body)) {
      this.#end();
      throw lost(this.id);
    }
    if (entry !== undefined && (await isLegible(entry, this.#body))) return;
    try {
      await store.put(this.id, this.#body, entry === undefined ? { ifAbsent: true } : { ifVersion: entry.version });
      // Whoever took the entry away took this with it, as a rule.
      if (entry === undefined && this.#isSelf()) await this.#upkeep.hold(this.id);
    } catch (error) {
      // Put back or mended by hand in this very moment: the next heartbeat sees whose it is.
      if (!isRollcallError(error, 'ROLLCALL_CONFLICT')) throw error;
    }
  }

  /** Whether it speaks of this process, and not of a child. */
  #isSelf(): boolean {
    return this.#instance.process.pid === this.#world.probe.observer.pid;
  }

  #isSubjectDead(): boolean {
    return verdictOn(this.#instance.process, this.#world.probe) === 'dead';
  }

  #isOwn(body: string): boolean {
    return body === this.#body || isOwn(this.#instance, body);
  }
}
