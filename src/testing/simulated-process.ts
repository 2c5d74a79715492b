/** One process of a simulated machine: with its own clock, its own view of the store, and real registrations. */

import type { Clock } from '../core/clock.js';
import { RollcallError } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
import type { Folder } from '../core/workspace.js';
import type { Probe } from '../process/probe.js';
import type { Registration } from '../registry/registration.js';
import { Registry } from '../registry/registry.js';
import { warn } from '../registry/warn.js';
import type { Store } from '../store/store.js';
import { FakeClock } from './fake-clock.js';
import { FaultyStore, type Gate, gate } from './faulty-store.js';
import { ProcessStore } from './process-store.js';
import type { ProcessTable } from './simulated-machine.js';

/** How the process of a simulated instance fares; `stopped` is a proper end. */
export type SimulatedState = 'running' | 'stalled' | 'stopped' | 'killed';

/** An instance of a cluster, together with its process. */
export interface SimulatedInstance {
  readonly id: string;
  readonly name: string;
  readonly pid: number;
  readonly state: SimulatedState;
  /** What it wrote last. */
  readonly instance: Instance;
  /**
   * Its own handle, to `update` and to `deregister`. While the process is stalled, calls wait until it is resumed;
   * once it was killed, they reject.
   */
  readonly registration: Registration;
  /** The registry of its process: what it sees of the others, also from another machine or container. */
  readonly registry: Registry;
}

/** What a process is given by its cluster. */
interface Surroundings {
  readonly table: ProcessTable;
  /** The shared store, for one call by the process with this clock. */
  readonly reach: (clock: Clock) => Store;
  readonly ttl: number | undefined;
  readonly folder: ((path: string) => Partial<Folder> | undefined) | undefined;
  readonly onError: ((error: unknown) => void) | undefined;
}

export class SimulatedProcess {
  readonly table: ProcessTable;
  readonly pid: number;
  readonly clock: FakeClock;
  /** The entries as this process reaches them. */
  readonly store: FaultyStore;
  readonly registry: Registry;
  #state: SimulatedState = 'running';
  #pause: Gate | undefined;

  constructor({ table, reach, ttl, folder, onError }: Surroundings) {
    const observer = table.spawn();
    this.table = table;
    this.pid = observer.pid;
    this.clock = new FakeClock(table.machine.clock.now());
    this.store = new FaultyStore(new ProcessStore(() => reach(this.clock), this));
    const probe: Probe = {
      observer,
      look: (pid) => table.look(pid),
      isSimulated: true,
      exit: () => void this.stop(),
      folder: async (path) => ({ paths: [path], ...folder?.(path) }),
    };
    this.registry = new Registry({
      store: this.store,
      clock: this.clock,
      probe,
      ttl,
      onError: (error) => this.#report(error, onError ?? warn),
    });
  }

  /** Who was killed reports nothing. */
  #report(error: unknown, onError: (error: unknown) => void): void {
    if (this.#state !== 'killed') onError(error);
  }

  get state(): SimulatedState {
    return this.#state;
  }

  get hasEnded(): boolean {
    return this.#state === 'stopped' || this.#state === 'killed';
  }

  async running(): Promise<void> {
    await this.#pause?.wait();
    if (!this.hasEnded) return;
    const message = `The process ${this.pid} has ended (${this.#state}) and does nothing any more.`;
    throw new RollcallError('ROLLCALL_STORE', message, {});
  }

  stall(): void {
    this.#state = 'stalled';
    this.#pause = gate();
  }

  resume(): void {
    this.#state = 'running';
    this.#pause?.open();
    this.#pause = undefined;
  }

  /** It ends as it should: what it has registered is deregistered. */
  async stop(): Promise<void> {
    this.resume();
    this.store.reset();
    await this.registry.close();
    this.#state = 'stopped';
    this.table.kill(this.pid);
    this.clock.clear();
  }

  /** It ends at once: nothing of it reaches the store any more, and what it has registered stays there. */
  async kill(): Promise<void> {
    this.#state = 'killed';
    this.table.kill(this.pid);
    this.clock.clear();
    this.#pause?.open();
    this.#pause = undefined;
    // What the real process of the test would have to let go of: the listeners of the last act.
    await this.registry.close().catch(() => {
      // Each deregistration fails, and that is what being killed means.
    });
  }
}
