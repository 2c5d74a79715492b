/** A shared store as one simulated process sees it: out of reach while it is stopped, and for good once it has ended. */

import type { Clock } from '../core/clock.js';
import { MemoryStore } from '../store/memory-store.js';
import type { DeleteCondition, PutCondition, Store, StoreEntry, Unwatch } from '../store/store.js';

/** What all processes of a cluster share: entries in memory, renewed by the clock of whoever renews them. */
export class SharedMemory {
  readonly #clock = { writer: undefined as Clock | undefined };
  readonly #store = new MemoryStore({
    clock: {
      now: () => this.#clock.writer?.now() ?? 0,
      monotonic: () => this.#clock.writer?.monotonic() ?? 0,
      after: () => ({ cancel() {}, hold() {} }),
    },
  });

  /** The store, for one call by the process with this clock. */
  by(writer: Clock): MemoryStore {
    this.#clock.writer = writer;
    return this.#store;
  }
}

/** What the store must know of its process. */
interface Owner {
  readonly clock: Clock;
  readonly hasEnded: boolean;
  /** Resolves when it can run; rejects if it has ended. */
  running(): Promise<void>;
}

export class ProcessStore implements Store {
  readonly traits = new MemoryStore().traits;
  readonly #memory: SharedMemory;
  readonly #owner: Owner;

  constructor(memory: SharedMemory, owner: Owner) {
    this.#memory = memory;
    this.#owner = owner;
  }

  async put(id: string, body: string, condition?: PutCondition): Promise<StoreEntry> {
    return this.#call((store) => store.put(id, body, condition));
  }

  async get(id: string): Promise<StoreEntry | undefined> {
    return this.#call((store) => store.get(id));
  }

  async list(): Promise<StoreEntry[]> {
    return this.#call((store) => store.list());
  }

  async touch(id: string): Promise<boolean> {
    return this.#call((store) => store.touch(id));
  }

  async delete(id: string, condition?: DeleteCondition): Promise<boolean> {
    return this.#call((store) => store.delete(id, condition));
  }

  deleteNow(id: string, isOwn: (body: string) => boolean): boolean {
    return !this.#owner.hasEnded && this.#memory.by(this.#owner.clock).deleteNow(id, isOwn);
  }

  async watch(hint: (id?: string) => void): Promise<Unwatch> {
    return this.#call((store) => store.watch(hint));
  }

  /** The entries are everybody's: they stay, and so do the watches of others. */
  async close(): Promise<void> {}

  async #call<T>(act: (store: MemoryStore) => Promise<T>): Promise<T> {
    await this.#owner.running();
    // Without a pause between: or another's clock would be the writer's.
    return act(this.#memory.by(this.#owner.clock));
  }
}
