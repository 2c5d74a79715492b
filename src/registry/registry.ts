/** The registry: who is running on this machine, and how to reach the right one. */

import { folderPath, pass } from '../core/checks.js';
import type { Clock } from '../core/clock.js';
import { invalid, RollcallError } from '../core/errors.js';
import type { Explanation } from '../core/explanation.js';
import { isId } from '../core/id.js';
import { DEFAULT_TTL, type Instance, type RegistrationInput } from '../core/instance.js';
import { compileQuery, isMatch, parseQuery, type Query } from '../core/query.js';
import { identifyOther } from '../process/identity.js';
import { createProbe, type Probe } from '../process/probe.js';
import { systemClock } from '../process/system-clock.js';
import { FileStore } from '../store/file/file-store.js';
import type { Store } from '../store/store.js';
import type { Claim } from './claim.js';
import type { Claims } from './claims.js';
import { checkInput, stamp } from './door.js';
import type { Lease } from './lease.js';
import {
  type Abortable,
  type ClaimOptions,
  checkOptions,
  type DiscoverOptions,
  type EnsureOptions,
  type LeaseOptions,
  type PickOptions,
  pidCheck,
  type RegisterOptions,
  type RegistryOptions,
  registryOptions,
  type Starter,
  type WaitOptions,
} from './options.js';
import type { Picker } from './picker.js';
import { Reaper, type ReapOptions, type ReapResult } from './reaper.js';
import { Registration } from './registration.js';
import type { Sighting } from './sighting.js';
import { Surveyor } from './survey.js';
import { beginning, tellDiscover } from './telling.js';
import { Verdicts } from './verdicts.js';
import { waitFor } from './wait-for.js';
import { warn } from './warn.js';
import { Watcher } from './watcher.js';
import type { World } from './world.js';

/**
 * Registers instances, and finds those of others.
 *
 * Making one does nothing: no file, no timer, no listener, until something is asked of it. All methods may be
 * called concurrently. A registry that cannot be read rejects with ROLLCALL_STORE and never looks empty.
 */
export class Registry implements World, AsyncDisposable {
  readonly store: Store;
  readonly clock: Clock;
  readonly #ttl: number;
  readonly #ownsStore: boolean;
  readonly #onError: (error: unknown) => void;
  readonly #registrations = new Set<Registration>();
  /** Not yet written: `close` waits for them, and each takes its entry back. */
  readonly #opening = new Set<Promise<Registration>>();
  readonly #watchers = new Set<Watcher>();
  readonly #surveyor: Surveyor;
  #picked: Picker | undefined;
  #probe: Probe | undefined;
  #reaper: Reaper | undefined;
  #claimed: Claims | undefined;
  #lastAt = 0;
  #isClosed = false;

  /** @throws ROLLCALL_INVALID */
  constructor(options: RegistryOptions = {}) {
    const { store, clock, fs, probe, ...plain } = options;
    pass(registryOptions, plain, 'The options of the registry');
    const { directory, ttl, onError } = plain;
    for (const [path, given] of Object.entries({ directory, fs })) {
      if (store === undefined || given === undefined) continue;
      throw invalid('The options of the registry', [{ path, message: 'cannot be given together with a store' }]);
    }
    this.clock = clock ?? systemClock;
    // Whoever made the store closes it: several registries may share one.
    this.#ownsStore = store === undefined;
    this.store = store ?? new FileStore({ directory, clock: this.clock, fs });
    this.#ttl = ttl ?? DEFAULT_TTL;
    this.#onError = onError ?? warn;
    this.#probe = probe;
    this.#surveyor = new Surveyor(this, { isLasting: false, verdicts: new Verdicts(this.clock, 'registry') });
  }

  /** Looks at processes. Made on first use, since it reads from /proc. */
  get probe(): Probe {
    this.#probe ??= createProbe();
    return this.#probe;
  }

  /** Hands an error of background work to `onError`. */
  report(error: unknown): void {
    try {
      this.#onError(error);
    } catch {
      // An error handler that throws has nobody left to be told.
    }
  }

  /**
   * Makes this process known. Listen first: an entry must never point at a port that is not open. When it
   * resolves, every other process can see the entry, whole.
   *
   * The entry is renewed until it is deregistered, and taken away when the process ends, however it ends; after
   * SIGKILL, by the first to notice.
   *
   * With `exclusive` it is the only live instance of its name, or of the key that is given. Should it lose that, its
   * entry is taken away and `onError` is told.
   *
   * @throws ROLLCALL_INVALID if the input is not valid; the error names every problem by its path.
   * @throws ROLLCALL_CONFLICT if another holds the exclusive name: `details.holder` is that instance.
   * @throws ROLLCALL_STORE if it cannot be written. A server that should run all the same catches this.
   */
  register(input: RegistrationInput, options: RegisterOptions = {}): Promise<Registration> {
    const opening = this.#register(input, options);
    this.#opening.add(opening);
    const forget = () => void this.#opening.delete(opening);
    opening.then(forget, forget);
    return opening;
  }

  async #register(input: RegistrationInput, options: RegisterOptions): Promise<Registration> {
    this.#assertOpen();
    checkOptions('register', options);
    const { pid } = options;
    if (pid !== undefined) pass(pidCheck, pid, 'The options of register', 'pid');
    const { exclusive, ...given } = await checkInput(input);
    options.signal?.throwIfAborted();
    const process = pid === undefined ? this.probe.observer : identifyOther(pid);
    const instance = stamp(given, process, this.#registeredAt(), this.#ttl);
    const registration = await this.#open(instance, exclusive, (ended) => {
      this.#registrations.delete(ended);
      this.#reapWhileNeeded();
    });
    this.#registrations.add(registration);
    if (options.signal?.aborted === true || this.#isClosed) {
      // Too late to stop the write, in time to take it back.
      await registration.deregister();
      options.signal?.throwIfAborted();
      this.#assertOpen();
    }
    this.#reapWhileNeeded();
    return registration;
  }

  /** Alone, if it is to be exclusive: then the claim comes first, and goes last. */
  async #open(instance: Instance, exclusive: RegistrationInput['exclusive'], onEnd: (ended: Registration) => void) {
    if (exclusive === undefined || exclusive === false) return Registration.open(this, instance, { onEnd });
    const { claimName } = await import('./exclusive.js');
    const claim = await claimName(this, await this.#claims(), instance, exclusive);
    try {
      return await Registration.open(this, instance, { onEnd, claim });
    } catch (error) {
      await claim.release();
      throw error;
    }
  }

  /**
   * Lists the instances that match `query` and are alive now, oldest registration first; with `near` the nearest to that
   * folder first, as `pick` has it with `nearest`, and those that have nothing to do with it last.
   *
   * Processes are looked at in every call, and nothing is removed. An entry that was made, replaced or removed before
   * the call is seen; one that somebody overwrote in place, which rollcall never does, may be shown as it was for 2 s.
   * It is no snapshot in time: an instance may start or die while the listing runs. One on another machine is judged by
   * its heartbeat, and one in another container by that and, once it has lapsed, by its lifeline. Whoever acts on
   * changes should `watch`. Entries this version cannot read are left out and left alone; see `inspect`.
   *
   * @throws ROLLCALL_INVALID if the query has an unknown field.
   * @throws ROLLCALL_STORE if the registry cannot be read. A folder that does not exist is an empty list.
   */
  async discover(query?: Query, options: DiscoverOptions = {}): Promise<Instance[]> {
    this.#assertOpen();
    checkOptions('discover', options);
    const began = beginning(this);
    const { signal, near } = options;
    if (near !== undefined) pass(folderPath, near, 'The options of discover', 'near');
    const conditions = await compileQuery(parseQuery(query));
    signal?.throwIfAborted();
    const found: Instance[] = [];
    for (const { verdict, instance } of await this.#surveyor.survey({ mayLag: true })) {
      if (verdict === 'alive' && instance !== undefined && isMatch(instance, conditions)) found.push(instance);
    }
    signal?.throwIfAborted();
    const sorted = near === undefined ? found : await (await this.#picker()).sort(found, near);
    tellDiscover(this, began, query, sorted.length);
    return sorted;
  }

  /** The instance of this id, if it is alive now. @throws ROLLCALL_STORE */
  async get(id: string, options: Abortable = {}): Promise<Instance | undefined> {
    this.#assertOpen();
    checkOptions('get', options);
    const { signal } = options;
    signal?.throwIfAborted();
    if (!isId(id)) return undefined;
    const sighting = await this.#surveyor.look(id);
    signal?.throwIfAborted();
    return sighting?.verdict === 'alive' ? sighting.instance : undefined;
  }

  /**
   * Picks one of the instances that `discover` would list, by a strategy; `undefined` if there is none. Only those
   * that are `ready` are considered, unless the query says which `status` it wants.
   *
   * `nearest` compares the folders an instance works in with `cwd`: the same folder, then the closest one around it,
   * then the closest one within it, then one of the same git repository; of equals the newest. Links are followed, as they
   * were at most 2 s ago; and an instance that works elsewhere is never picked, unless `orAny` says so.
   *
   * An `id`, or `ROLLCALL_INSTANCE` in the environment, decides alone.
   *
   * @throws ROLLCALL_GONE if the instance that was named by its id is not alive.
   * @throws ROLLCALL_INVALID, ROLLCALL_STORE
   */
  pick(query: Query | undefined, options: LeaseOptions): Promise<Lease | undefined>;
  pick(query?: Query, options?: PickOptions): Promise<Instance | undefined>;
  async pick(query?: Query, options: PickOptions | LeaseOptions = {}): Promise<Instance | Lease | undefined> {
    this.#assertOpen();
    checkOptions('pick', options);
    const began = beginning(this);
    const picker = await this.#picker();
    const instance = await picker.pick(query, options, began);
    return 'lease' in options && options.lease && instance !== undefined ? picker.lease(instance) : instance;
  }

  /**
   * Why `pick` would choose what it chooses: every entry that was looked at, whether it was chosen, and if not, which
   * condition it failed. The chosen one comes first, then those that come closest.
   *
   * @throws ROLLCALL_INVALID, ROLLCALL_STORE
   */
  async explain(query?: Query, options: PickOptions = {}): Promise<Explanation[]> {
    this.#assertOpen();
    checkOptions('explain', options);
    const choice = await (await this.#picker()).choose(query, options);
    const { explain } = await import('./explain.js');
    return explain(choice, this);
  }

  /**
   * Like `pick`, but if there is none, waits until one appears. Waiting keeps the process alive.
   *
   * @throws ROLLCALL_TIMEOUT after `timeout`; it says what was there instead, and why that was no answer.
   * @throws ROLLCALL_INVALID, ROLLCALL_STORE
   */
  async waitFor(query?: Query, options: WaitOptions = {}): Promise<Instance> {
    checkOptions('waitFor', options);
    return waitFor(this, query, options);
  }

  /**
   * Holds `key` alone on this machine, for whatever must be done by one at a time: to lead, to migrate once. Proof
   * that the holder is dead frees it, never the age of a file; a holder that stalls keeps it.
   *
   * @throws ROLLCALL_CONFLICT if another holds it, unless `wait` says to wait; ROLLCALL_TIMEOUT after that.
   * @throws ROLLCALL_INVALID, ROLLCALL_STORE
   */
  async claim(key: string, options: ClaimOptions = {}): Promise<Claim> {
    this.#assertOpen();
    checkOptions('claim', options);
    return (await this.#claims()).claim(key, options);
  }

  /**
   * The instance that `pick` gives, or else one that is started for it: by the program `command`, or by `start`. However
   * many ask at once, in however many processes, it is started once, and all get it; if who started it dies midway, the
   * program goes on, and the others wait for that one. Its output goes to a file, in the platform's folder for logs.
   *
   * The program must stay in the foreground and register itself. It is ended with this process, unless it is to
   * `outlive` it; one that does not register in time is ended.
   *
   * @throws ROLLCALL_FAILED if it ends before it has registered, with its exit code and the end of its output.
   * @throws ROLLCALL_TIMEOUT if there is none after `timeout`.
   * @throws ROLLCALL_INVALID, ROLLCALL_STORE
   */
  async ensure(query: Query | undefined, options: EnsureOptions | Starter): Promise<Instance> {
    this.#assertOpen();
    const given = typeof options === 'function' ? { start: options } : options;
    checkOptions('ensure', given);
    const { ensure } = await import('./ensure.js');
    return ensure(this, await this.#claims(), query, given);
  }

  /**
   * Watches the instances that match `query`: the present ones as `add`, then every change. It begins at once.
   * Aborting the `signal` closes it, and ends a loop over it without an error.
   *
   * @throws ROLLCALL_INVALID if the query is not valid.
   */
  watch(query?: Query, options: Abortable = {}): Watcher {
    this.#assertOpen();
    checkOptions('watch', options);
    const watcher: Watcher = new Watcher(this, query, {
      signal: options.signal,
      onClose: (closed) => {
        this.#watchers.delete(closed);
        this.#reapWhileNeeded();
      },
    });
    if (!watcher.isClosed) this.#watchers.add(watcher);
    this.#reapWhileNeeded();
    return watcher;
  }

  /**
   * Removes the entries whose process is provably gone, now. Not needed for anything to be right: the dead do not
   * count, and whoever holds a registration or a watcher sweeps them away from time to time.
   *
   * @throws ROLLCALL_STORE
   */
  async reap(options: ReapOptions = {}): Promise<ReapResult> {
    this.#assertOpen();
    checkOptions('reap', options);
    this.#reaper ??= new Reaper(this);
    return this.#reaper.reap(options);
  }

  /** Every entry with its verdict and reason, stale, dead and illegible ones too. @throws ROLLCALL_STORE */
  async inspect(options: Abortable = {}): Promise<Sighting[]> {
    this.#assertOpen();
    checkOptions('inspect', options);
    const { signal } = options;
    signal?.throwIfAborted();
    const sightings = await this.#surveyor.survey();
    signal?.throwIfAborted();
    // In order already, but for those that have no age: they come last.
    const isLegible = ({ instance }: Sighting) => instance !== undefined;
    return [...sightings.filter(isLegible), ...sightings.filter((sighting) => !isLegible(sighting))];
  }

  /**
   * Deregisters what was registered here, closes the watchers, and lets go of everything else. What is asked of it
   * afterwards rejects with ROLLCALL_CLOSED.
   *
   * @throws ROLLCALL_STORE if an entry cannot be removed; the rest is closed all the same.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#reaper?.stop();
    const endings = await Promise.allSettled([
      ...[...this.#registrations].map((registration) => registration.deregister()),
      ...[...this.#watchers].map((watcher) => watcher.close()),
    ]);
    await Promise.allSettled(this.#opening);
    const [released] = await Promise.allSettled([this.#claimed?.close()]);
    this.#probe?.rest?.();
    if (this.#ownsStore) await this.store.close();
    for (const ending of [...endings, released]) if (ending.status === 'rejected') throw ending.reason;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Loaded on first use: servers never pick. */
  async #picker(): Promise<Picker> {
    const { Picker } = await import('./picker.js');
    this.#picked ??= new Picker(this, this.#surveyor);
    return this.#picked;
  }

  /** Loaded on first use: most callers never claim. */
  async #claims(): Promise<Claims> {
    const { Claims } = await import('./claims.js');
    this.#assertOpen();
    this.#claimed ??= new Claims(this, this.#ttl);
    return this.#claimed;
  }

  /** Now, in ms; a ms later than the last if that was in the same one: what registered later is newer. */
  #registeredAt(): number {
    const now = this.clock.now();
    const isSame = now <= this.#lastAt && this.#lastAt - now < 1_000;
    this.#lastAt = isSame ? this.#lastAt + 1 : now;
    return this.#lastAt;
  }

  #assertOpen(): void {
    if (this.#isClosed)
      throw new RollcallError('ROLLCALL_CLOSED', 'This registry has been closed. Make a new one.', {});
  }

  /** Who stays around sweeps; who only asks does not. */
  #reapWhileNeeded(): void {
    const isNeeded = !this.#isClosed && this.#registrations.size + this.#watchers.size > 0;
    if (!isNeeded) {
      this.#reaper?.stop();
      return;
    }
    this.#reaper ??= new Reaper(this);
    this.#reaper.start();
  }
}
