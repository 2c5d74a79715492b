/** A store that a test can make fail, wait, or be preceded by something. */

import { RollcallError } from '../core/errors.js';
import { MemoryStore } from '../store/memory-store.js';
import type {
  DeleteCondition,
  Follower,
  ListedEntry,
  ListOptions,
  PutCondition,
  Store,
  StoreEntry,
  StoreTraits,
  Unwatch,
} from '../store/store.js';

/** What can be called on a store. */
export type StoreMethod =
  | 'put'
  | 'get'
  | 'list'
  | 'touch'
  | 'delete'
  | 'deleteNow'
  | 'watch'
  | 'sweep'
  | 'hold'
  | 'follow'
  | 'stamp'
  | 'close';

/** What comes before a call, with the id it is for, if there is one. The call waits for it, and fails if it throws. */
export type Act = (id?: string) => void | Promise<void>;

/** A door that stays shut until the test opens it. */
export interface Gate {
  /** To be put before a call: the call waits here. */
  readonly wait: () => Promise<void>;
  /** Lets through whoever waits, and whoever comes later. */
  readonly open: () => void;
  /** Resolves when the first one has come to wait. */
  readonly reached: Promise<void>;
}

/** A new gate, shut. */
export function gate(): Gate {
  let open = () => {};
  let arrive = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const reached = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const wait = async () => {
    arrive();
    await opened;
  };
  return { wait, open, reached };
}

/** An act that fails: with `error`, or as a store that cannot be reached (ROLLCALL_STORE). */
export function failing(error?: unknown): Act {
  return () => {
    throw error ?? new RollcallError('ROLLCALL_STORE', 'This call to the store fails because the test says so.', {});
  };
}

/**
 * Wraps any store. It passes every call on, and what it passes on to behaves as ever; but a test may put something
 * before a call:
 *
 * ```ts
 * store.before.put = failing();         // every put fails
 * store.at(3, failing());               // the third call from now on, whichever it is
 * store.at(1, door.wait, 'list');       // the next list waits until `door.open()`
 * ```
 *
 * A call that fails has not reached the inner store. Methods that the inner store does not have are missing here,
 * too. Closing it closes the inner store.
 */
export class FaultyStore implements Store {
  readonly traits: StoreTraits;
  /** What comes before each call of a method, until it is taken away; `any` comes before every call. */
  before: Partial<Record<StoreMethod | 'any', Act>> = {};
  /** The method of every call that was made, in that order. */
  readonly calls: StoreMethod[] = [];
  deleteNow?: (id: string, isOwn: (body: string) => boolean) => boolean;
  watch?: (hint: (id?: string) => void) => Promise<Unwatch>;
  sweep?: (options?: { readonly dryRun?: boolean | undefined }) => Promise<number>;
  hold?: (id: string) => Promise<() => void>;
  follow?: (id: string, ended: () => void) => Promise<Follower | undefined>;
  stamp?: () => Promise<string | undefined>;
  /** It can be made to fail by itself: `store.beside('claims').before.put = failing()`. */
  beside?: (name: string) => FaultyStore;
  readonly #beside = new Map<string, FaultyStore>();
  readonly #inner: Store;
  readonly #planned = new Set<{ left: number; readonly act: Act; readonly method: StoreMethod | undefined }>();

  #release = gate();

  /** Wraps `inner`: a new `MemoryStore` unless given. */
  constructor(inner: Store = new MemoryStore()) {
    this.#inner = inner;
    this.traits = inner.traits;
    if (inner.deleteNow !== undefined) {
      this.deleteNow = (id, isOwn) => {
        for (const act of this.#acts('deleteNow')) {
          const result = act(id);
          if (typeof result === 'object')
            throw new Error('Nothing can be awaited before deleteNow, which is synchronous.');
        }
        return inner.deleteNow?.(id, isOwn) ?? false;
      };
    }
    if (inner.watch !== undefined) {
      this.watch = async (hint) => {
        await this.#enter('watch');
        return (await inner.watch?.(hint)) ?? (async () => {});
      };
    }
    if (inner.sweep !== undefined) {
      this.sweep = async (options) => {
        await this.#enter('sweep');
        return (await inner.sweep?.(options)) ?? 0;
      };
    }
    if (inner.hold !== undefined) {
      this.hold = async (id) => {
        await this.#enter('hold', id);
        return (await inner.hold?.(id)) ?? (() => {});
      };
    }
    if (inner.follow !== undefined) {
      this.follow = async (id, ended) => {
        await this.#enter('follow', id);
        return inner.follow?.(id, ended);
      };
    }
    if (inner.stamp !== undefined) {
      this.stamp = async () => {
        await this.#enter('stamp');
        return inner.stamp?.();
      };
    }
    if (inner.beside !== undefined) {
      this.beside = (name) => {
        const store = this.#beside.get(name) ?? new FaultyStore(inner.beside?.(name));
        this.#beside.set(name, store);
        return store;
      };
    }
  }

  /**
   * Puts `act` before one call only: the `n`-th from now on, of `method`, or of any if none is given. To try every
   * way an operation can fail, count up `n` until it succeeds.
   */
  at(n: number, act: Act, method?: StoreMethod): void {
    if (!Number.isInteger(n) || n < 1) throw new RangeError(`There is no call number ${n}: they count from 1.`);
    this.#planned.add({ left: n, act, method });
  }

  /** Takes back whatever was put before calls. Those that wait wait no longer, and are passed on. */
  reset(): void {
    this.before = {};
    this.#planned.clear();
    this.#release.open();
    this.#release = gate();
  }

  async put(id: string, body: string, condition?: PutCondition): Promise<StoreEntry> {
    await this.#enter('put', id);
    return this.#inner.put(id, body, condition);
  }

  async get(id: string): Promise<StoreEntry | undefined> {
    await this.#enter('get', id);
    return this.#inner.get(id);
  }

  async list(options?: ListOptions): Promise<readonly ListedEntry[]> {
    await this.#enter('list');
    return this.#inner.list(options);
  }

  async touch(id: string): Promise<boolean> {
    await this.#enter('touch', id);
    return this.#inner.touch(id);
  }

  async delete(id: string, condition?: DeleteCondition): Promise<boolean> {
    await this.#enter('delete', id);
    return this.#inner.delete(id, condition);
  }

  async close(): Promise<void> {
    await this.#enter('close');
    return this.#inner.close();
  }

  async #enter(method: StoreMethod, id?: string): Promise<void> {
    for (const act of this.#acts(method)) await Promise.race([act(id), this.#release.wait()]);
  }

  /** Counts the call, and gives what comes before it. */
  #acts(method: StoreMethod): Act[] {
    this.calls.push(method);
    const acts = [this.before.any, this.before[method]].filter((act) => act !== undefined);
    for (const planned of this.#planned) {
      if (planned.method !== undefined && planned.method !== method) continue;
      planned.left--;
      if (planned.left > 0) continue;
      this.#planned.delete(planned);
      acts.push(planned.act);
    }
    return acts;
  }
}
