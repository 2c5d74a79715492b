/** The time of a cluster: moves the clocks of all its processes together, and runs their timers in order. */

import { type FakeClock, settle } from './fake-clock.js';
import type { SimulatedMachine } from './simulated-machine.js';
import type { SimulatedProcess } from './simulated-process.js';

/** Entries judged in one go before others get their turn, see survey.ts: a look at many takes that many turns more. */
const slice = 128;

export class Timeline {
  readonly #machines = new Set<SimulatedMachine>();
  readonly #processes = new Set<SimulatedProcess>();

  add(process: SimulatedProcess): void {
    this.#machines.add(process.table.machine);
    this.#processes.add(process);
  }

  /** Those that have not ended, in the order in which they were added. */
  get processes(): SimulatedProcess[] {
    for (const process of this.#processes) if (process.hasEnded) this.#processes.delete(process);
    return [...this.#processes];
  }

  /** Every clock of the machine. */
  clocks(machine: SimulatedMachine): FakeClock[] {
    const own = this.processes.filter(({ table }) => table.machine === machine);
    return [machine.clock, ...own.map(({ clock }) => clock)];
  }

  /** Lets `ms` pass everywhere, but for the machine that is asleep. */
  async pass(ms: number, asleep?: SimulatedMachine): Promise<void> {
    await this.settle();
    let left = ms;
    for (;;) {
      const { clock, wait } = this.#next(asleep);
      if (clock === undefined || wait > left) break;
      this.#move(wait, asleep);
      left -= wait;
      clock.runNext();
      await this.settle();
    }
    this.#move(left, asleep);
    await this.settle();
  }

  settle(): Promise<void> {
    return settle(8 + Math.ceil(this.#processes.size / slice));
  }

  /** Whose timer is due next, and in how many ms. */
  #next(asleep?: SimulatedMachine): { readonly clock?: FakeClock; readonly wait: number } {
    let first: { clock?: FakeClock; wait: number } = { wait: Number.POSITIVE_INFINITY };
    for (const { state, table, clock } of this.processes) {
      const { next } = clock;
      if (next === undefined || state !== 'running' || table.machine === asleep) continue;
      if (next < first.wait) first = { clock, wait: next };
    }
    return first;
  }

  #move(ms: number, asleep?: SimulatedMachine): void {
    if (ms === 0) return;
    for (const machine of this.#machines) {
      for (const clock of this.clocks(machine)) {
        if (machine === asleep) clock.sleep(ms);
        else clock.stop(ms);
      }
    }
  }
}
