/** Contenders for one claim, each step of whom is taken when the schedule says so: its next call to the store. */

import type { Claim } from '../../src/registry/claim.js';
import { Claims } from '../../src/registry/claims.js';
import { MemoryStore } from '../../src/store/memory-store.js';
import { FakeClock, settle } from '../../src/testing/fake-clock.js';
import { FaultyStore } from '../../src/testing/faulty-store.js';
import { type ProcessTable, SimulatedMachine } from '../../src/testing/simulated-machine.js';

const key = 'leader';

/** What no schedule may lead to. */
export interface Outcome {
  /** Tokens in the order in which they were won. */
  readonly tokens: number[];
  /** How often two living contenders held it at once. */
  overlaps: number;
}

export class Race {
  readonly outcome: Outcome = { tokens: [], overlaps: 0 };
  readonly #contenders: Contender[];
  readonly #isPassed: boolean;

  /** `rounds`: how often each tries to hold it. `isPassed`: and then passes it on to a process that it has started. */
  constructor(count: number, rounds: number, isPassed = false) {
    const shared = new MemoryStore({ clock: new FakeClock() });
    const table = new SimulatedMachine(undefined).table();
    this.#isPassed = isPassed;
    const task: Task = { rounds, isPassed, outcome: this.outcome };
    this.#contenders = Array.from({ length: count }, () => new Contender(shared, table, task));
    for (const each of this.#contenders) each.others = this.#contenders;
  }

  /** Who can take a step. */
  async ready(): Promise<Contender[]> {
    // What is listed is taken in over several turns.
    await settle(this.#isPassed ? 6 : 2);
    return this.#contenders.filter(({ isWaiting }) => isWaiting);
  }
}

interface Task {
  readonly rounds: number;
  readonly isPassed: boolean;
  readonly outcome: Outcome;
}

export class Contender {
  others: readonly Contender[] = [];
  isHolding = false;
  hasCrashed = false;
  readonly #table: ProcessTable;
  readonly #pid: number;
  /** What it has started, and whether that runs already: until then it ends with who started it. */
  #child: { readonly pid: number; isRunning: boolean } | undefined;
  #go: (() => void) | undefined;

  constructor(shared: MemoryStore, table: ProcessTable, task: Task) {
    const observer = table.spawn();
    this.#table = table;
    this.#pid = observer.pid;
    const store = new FaultyStore(shared);
    const records = store.beside?.('claims') as FaultyStore;
    const step = () => this.step();
    records.before = { put: step, get: step, list: step, delete: step };
    if (task.isPassed) {
      // Between what is listed and what is made of it, too.
      const list = records.list.bind(records);
      records.list = async (options) => {
        const listed = await list(options);
        await step();
        return listed;
      };
    }
    const world = {
      store,
      probe: { observer, look: (pid: number) => table.look(pid) },
      clock: new FakeClock(),
      report() {},
    };
    void this.#run(new Claims(world, 45_000), task);
  }

  get isWaiting(): boolean {
    return this.hasCrashed ? this.isHolding : this.#go !== undefined;
  }

  /** Its next call is made. What was started by one that has crashed ends. */
  advance(): void {
    if (this.hasCrashed) this.#endChild();
    const go = this.#go;
    this.#go = undefined;
    go?.();
  }

  /** SIGKILL. */
  crash(): void {
    this.hasCrashed = true;
    this.#table.kill(this.#pid);
    if (this.#child?.isRunning !== true) this.#endChild();
  }

  #endChild(): void {
    this.isHolding = false;
    if (this.#child !== undefined) this.#table.kill(this.#child.pid);
    this.#child = undefined;
  }

  step(): Promise<void> {
    return new Promise((resolve) => {
      this.#go = resolve;
    });
  }

  async #run(claims: Claims, { rounds, isPassed, outcome }: Task): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      let claim: Claim;
      try {
        claim = await claims.claim(key);
      } catch {
        // Another holds it: the next round is the next attempt.
        await this.step();
        continue;
      }
      this.isHolding = true;
      outcome.tokens.push(claim.token);
      if (this.others.filter(({ isHolding }) => isHolding).length > 1) outcome.overlaps++;
      if (isPassed) {
        const child = this.#table.spawn();
        this.#child = { pid: child.pid, isRunning: false };
        if (await claim.passTo(child, {})) this.#child.isRunning = true;
      }
      await this.step();
      this.#endChild();
      await claim.release();
    }
  }
}
