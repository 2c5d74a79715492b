/** Processes that exist because a test says so. */

import type { ProcessIdentity } from '../core/instance.js';
import type { Look } from '../core/verdict.js';
import type { Probe } from '../process/probe.js';

/** Who asks, unless a test says otherwise. */
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

/**
 * A process table of the test's own, given to a `Registry` as its `probe`. The process that asks is in it, with the
 * identity that is passed to the constructor, and every other one is there from `run` to `kill`.
 */
export class FakeProbe implements Probe {
  readonly isSimulated = true;
  readonly observer: ProcessIdentity;
  readonly #processes = new Map<number, Look>();
  /** Every pid that was looked at, in that order. */
  readonly looks: number[] = [];

  /** Who asks: fields not given are those of a process 100 on `machine-1`. */
  constructor(identity: Partial<ProcessIdentity> = {}) {
    this.observer = { ...observer, ...identity };
    this.run(this.observer.pid, this.observer.start);
  }

  /**
   * Starts a process at `pid`; returns who it is, for an entry of it. With another `start` than before, the pid was
   * given to another process.
   */
  run(pid: number, start: string | undefined = `${pid}00`): ProcessIdentity {
    this.#processes.set(pid, { is: 'there', start });
    return { ...this.observer, pid, start };
  }

  /** Ends it, as SIGKILL does. */
  kill(pid: number): void {
    this.#processes.delete(pid);
  }

  /** Whatever is to be seen at `pid` from now on: a zombie, say, or a process that cannot be looked at. */
  show(pid: number, look: Look): void {
    this.#processes.set(pid, look);
  }

  /** The process that asks has ended; that of the test has not. */
  exit(): void {
    this.kill(this.observer.pid);
  }

  look(pid: number): Look {
    this.looks.push(pid);
    return this.#processes.get(pid) ?? { is: 'gone' };
  }
}
