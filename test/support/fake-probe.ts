/** Processes that exist because a test says so. */

import type { ProcessIdentity } from '../../src/core/instance.js';
import type { Look } from '../../src/core/verdict.js';
import type { Probe } from '../../src/process/probe.js';

export const observer: ProcessIdentity = {
  pid: 100,
  start: '1000',
  machine: 'machine-1',
  host: 'host-1',
  boot: 'boot-1',
  pidNamespace: '4026531836',
  timeNamespace: '4026531834',
  uid: 1000,
};

export class FakeProbe implements Probe {
  readonly observer: ProcessIdentity;
  readonly #processes = new Map<number, Look>();
  /** Every pid that was looked at. */
  readonly looks: number[] = [];

  constructor(identity: Partial<ProcessIdentity> = {}) {
    this.observer = { ...observer, ...identity };
    this.run(this.observer.pid, this.observer.start);
  }

  /** Starts a process; returns who it is, for an entry of it. */
  run(pid: number, start: string | undefined = `${pid}00`): ProcessIdentity {
    this.#processes.set(pid, { is: 'there', start });
    return { ...this.observer, pid, start };
  }

  /** Ends it. */
  kill(pid: number): void {
    this.#processes.delete(pid);
  }

  /** Whatever is to be seen at `pid` from now on. */
  show(pid: number, look: Look): void {
    this.#processes.set(pid, look);
  }

  look(pid: number): Look {
    this.looks.push(pid);
    return this.#processes.get(pid) ?? { is: 'gone' };
  }
}
