/** The live set of instances that match a query, and every change to it. */

import type { Timer } from '../core/clock.js';
import { type Change, diff, type RemoveReason } from '../core/diff.js';
import { invalid } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
import { byAge } from '../core/pick.js';
import { type Condition, compileQuery, isMatch, parseQuery, type Query } from '../core/query.js';
import type { Unwatch } from '../store/store.js';
import { ChangeStream } from './change-stream.js';
import { Listeners } from './listeners.js';
import type { Abortable } from './options.js';
import { type Sighting, Surveyor, type World } from './survey.js';

/** What a watcher tells, and what its listeners get. */
export interface WatcherEvents {
  add: [instance: Instance];
  change: [instance: Instance, previous: Instance];
  remove: [instance: Instance, reason: RemoveReason];
  /** The present set has been told. */
  ready: [instances: readonly Instance[]];
  /** A look failed; the set stays as it was, and the next look comes. Without a listener it goes to `onError`. */
  error: [error: unknown];
}

const types: readonly (keyof WatcherEvents)[] = ['add', 'change', 'remove', 'ready', 'error'];

/** Between two looks when nothing is heard, in ms: what a death without a word, and a lost hint, cost at most. */
const tick = 500;

/** Between a hint and the look, in ms: changes come in bursts. Grows with what a look costs, to a tenth of the time. */
const pause = 2;

/**
 * Tells the present set as `add`, then `ready`, then every `add`, `change` and `remove`; for one id in that order.
 *
 * A process that died without a word is reported within a second. Several quick changes may be told as one: the
 * last state is always told. The folder may be absent, and removed and made again. `instances` is the set, free to
 * read at any time. A watcher does not keep the process alive, except while its next change is being awaited.
 */
export class Watcher implements AsyncDisposable, AsyncIterable<Change> {
  readonly #world: World;
  readonly #query: Query;
  readonly #surveyor: Surveyor;
  readonly #listeners: Listeners<WatcherEvents>;
  readonly #streams = new Set<ChangeStream>();
  readonly #onClose: (watcher: Watcher) => void;
  #conditions: readonly Condition[] = [];
  #current = new Map<string, Instance>();
  #sorted: readonly Instance[] | undefined;
  #isReady = false;
  #isClosed = false;
  #isLooking = false;
  #isLookWanted = false;
  #isFailing = false;
  #lookTook = 0;
  #timer: Timer | undefined;
  #timerDue = Number.POSITIVE_INFINITY;
  #unwatch: Promise<Unwatch | undefined> | undefined;
  #forgetSignal = () => {};
  #failure: unknown;

  /**
   * Begins at once; listeners attached before the next `await` miss nothing.
   *
   * @throws ROLLCALL_INVALID if the query is not valid.
   */
  constructor(world: World, query?: Query, options: Abortable & { onClose?: (watcher: Watcher) => void } = {}) {
    this.#world = world;
    this.#query = parseQuery(query);
    this.#surveyor = new Surveyor(world, { isLasting: true });
    this.#listeners = new Listeners((error) => world.report(error));
    this.#onClose = options.onClose ?? (() => {});
    const { signal } = options;
    if (signal?.aborted === true) {
      this.#isClosed = true;
      this.#onClose(this);
      return;
    }
    const abort = () => void this.close();
    signal?.addEventListener('abort', abort, { once: true });
    this.#forgetSignal = () => signal?.removeEventListener('abort', abort);
    void this.#start();
  }

  /** The set as it is known now, oldest registration first. Reading it costs nothing; it is a new array after a change. */
  get instances(): readonly Instance[] {
    this.#sorted ??= Object.freeze([...this.#current.values()].sort(byAge));
    return this.#sorted;
  }

  /** Whether the present set has been told. */
  get isReady(): boolean {
    return this.#isReady;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Calls `listener` on each event of this type. Returns what takes it back. An error it throws, or rejects with,
   * goes to `onError`.
   *
   * @throws ROLLCALL_INVALID if there is no such event.
   */
  on<Type extends keyof WatcherEvents>(type: Type, listener: (...args: WatcherEvents[Type]) => void): () => void {
    if (!types.includes(type)) {
      throw invalid('The listener', [{ path: 'type', message: `must be one of ${types.join(', ')}` }]);
    }
    return this.#listeners.on(type, listener);
  }

  /**
   * The changes, beginning with the present set as `add`. A consumer that falls behind is told the latest state of
   * each instance and not every state between. Leaving the loop closes the watcher; closing it ends the loop. If
   * already the first look fails, the loop throws its error; a later failure goes to `error`, and the loop goes on.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Change> {
    const stream = new ChangeStream(
      (id) => this.#current.get(id),
      (isWaiting) => this.#hold(isWaiting),
      () => this.close(),
    );
    if (this.#isClosed) stream.end(this.#failure);
    else this.#streams.add(stream);
    for (const instance of this.instances) stream.tell({ type: 'add', instance });
    return stream;
  }

  /** Stops. Iterations end, listeners hear no more; `instances` stays as it was last. */
  async close(): Promise<void> {
    if (!this.#isClosed) this.#end();
    const unwatch = await this.#unwatch;
    await unwatch?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #end(failure?: unknown): void {
    this.#isClosed = true;
    this.#failure = failure;
    this.#timer?.cancel();
    this.#forgetSignal();
    for (const stream of this.#streams) stream.end(failure);
    this.#streams.clear();
    this.#listeners.clear();
    this.#onClose(this);
  }

  async #start(): Promise<void> {
    try {
      this.#conditions = await compileQuery(this.#query);
    } catch (error) {
      // Only a pattern can still be wrong here, and no later look will find it right.
      if (this.#isClosed) return;
      this.#fail(error);
      this.#end(error);
      return;
    }
    if (this.#isClosed) return;
    await this.#look();
    if (this.#isClosed) return;
    // After the first look, which waits for nobody; what changed in between is seen by the look that follows.
    this.#unwatch = this.#listen();
    await this.#unwatch;
    this.#lookSoon();
  }

  /** Asks the store for hints. Where it has none, or none to give, the tick does alone. */
  async #listen(): Promise<Unwatch | undefined> {
    try {
      return await this.#world.store.watch?.(() => this.#lookSoon());
    } catch {
      // No inotify left, or a folder that cannot be made: the looks go on, and report it if they fail as well.
      return undefined;
    }
  }

  #lookSoon(): void {
    this.#plan(Math.max(pause, Math.min(this.#lookTook * 9, tick)));
  }

  #plan(delay: number): void {
    if (this.#isClosed) return;
    const due = this.#world.clock.monotonic() + delay;
    if (this.#timer !== undefined && this.#timerDue <= due) return;
    this.#timer?.cancel();
    this.#timerDue = due;
    this.#timer = this.#world.clock.after(delay, () => {
      this.#timer = undefined;
      void this.#look();
    });
    this.#timer.hold([...this.#streams].some(({ isWaiting }) => isWaiting));
  }

  #hold(isWaiting: boolean): void {
    this.#timer?.hold(isWaiting || [...this.#streams].some((stream) => stream.isWaiting));
  }

  /** Looks, compares and tells. Never rejects. */
  async #look(): Promise<void> {
    if (this.#isLooking) {
      this.#isLookWanted = true;
      return;
    }
    this.#isLooking = true;
    const { clock } = this.#world;
    const began = clock.monotonic();
    try {
      const sightings = await this.#surveyor.survey();
      if (!this.#isClosed) this.#compare(sightings);
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing && !this.#isClosed) this.#fail(error);
      this.#isFailing = true;
      // A loop over a registry that could not be read even once would wait for ever, as if it were empty.
      if (!this.#isReady && this.#streams.size > 0 && !this.#isClosed) this.#end(error);
    }
    this.#isLooking = false;
    this.#lookTook = clock.monotonic() - began;
    if (this.#isLookWanted) {
      this.#isLookWanted = false;
      this.#lookSoon();
    }
    this.#plan(tick);
  }

  #compare(sightings: readonly Sighting[]): void {
    const byId = new Map(sightings.map((sighting) => [sighting.id, sighting]));
    const next = new Map<string, Instance>();
    for (const { id, verdict, instance } of sightings) {
      if (verdict === 'alive' && instance !== undefined && isMatch(instance, this.#conditions)) next.set(id, instance);
    }
    const changes = diff(this.#current, next, ({ id }) => whyGone(byId.get(id)));
    if (changes.length > 0) {
      this.#current = next;
      this.#sorted = undefined;
    }
    for (const change of changes) this.#tell(change);
    if (this.#isReady) return;
    this.#isReady = true;
    this.#listeners.emit('ready', this.instances);
  }

  #tell(change: Change): void {
    for (const stream of this.#streams) stream.tell(change);
    if (change.type === 'add') this.#listeners.emit('add', change.instance);
    else if (change.type === 'change') this.#listeners.emit('change', change.instance, change.previous);
    else this.#listeners.emit('remove', change.instance, change.reason);
  }

  #fail(error: unknown): void {
    if (!this.#listeners.emit('error', error)) this.#world.report(error);
  }
}

function whyGone(sighting: Sighting | undefined): RemoveReason {
  switch (sighting?.verdict) {
    case 'alive':
      return 'unmatched';
    case 'stale':
    case 'dead':
    case 'illegible':
      return sighting.verdict;
    case undefined:
      // Reapers leave the dead for two seconds, so that a watcher sees them first: what is gone was taken away.
      return 'deregistered';
  }
}
