/** A simulated machine with many instances: no real process, no file, no waiting. */

import type { Clock } from '../core/clock.js';
import { RollcallError } from '../core/errors.js';
import type { RegistrationInput } from '../core/instance.js';
import { compileQuery } from '../core/query.js';
import type { Folder } from '../core/workspace.js';
import type { Registration } from '../registry/registration.js';
import type { Registry } from '../registry/registry.js';
import type { Store } from '../store/store.js';
import type { FaultyStore } from './faulty-store.js';
import { inMemory, once } from './process-store.js';
import { misuse, Roster, type Which } from './roster.js';
import { home, type Place, type ProcessTable, SimulatedMachine } from './simulated-machine.js';
import { type SimulatedInstance, SimulatedProcess } from './simulated-process.js';
import { Timeline } from './timeline.js';

export interface ClusterOptions {
  /** What runs from the beginning, in this order; see `start`. */
  readonly instances?: readonly RegistrationInput[] | undefined;
  /** How long an entry stays fresh without a heartbeat, in ms, where the instance does not say; 45,000 unless given. */
  readonly ttl?: number | undefined;
  /** The wall-clock time at which it begins: ISO 8601, a `Date`, or ms since 1970; 2026 began just now unless given. */
  readonly now?: string | number | Date | undefined;
  /**
   * Opens the store as a process with this clock reaches it, files in a temporary folder for instance; all must
   * share the same entries. In memory unless given.
   */
  readonly openStore?: ((clock: Clock) => Store) | undefined;
  /**
   * What the file system of this machine knows of a folder: links, repositories, whether case matters; see `Folder`.
   * Unless given, and where it gives nothing, a folder is what it is called. Nothing is looked up on the real disk.
   */
  readonly folder?: ((path: string) => Partial<Folder> | undefined) | undefined;
  /** Takes the errors of background work, of every process. A process warning unless given. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/**
 * A simulated machine, made by {@link createCluster}. All its methods resolve when what they set off has come to
 * rest; call one after the other.
 *
 * @throws ROLLCALL_INVALID, from each method, if it does not know the instance, or the process has ended before.
 * @throws ROLLCALL_CLOSED, from each method, once it is closed.
 */
export class Cluster implements AsyncDisposable {
  readonly #options: ClusterOptions;
  readonly #reach: (clock: Clock) => Store;
  readonly #machines = new Map<string, SimulatedMachine>();
  readonly #timeline = new Timeline();
  readonly #roster = new Roster();
  readonly #home: SimulatedMachine;
  readonly #observer: SimulatedProcess;
  #isClosed = false;

  /** For `createCluster`. */
  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#reach = options.openStore === undefined ? inMemory() : once(options.openStore);
    this.#home = new SimulatedMachine(options.now);
    this.#observer = this.#run(this.#home.table());
  }

  /**
   * The registry of a client on this machine: what you pass to the code under test. Whatever it waits for comes
   * only when time passes, see `advance`.
   */
  get registry(): Registry {
    return this.#observer.registry;
  }

  /** The store as that client reaches it, to make its calls fail or wait. */
  get store(): FaultyStore {
    return this.#observer.store;
  }

  /** All that were started, in that order, also those that have ended. */
  get instances(): readonly SimulatedInstance[] {
    return this.#roster.handles;
  }

  /**
   * Starts one more process, which registers `input`. Without `endpoints` it gets one where nothing listens, with a
   * port that no other has. It is a millisecond younger than the one before.
   *
   * @throws ROLLCALL_INVALID if the input is not valid.
   */
  async start(input: RegistrationInput, place: Place = {}): Promise<SimulatedInstance> {
    await this.advance(1);
    const process = this.#run(this.#machine(place.machine).table(place.namespace));
    const url = `http://127.0.0.1:${10_000 + (this.#roster.size % 50_000)}/`;
    const endpoints = input.endpoints ?? (input.status === 'starting' ? undefined : [{ type: 'http', url }]);
    let registration: Registration;
    try {
      registration = await process.registry.register({ ...input, endpoints });
    } catch (error) {
      await process.stop();
      throw error;
    }
    const handle: SimulatedInstance = {
      id: registration.id,
      name: registration.instance.name,
      pid: process.pid,
      get state() {
        return process.state;
      },
      get instance() {
        return registration.instance;
      },
      registration,
      registry: process.registry,
    };
    this.#roster.add({ process, handle, input, place });
    await this.#timeline.settle();
    return handle;
  }

  /** It ends as it should: it deregisters, and its process is gone. */
  async stop(which: Which): Promise<void> {
    const process = this.#open().living(which);
    if (process.state === 'stalled') throw misuse('It is stalled and cannot stop by itself: resume it, or kill it.');
    await process.stop();
    await this.#timeline.settle();
  }

  /**
   * Starts it anew, with what it registered and where it ran, in another process; it is stopped before, unless it has
   * ended. Whoever is to find it dead first kills it before.
   */
  async restart(which: Which): Promise<SimulatedInstance> {
    const { process, handle, input, place } = this.#open().find(which);
    if (!process.hasEnded) await this.stop(handle);
    return this.start(input, place);
  }

  /** SIGKILL: its process is gone at once, its entry is still there. */
  async kill(which: Which): Promise<void> {
    const process = this.#open().living(which);
    await this.#timeline.settle();
    await process.kill();
    await this.#timeline.settle();
  }

  /** It is killed, unless it was before, and its pid is given to another process. */
  async reusePid(which: Which): Promise<void> {
    const { process, handle } = this.#open().find(which);
    if (!process.hasEnded) await this.kill(handle);
    process.table.reuse(process.pid);
  }

  /** SIGSTOP, or a blocked event loop: its process exists, and does nothing until it is resumed. */
  async stall(which: Which): Promise<void> {
    const process = this.#open().living(which);
    await this.#timeline.settle();
    if (process.state === 'running') process.stall();
  }

  /** SIGCONT: it goes on; timers that were due meanwhile run now, late. */
  async resume(which: Which): Promise<void> {
    const process = this.#open().living(which);
    if (process.state === 'stalled') process.resume();
    await this.advance(0);
  }

  /**
   * Its entry is overwritten with `text`: half of what stood there unless given. It stays so until its owner notices.
   */
  async corrupt(which: Which, text?: string): Promise<void> {
    const { id } = this.#open().find(which).handle;
    const entry = await this.#reach(this.#observer.clock).get(id);
    if (entry === undefined) throw misuse(`${id} has no entry any more that could be corrupted.`);
    await this.#reach(this.#observer.clock).put(id, text ?? entry.body.slice(0, entry.body.length / 2));
    await this.#timeline.settle();
  }

  /**
   * Lets `ms` pass, at once: in every process that is awake, each timer runs at its time, one after the other.
   * Heartbeats come every third of a ttl, watchers look within half a second, the dead are swept away after about
   * half a minute. Resolves when all that was set off has come to rest.
   */
  async advance(ms: number): Promise<void> {
    await this.#pass(ms);
  }

  /** This machine is suspended for `ms`: its wall clock goes on, all else stands still. Other machines are awake. */
  async sleep(ms: number): Promise<void> {
    await this.#pass(ms, this.#home);
  }

  /** Someone sets the wall clock of this machine, forward or back. No time passes by it. */
  async setClock(now: string | number | Date): Promise<void> {
    this.#open();
    for (const clock of this.#timeline.clocks(this.#home)) clock.set(now);
  }

  /** Ends everything, watchers and waiting calls too. Nothing was real, so nothing is left. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // The code under test first: it need not see the others go.
    for (const process of this.#timeline.processes) await process.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #run(table: ProcessTable): SimulatedProcess {
    const { ttl, onError, folder } = this.#options;
    const process = new SimulatedProcess({ table, reach: this.#reach, ttl, folder, onError });
    this.#timeline.add(process);
    return process;
  }

  #machine(name?: string): SimulatedMachine {
    if (name === undefined || name === home) return this.#home;
    const machine = this.#machines.get(name) ?? new SimulatedMachine(this.#home.clock.now(), name);
    this.#machines.set(name, machine);
    return machine;
  }

  async #pass(ms: number, asleep?: SimulatedMachine): Promise<void> {
    this.#open();
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) throw misuse(`${ms} ms cannot pass: time only goes forward.`);
    await this.#timeline.pass(ms, asleep);
  }

  #open(): Roster {
    if (this.#isClosed) throw new RollcallError('ROLLCALL_CLOSED', 'This cluster has been closed. Make a new one.', {});
    return this.#roster;
  }
}

/**
 * Simulates a machine on which many instances run, to test code that discovers, watches and picks: pass
 * `cluster.registry` to it, then let instances come, stall, die, and time pass.
 *
 * ```ts
 * await using cluster = await createCluster({ instances: [{ name: 'weather' }, { name: 'weather' }] });
 * await cluster.kill(await cluster.registry.pick({ name: 'weather' }));
 * await cluster.registry.pick({ name: 'weather' }); // the other one
 * ```
 *
 * Registrations, heartbeats, watchers and sweeps are the real ones; the processes, their clocks and the store are
 * not. Each instance has a process of its own. No time passes but by `advance` and `sleep`: what waits for a timer,
 * as `waitFor` and watchers do, waits for these. It is made for tens or some hundreds of instances, not for
 * thousands: each of them keeps an eye on all others, as real ones do. Files, locks and signals are not simulated;
 * see `withTempRegistry`.
 *
 * @throws ROLLCALL_INVALID if an instance is not valid.
 */
export async function createCluster(options: ClusterOptions = {}): Promise<Cluster> {
  // Queries import their libraries on first use. Once they are there, a query waits for nothing but promises.
  await compileQuery({ where: { name: { $regex: '' } } });
  const cluster = new Cluster(options);
  try {
    for (const input of options.instances ?? []) await cluster.start(input);
  } catch (error) {
    await cluster.close();
    throw error;
  }
  return cluster;
}
