/** A shared store as one simulated process sees it: out of reach while it is stopped, and for good once it has ended. */

import type { Clock } from '../core/clock.js';
import { RollcallError } from '../core/errors.js';
import { MemoryStore } from '../store/memory-store.js';
import type {
  DeleteCondition,
  ListedEntry,
  ListOptions,
  PutCondition,
  Store,
  StoreEntry,
  StoreTraits,
  Unwatch,
} from '../store/store.js';

/** Entries in memory that all processes of a cluster share, renewed by the clock of whoever renews them. */
export function inMemory(): (clock: Clock) => Store {
  let writer: Clock;
  const store = new MemoryStore({
    clock: {
      now: () => writer.now(),
      monotonic: () => writer.monotonic(),
      after: (delay, act) => writer.after(delay, act),
    },
  });
  return (clock) => {
    writer = clock;
    return store;
  };
}

/** A store of its own for each process, opened on its first call. */
export function once(open: (clock: Clock) => Store): (clock: Clock) => Store {
  const opened = new Map<Clock, Store>();
  return (clock) => {
    const store = opened.get(clock) ?? open(clock);
    opened.set(clock, store);
    return store;
  };
}

/** What the store must know of its process. */
interface Owner {
  readonly clock: Clock;
  readonly hasEnded: boolean;
  /** Resolves when it can run; rejects if it has ended. */
  running(): Promise<void>;
}

export class ProcessStore implements Store {
  readonly #reach: () => Store;
  readonly #owner: Owner;
  readonly #beside = new Map<string, ProcessStore>();

  /** `reach` gives the store for one call. */
  constructor(reach: () => Store, owner: Owner) {
    this.#reach = reach;
    this.#owner = owner;
  }

  get traits(): StoreTraits {
    return this.#reach().traits;
  }

  async put(id: string, body: string, condition?: PutCondition): Promise<StoreEntry> {
    return this.#call((store) => store.put(id, body, condition));
  }

  async get(id: string): Promise<StoreEntry | undefined> {
    return this.#call((store) => store.get(id));
  }

  async list(options?: ListOptions): Promise<readonly ListedEntry[]> {
    return this.#call((store) => store.list(options));
  }

  async touch(id: string): Promise<boolean> {
    return this.#call((store) => store.touch(id));
  }

  async delete(id: string, condition?: DeleteCondition): Promise<boolean> {
    return this.#call((store) => store.delete(id, condition));
  }

  deleteNow(id: string, isOwn: (body: string) => boolean): boolean {
    return !this.#owner.hasEnded && (this.#reach().deleteNow?.(id, isOwn) ?? false);
  }

  async watch(hint: (id?: string) => void): Promise<Unwatch> {
    return this.#call(async (store) => (await store.watch?.(hint)) ?? (async () => {}));
  }

  async sweep(options?: { readonly dryRun?: boolean | undefined }): Promise<number> {
    return this.#call(async (store) => (await store.sweep?.(options)) ?? 0);
  }

  beside(name: string): Store {
    const known = this.#beside.get(name);
    if (known !== undefined) return known;
    const store = new ProcessStore(() => besideOf(this.#reach(), name), this.#owner);
    this.#beside.set(name, store);
    return store;
  }

  /** The entries are everybody's: they stay, and so do the watches of others. */
  async close(): Promise<void> {}

  async #call<T>(act: (store: Store) => Promise<T>): Promise<T> {
    await this.#owner.running();
    // Without a pause between: or another's clock would be the writer's.
    return act(this.#reach());
  }
}

function besideOf(store: Store, name: string): Store {
  const beside = store.beside?.(name);
  if (beside === undefined)
    throw new RollcallError('ROLLCALL_STORE', 'The store of this cluster has none beside it.', {});
  return beside;
}
