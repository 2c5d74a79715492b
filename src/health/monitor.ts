/** Watches how well instances are. */

import { pass, text } from '../core/checks.js';
import type { Timer } from '../core/clock.js';
import type { RemoveReason } from '../core/diff.js';
import { invalid, RollcallError } from '../core/errors.js';
import { printable } from '../core/printable.js';
import { follow, within } from '../process/within.js';
import { Listeners } from '../registry/listeners.js';
import { type Abortable, longestTimeout } from '../registry/options.js';
import type { Registry } from '../registry/registry.js';
import type { Watcher } from '../registry/watcher.js';
import type { CheckFunction, Placing } from './check.js';
import { eventTypes, type MonitorEvents } from './events.js';
import type { Health, HealthSource, Report, Suspension } from './health.js';
import { type MonitorOptions, readOptions } from './options.js';
import type { Patient } from './patient.js';
import { type Healer, type HealerOptions, Recoveries } from './recovery.js';
import { type Transition, TransitionStream } from './transition.js';
import { Ward } from './ward.js';

/**
 * Checks each instance that matches its query on a schedule of its own, and tells when one becomes better or worse. What
 * it finds is known to it alone, and never written into anyone's entry.
 *
 * It begins at once, and does not keep the process alive, except while its next transition is being awaited. Checks go
 * to the instances' own endpoints and nowhere else; at most eight begin at a time, and those that hang hold up nobody
 * for more than 100 ms.
 */
export class HealthMonitor implements HealthSource, AsyncDisposable, AsyncIterable<Transition> {
  readonly #registry: Registry;
  readonly #watcher: Watcher;
  readonly #ward: Ward;
  readonly #listeners: Listeners<MonitorEvents>;
  readonly #streams = new Set<TransitionStream>();
  readonly #recoveries: Recoveries;
  readonly #closing = new AbortController();
  #rounds = 0;
  #held: Timer | undefined;

  /** @throws ROLLCALL_INVALID */
  constructor(registry: Registry, options: MonitorOptions = {}) {
    const { usual, limits } = readOptions(options);
    const { query, checks, signal } = options;
    this.#registry = registry;
    this.#listeners = new Listeners((error) => registry.report(error));
    this.#ward = new Ward(
      registry,
      { usual, limits, requests: checks },
      {
        checked: (instance, checkup) => this.#listeners.emit('checked', instance, checkup),
        transition: (transition) => this.#tell(transition),
        doubt: (event) => this.#listeners.emit('doubt', event),
      },
    );
    this.#recoveries = new Recoveries({
      clock: registry.clock,
      of: (id) => this.of(id),
      instanceOf: (id) => this.#ward.patients.get(id)?.instance,
      report: (error) => this.#fail(error),
    });
    this.#watcher = registry.watch(query, { signal });
    this.#watcher.on('add', (instance) => this.#ward.admit(instance));
    this.#watcher.on('change', (instance) => this.#ward.readmit(instance));
    this.#watcher.on('remove', ({ id }, reason) => this.#dismiss(id, reason));
    this.#watcher.on('error', (error) => this.#fail(error));
    this.#watcher.on('close', () => this.#end());
    if (this.#watcher.isClosed) this.#end();
  }

  /** How this instance is; `undefined` if it is not watched. */
  of(id: string): Health | undefined {
    return this.#ward.patients.get(id)?.health;
  }

  /** How all are. */
  report(): Report {
    const instances = this.#watcher.instances.flatMap(({ id }) => this.of(id) ?? []);
    const counts = { unknown: 0, passing: 0, warning: 0, critical: 0 };
    for (const { status } of instances) counts[status]++;
    return { at: this.#registry.clock.now(), counts, instances };
  }

  /**
   * Checks all that are there, once, without waiting for their schedules. Keeps the process alive.
   *
   * @throws ROLLCALL_STORE if it is not known yet what is there, and the registry cannot be read.
   */
  async round({ signal }: Abortable = {}): Promise<Report> {
    signal?.throwIfAborted();
    this.#assertOpen();
    this.#rounds++;
    this.#hold();
    const until = new AbortController();
    const endings = [follow(signal, until), follow(this.#closing.signal, until)];
    try {
      await within(this.#known(until.signal), until.signal);
      await within(this.#ward.round(), until.signal);
      return this.report();
    } finally {
      for (const end of endings) end();
      until.abort();
      this.#rounds--;
      this.#hold();
    }
  }

  /**
   * Checks all instances for something of the caller's own, too, at the level `dependencies` unless given. Returns what
   * takes it back.
   *
   * @throws ROLLCALL_INVALID
   */
  check(name: string, run: CheckFunction, options: Placing = {}): () => void {
    return this.#ward.prescribe(name, run, options);
  }

  /**
   * Takes an instance out of rotation until it is resumed: routers and hubs that go by this monitor leave it out. It is
   * checked as before, and is told nothing.
   *
   * @throws ROLLCALL_GONE if it is not watched.
   */
  suspend(id: string, reason: string): void {
    pass(text, reason, 'The suspension', 'reason');
    const suspended: Suspension = { reason, since: this.#registry.clock.now() };
    if (!this.#ward.suspend(id, suspended)) {
      const message = `${printable(id)} is not watched by this monitor, and is not suspended.`;
      throw new RollcallError('ROLLCALL_GONE', message, { id, reason: 'it is not watched' });
    }
    const { instance } = this.#ward.patients.get(id) as Patient;
    this.#listeners.emit('suspend', { id, instance, suspended });
  }

  /** `false`: it was not suspended. */
  resume(id: string): boolean {
    const patient = this.#ward.patients.get(id);
    if (patient?.suspended === undefined) return false;
    this.#ward.suspend(id, undefined);
    this.#listeners.emit('resume', { id, instance: patient.instance });
    return true;
  }

  /**
   * Has `heal` do something about each instance that is critical, or becomes so; again while it stays so, with a
   * back-off. What it throws goes to `error`. Returns what takes it back.
   *
   * @throws ROLLCALL_INVALID
   */
  onCritical(heal: Healer, options: HealerOptions = {}): () => void {
    const takeBack = this.#recoveries.add(heal, options);
    for (const [id, { status }] of this.#ward.patients) if (status === 'critical') this.#recoveries.begin(id);
    return takeBack;
  }

  /**
   * Calls `listener` on each event of this type. Returns what takes it back. An error it throws, or rejects with, goes to
   * the registry's `onError`.
   *
   * @throws ROLLCALL_INVALID if there is no such event.
   */
  on<Type extends keyof MonitorEvents>(type: Type, listener: (...args: MonitorEvents[Type]) => void): () => void {
    if (!eventTypes.includes(type)) {
      throw invalid('The listener', [{ path: 'type', message: `must be one of ${eventTypes.join(', ')}` }]);
    }
    return this.#listeners.on(type, listener);
  }

  /** Every transition from now on. Leaving the loop does not close the monitor; closing that ends the loop. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Transition> {
    const stream = new TransitionStream(
      () => this.#hold(),
      (ended) => this.#streams.delete(ended),
    );
    if (this.#closing.signal.aborted) stream.end();
    else this.#streams.add(stream);
    return stream;
  }

  /** Stops. What was asked is not waited for. */
  async close(): Promise<void> {
    await this.#watcher.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #tell(transition: Transition): void {
    const { id, to } = transition;
    if (to === 'critical') this.#recoveries.begin(id);
    else this.#recoveries.end(id);
    for (const stream of this.#streams) stream.tell(transition);
    this.#listeners.emit('transition', transition);
  }

  #dismiss(id: string, reason: RemoveReason): void {
    this.#ward.dismiss(id, reason === 'dead');
    this.#recoveries.end(id);
    for (const stream of this.#streams) stream.forget(id);
  }

  /** Until it is known what is there. */
  #known(signal: AbortSignal): Promise<void> {
    if (this.#watcher.isReady) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const endings = [this.#watcher.on('ready', () => resolve()), this.#watcher.on('error', reject)];
      signal.addEventListener('abort', () => {
        for (const end of endings) end();
      });
    });
  }

  #assertOpen(): void {
    if (this.#isClosed) throw closed();
  }

  /** Keeps the process alive while someone waits for what only a timer brings. */
  #hold(): void {
    const isNeeded = !this.#isClosed && (this.#rounds > 0 || [...this.#streams].some(({ isWaiting }) => isWaiting));
    if (isNeeded && this.#held === undefined) {
      this.#held = this.#registry.clock.after(longestTimeout, () => {});
      this.#held.hold(true);
    } else if (!isNeeded) {
      this.#held?.cancel();
      this.#held = undefined;
    }
  }

  #fail(error: unknown): void {
    if (!this.#listeners.emit('error', error)) this.#registry.report(error);
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#closing.abort(closed());
    this.#ward.close();
    this.#recoveries.stop();
    for (const stream of this.#streams) stream.end();
    this.#streams.clear();
    this.#hold();
    this.#listeners.clear();
  }
}

const closed = () => new RollcallError('ROLLCALL_CLOSED', 'This monitor has been closed. Make a new one.', {});
