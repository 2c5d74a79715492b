/** The live set of instances that match a query, and every change to it. */

import { byAge } from '../core/age.js';
import { type Change, diff, type RemoveReason } from '../core/diff.js';
import { invalid } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
import { type Condition, compileQuery, isMatch, parseQuery, type Query } from '../core/query.js';
import { ChangeStream } from './change-stream.js';
import { Lifelines } from './lifelines.js';
import { Listeners } from './listeners.js';
import { Lookout } from './lookout.js';
import type { Abortable } from './options.js';
import type { Sighting } from './sighting.js';
import { Surveyor } from './survey.js';
import { Verdicts } from './verdicts.js';
import type { World } from './world.js';

/** What a watcher tells, and what its listeners get. */
export interface WatcherEvents {
  add: [instance: Instance];
  change: [instance: Instance, previous: Instance];
  remove: [instance: Instance, reason: RemoveReason];
  /** The present set has been told. */
  ready: [instances: readonly Instance[]];
  /** A look failed; the set stays as it was, and the next look comes. Without a listener it goes to `onError`. */
  error: [error: unknown];
  /** From now on the set is what was last known; told with `error`, of all looks that fail in a row once. */
  stale: [error: unknown];
  /** It is up to date again, and what changed meanwhile has been told. `age` is how old it had become, in ms. */
  fresh: [age: number];
  /** It has been closed, by itself or with its registry: nothing else is told any more. */
  close: [];
}

const types: readonly (keyof WatcherEvents)[] = [
  'add',
  'change',
  'remove',
  'ready',
  'error',
  'stale',
  'fresh',
  'close',
];

/** How far what a watcher, or a router, goes by can be relied on. */
export interface Staleness {
  /** Whether the last look failed: it is what was known before, and may no longer be so. */
  readonly stale: boolean;
  /** Since the last look that succeeded, in ms of the monotonic clock; before the first, since it was made. */
  readonly age: number;
}

/**
 * Tells the present set as `add`, then `ready`, then every `add`, `change` and `remove`; for one id in that order.
 *
 * A process that died without a word is reported within a second. Several quick changes may be told as one: the
 * last state is always told. The folder may be absent, and removed and made again. `instances` is the set, free to
 * read at any time. While the registry cannot be read, the set stays what was last known; `staleness` says so, and the
 * watcher comes back by itself, at most 2.5 s after the registry does. A watcher does not keep the process alive, except while its next change is being awaited.
 */
export class Watcher implements AsyncDisposable, AsyncIterable<Change> {
  readonly #world: World;
  readonly #query: Query;
  readonly #surveyor: Surveyor;
  readonly #listeners: Listeners<WatcherEvents>;
  readonly #streams = new Set<ChangeStream>();
  readonly #onClose: (watcher: Watcher) => void;
  #conditions: readonly Condition[] = [];
  readonly #lookout: Lookout;
  readonly #lifelines: Lifelines;
  /** Oldest registration first, as long as `#isOrdered`. */
  #current = new Map<string, Instance>();
  #isOrdered = true;
  #newest: Instance | undefined;
  #sorted: readonly Instance[] | undefined;
  /** What `#current` was made from, if it was made in one go. */
  #seen: readonly Sighting[] | undefined;
  #isReady = false;
  #isClosed = false;
  #isStale = false;
  /** The last look that succeeded, in ms of the monotonic clock. */
  #lookedAt: number;
  #forgetSignal = () => {};
  #failure: unknown;

  /**
   * Begins at once; listeners attached before the next `await` miss nothing.
   *
   * @throws ROLLCALL_INVALID if the query is not valid.
   */
  constructor(world: World, query?: Query, options: Abortable & { onClose?: (watcher: Watcher) => void } = {}) {
    this.#world = world;
    this.#lookedAt = world.clock.monotonic();
    this.#query = parseQuery(query);
    this.#surveyor = new Surveyor(world, { isLasting: true, verdicts: new Verdicts(world.clock, 'watcher') });
    this.#lookout = new Lookout(world, (ids) => this.#look(ids));
    this.#lifelines = new Lifelines(world, (id, isDead) => void this.#lookAgain(id, isDead));
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
    if (this.#sorted === undefined) {
      const instances = [...this.#current.values()];
      this.#sorted = Object.freeze(this.#isOrdered ? instances : instances.sort(byAge));
    }
    return this.#sorted;
  }

  /** Whether the present set has been told. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /**
   * Whether the set is up to date, and for how long it has not been looked at: usually less than half a second. A look
   * that is under way counts when it is over. A process that was stopped, and one whose loop is blocked, finds it old.
   */
  get staleness(): Staleness {
    return { stale: this.#isStale, age: this.#world.clock.monotonic() - this.#lookedAt };
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
      () => this.#lookout.hold([...this.#streams].some(({ isWaiting }) => isWaiting)),
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
    await this.#lookout.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #end(failure?: unknown): void {
    this.#isClosed = true;
    this.#failure = failure;
    void this.#lookout.stop();
    this.#lifelines.stop();
    this.#forgetSignal();
    for (const stream of this.#streams) stream.end(failure);
    this.#streams.clear();
    this.#listeners.emit('close');
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
    if (!this.#isClosed) await this.#lookout.start();
  }

  /** Looks at these entries, or at all, compares and tells. Never rejects. `false`: it could not be done. */
  async #look(ids?: readonly string[]): Promise<boolean> {
    try {
      if (ids === undefined) {
        const sightings = await this.#surveyor.survey({ mayLag: true });
        if (this.#isClosed) return true;
        this.#freshen(() => this.#compare(sightings));
      }
      for (const id of ids ?? []) {
        const sighting = await this.#surveyor.look(id);
        if (this.#isClosed) return true;
        this.#freshen(() => this.#compareOne(id, sighting));
      }
      return true;
    } catch (error) {
      if (this.#isClosed) return false;
      if (!this.#isStale) {
        this.#isStale = true;
        this.#fail(error);
        this.#listeners.emit('stale', error);
      }
      // A loop over a registry that could not be read even once would wait for ever, as if it were empty.
      if (!this.#isReady && this.#streams.size > 0 && !this.#isClosed) this.#end(error);
      return false;
    }
  }

  /** A look has succeeded: whoever is told of what changed finds the set up to date. */
  #freshen(tell: () => void): void {
    const { stale, age } = this.staleness;
    this.#isStale = false;
    this.#lookedAt = this.#world.clock.monotonic();
    tell();
    if (stale) this.#listeners.emit('fresh', age);
  }

  async #lookAgain(id: string, isDead: boolean): Promise<void> {
    try {
      if (isDead) await this.#surveyor.bury(id);
    } catch {
      // The store failed, as it will tell when it is looked at next. Until then nothing is proved.
    }
    this.#lookout.hint(id);
  }

  #compare(sightings: readonly Sighting[]): void {
    if (sightings !== this.#seen) {
      const next = new Map<string, Instance>();
      for (const sighting of sightings) {
        if (this.#isWanted(sighting)) next.set(sighting.id, sighting.instance);
      }
      const changes = diff(this.#current, next, ({ id }) => whyGone(sightings.find((sighting) => sighting.id === id)));
      this.#current = next;
      // A survey is in that order.
      this.#isOrdered = true;
      this.#newest = [...next.values()].at(-1);
      this.#seen = sightings;
      if (changes.length > 0) this.#sorted = undefined;
      for (const change of changes) this.#tell(change);
    }
    if (this.#isReady) return;
    this.#isReady = true;
    this.#listeners.emit('ready', this.instances);
  }

  #compareOne(id: string, sighting: Sighting | undefined): void {
    const previous = this.#current.get(id);
    const instance = sighting !== undefined && this.#isWanted(sighting) ? sighting.instance : undefined;
    if (instance === previous) return;
    this.#sorted = undefined;
    this.#seen = undefined;
    if (instance === undefined) {
      this.#current.delete(id);
      this.#tell({ type: 'remove', instance: previous as Instance, reason: whyGone(sighting) });
      return;
    }
    this.#current.set(id, instance);
    if (previous !== undefined) {
      this.#tell({ type: 'change', instance, previous });
      return;
    }
    // Set last in the map; and so it is in order if it is the newest, as what comes to be known nearly always is.
    if (this.#newest === undefined || byAge(this.#newest, instance) < 0) this.#newest = instance;
    else this.#isOrdered = false;
    this.#tell({ type: 'add', instance });
  }

  #isWanted(sighting: Sighting): sighting is Sighting & { readonly instance: Instance } {
    const { verdict, instance } = sighting;
    return verdict === 'alive' && instance !== undefined && isMatch(instance, this.#conditions);
  }

  #tell(change: Change): void {
    if (change.type === 'add') this.#lifelines.add(change.instance);
    else if (change.type === 'remove') this.#lifelines.remove(change.instance);
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
