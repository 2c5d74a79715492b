/** A simulated machine: one wall clock, and a table of processes for each of its pid namespaces. */

import type { ProcessIdentity } from '../core/instance.js';
import type { Look } from '../core/verdict.js';
import { FakeClock } from './fake-clock.js';
import { FakeProbe, observer } from './fake-probe.js';

/** The machine that the code under test runs on. */
export const home = observer.machine ?? '';

/** Where a process runs, if not beside the code under test. */
export interface Place {
  /** Another machine, by a name of your choice, that shares the registry with this one. It has a clock of its own. */
  readonly machine?: string | undefined;
  /** Another pid namespace, by a name of your choice: a container, say. */
  readonly namespace?: string | undefined;
}

/** The processes of one pid namespace. */
export class ProcessTable {
  readonly machine: SimulatedMachine;
  readonly #probe: FakeProbe;
  #lastPid: number;
  #births = 0;

  constructor(machine: SimulatedMachine, identity: Partial<ProcessIdentity>) {
    this.machine = machine;
    this.#probe = new FakeProbe(identity);
    this.#lastPid = this.#probe.observer.pid;
  }

  /** A new process, with the next pid. */
  spawn(): ProcessIdentity {
    return this.reuse(++this.#lastPid);
  }

  kill(pid: number): void {
    this.#probe.kill(pid);
  }

  /** A new process, with this pid. */
  reuse(pid: number): ProcessIdentity {
    return this.#probe.run(pid, `${pid}${String(++this.#births).padStart(4, '0')}`);
  }

  look(pid: number): Look {
    return this.#probe.look(pid);
  }
}

export class SimulatedMachine {
  /** What its wall clock shows. It has no timers: each process has its own. */
  readonly clock: FakeClock;
  readonly #identity: Partial<ProcessIdentity>;
  readonly #tables = new Map<string, ProcessTable>();

  constructor(now: string | number | Date | undefined, name = home) {
    this.clock = new FakeClock(now);
    this.#identity = name === home ? {} : { machine: name, host: `host of ${name}`, boot: `boot of ${name}` };
  }

  /** The processes of the namespace of this name; of its first one, unless given. */
  table(namespace = ''): ProcessTable {
    const identity = namespace === '' ? this.#identity : { ...this.#identity, pidNamespace: namespace };
    const table = this.#tables.get(namespace) ?? new ProcessTable(this, identity);
    this.#tables.set(namespace, table);
    return table;
  }
}
