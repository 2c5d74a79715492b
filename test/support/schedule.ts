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

  /** `rounds`: how often each tries to hold it. */
  constructor(count: number, rounds: number) {
    const shared = new MemoryStore({ clock: new FakeClock() });
    const table = new SimulatedMachine(undefined).table();
    this.#contenders = Array.from({ length: count }, () => new Contender(shared, table, rounds, this.outcome));
    for (const each of this.#contenders) each.others = this.#contenders;
  }

  /** Who can take a step. */
  async ready(): Promise<Contender[]> {
    await settle(2);
    return this.#contenders.filter(({ isWaiting }) => isWaiting);
  }
}

export class Contender {
  others: readonly Contender[] = [];
  isHolding = false;
  hasCrashed = false;
  readonly #table: ProcessTable;
  readonly #pid: number;
  #go: (() => void) | undefined;

  constructor(shared: MemoryStore, table: ProcessTable, rounds: number, outcome: Outcome) {
    const observer = table.spawn();
    this.#table = table;
    this.#pid = observer.pid;
    const store = new FaultyStore(shared);
    const records = store.beside?.('claims') as FaultyStore;
    const step = () => this.step();
    records.before = { put: step, get: step, list: step, delete: step };
    const world = {
      store,
      probe: { observer, look: (pid: number) => table.look(pid) },
      clock: new FakeClock(),
      report() {},
    };
    void this.#run(new Claims(world, 45_000), rounds, outcome);
  }

  get isWaiting(): boolean {
    return this.#go !== undefined && !this.hasCrashed;
  }

  /** Its next call is made. */
  advance(): void {
    const go = this.#go;
    this.#go = undefined;
    go?.();
  }

  /** SIGKILL. */
  crash(): void {
    this.hasCrashed = true;
    this.isHolding = false;
    this.#table.kill(this.#pid);
  }

  step(): Promise<void> {
    return new Promise((resolve) => {
      this.#go = resolve;
    });
  }

  async #run(claims: Claims, rounds: number, outcome: Outcome): Promise<void> {
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
      await this.step();
      this.isHolding = false;
      await claim.release();
    }
  }
}
