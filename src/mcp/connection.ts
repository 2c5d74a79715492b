/** A client that stays with its service: whatever port that comes back on. */

import { invalid, RollcallError } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
import { Listeners } from '../registry/listeners.js';
import { type Abortable, longestTimeout } from '../registry/options.js';
import type { Registry } from '../registry/registry.js';
import type { Watcher } from '../registry/watcher.js';
import type { Client } from './client.js';
import { isSameService } from './service.js';
import { type Dialler, Tether } from './tether.js';

/** What a connection tells. */
export interface ConnectionEvents {
  /** Connected again: to this instance, after that one. They are the same if its process is. */
  connect: [instance: Instance, previous: Instance];
  /** What it was connected to has gone, or does not know us any more. Calls under way have been rejected. */
  disconnect: [reason: string, instance: Instance];
  /** Connecting again has failed, and is attempted again; or the registry could not be read. */
  error: [error: unknown];
}

const types: readonly (keyof ConnectionEvents)[] = ['connect', 'disconnect', 'error'];

/** Connects for the first time. */
export let openConnection: (
  registry: Registry,
  client: Client,
  instance: Instance,
  dial: Dialler,
  signal: AbortSignal | undefined,
) => Promise<Connection>;

/**
 * A connected client of the official SDK, and what keeps it so.
 *
 * When its instance is replaced by another of the same service (the same name, working in the same folder), or its
 * server forgets the session, the same `client` is connected again: its handlers stay, calls that were under way are
 * rejected and not repeated. While there is nothing to connect to, calls are rejected at once with "Not connected";
 * `connected()` waits. It does not keep the process alive by itself; an open connection may.
 */
export class Connection implements AsyncDisposable {
  readonly client: Client;
  readonly #registry: Registry;
  readonly #watcher: Watcher;
  readonly #listeners: Listeners<ConnectionEvents>;
  readonly #tether: Tether;
  readonly #closing = new AbortController();
  #instance: Instance;
  #isOpen = false;
  #closed: Promise<void> | undefined;

  static {
    openConnection = async (registry, client, instance, dial, signal) => {
      const connection = new Connection(registry, client, instance, dial);
      await connection.#open(signal);
      return connection;
    };
  }

  private constructor(registry: Registry, client: Client, instance: Instance, dial: Dialler) {
    this.client = client;
    this.#registry = registry;
    this.#instance = instance;
    this.#listeners = new Listeners((error) => registry.report(error));
    this.#tether = new Tether(client, dial, registry.clock, {
      connected: (now) => this.#arrive(now),
      disconnected: (last, reason) => this.#listeners.emit('disconnect', reason, last),
      // Whoever does not listen has been told that it is not connected; while it is not, each attempt fails.
      failed: (error) => void (this.#isOpen && this.#listeners.emit('error', error)),
    });
    this.#watcher = registry.watch({ name: instance.name });
    this.#watcher.on('add', () => this.#look());
    this.#watcher.on('change', () => this.#look());
    this.#watcher.on('ready', () => this.#look());
    this.#watcher.on('remove', (_, reason) => this.#look(`it is gone: ${reason}`));
    this.#watcher.on('error', (error) => this.#tell(error));
  }

  /** What it is connected to, or was last. */
  get instance(): Instance {
    return this.#instance;
  }

  get isConnected(): boolean {
    return this.#tether.isConnected;
  }

  /**
   * Calls `listener` on each event of this type. Returns what takes it back. An error it throws goes to the registry's
   * `onError`.
   *
   * @throws ROLLCALL_INVALID if there is no such event.
   */
  on<Type extends keyof ConnectionEvents>(type: Type, listener: (...args: ConnectionEvents[Type]) => void): () => void {
    if (!types.includes(type)) {
      throw invalid('The listener', [{ path: 'type', message: `must be one of ${types.join(', ')}` }]);
    }
    return this.#listeners.on(type, listener);
  }

  /**
   * Resolves as soon as it is connected, with what to; at once, if it is. Waiting for it keeps the process alive.
   *
   * @throws ROLLCALL_CLOSED if it is closed; the signal's reason if it is aborted: `AbortSignal.timeout(5_000)`.
   */
  async connected({ signal }: Abortable = {}): Promise<Instance> {
    signal?.throwIfAborted();
    if (this.#closing.signal.aborted) throw closed();
    if (this.isConnected) return this.#instance;
    return new Promise((resolve, reject) => {
      // Nothing else may be going on in this process.
      const held = this.#registry.clock.after(longestTimeout, () => {});
      held.hold(true);
      const settle = (act: () => void) => {
        held.cancel();
        forget();
        signal?.removeEventListener('abort', abort);
        this.#closing.signal.removeEventListener('abort', end);
        act();
      };
      const forget = this.#listeners.on('connect', (instance) => settle(() => resolve(instance)));
      const abort = () => settle(() => reject(signal?.reason));
      const end = () => settle(() => reject(closed()));
      signal?.addEventListener('abort', abort);
      this.#closing.signal.addEventListener('abort', end);
    });
  }

  /** Leaves the server, ends its session, and stops looking for another. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Connects for the first time: what fails is thrown, and it is closed. */
  async #open(signal: AbortSignal | undefined): Promise<void> {
    const abort = () => void this.close();
    signal?.addEventListener('abort', abort, { once: true });
    try {
      signal?.throwIfAborted();
      this.#tether.assign(this.#instance);
      await this.#tether.reach();
      signal?.throwIfAborted();
      this.#isOpen = true;
    } catch (error) {
      await this.close();
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
    this.#look();
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([this.#tether.close(), this.#watcher.close()]);
    this.#listeners.clear();
  }

  #arrive(now: Instance): void {
    const previous = this.#instance;
    this.#instance = now;
    if (this.#isOpen) this.#listeners.emit('connect', now, previous);
  }

  /** The same instance as long as it is there, else the newest that can be used of its service. */
  #look(reason?: string): void {
    if (!this.#isOpen || !this.#watcher.isReady || this.#closing.signal.aborted) return;
    const { instances } = this.#watcher;
    const same = instances.find(({ id }) => id === this.#instance.id);
    const isNext = (each: Instance) => each.status === 'ready' && isSameService(each, this.#instance);
    const now = same ?? instances.findLast(isNext);
    if (same !== undefined) this.#instance = same;
    this.#tether.assign(now, reason);
  }

  #tell(error: unknown): void {
    if (!this.#listeners.emit('error', error)) this.#registry.report(error);
  }
}

const closed = () => new RollcallError('ROLLCALL_CLOSED', 'The connection has been closed.', {});
