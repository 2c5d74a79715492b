/** The contract of a store: where entries are kept. It knows no schema, no pid and no ttl. */

/** One entry: opaque text under an id. */
export interface StoreEntry {
  /** Unique in the store. Whatever a caller passes must have the form of an id; what is listed may not have it. */
  readonly id: string;
  /** What was put, unchanged. Empty if there is a `problem`. */
  readonly body: string;
  /** Changes with every put and every touch. Means nothing outside this store. */
  readonly version: string;
  /** When it was last put or touched, in ms since 1970, by the clock of whoever did it. */
  readonly renewedAt: number;
  /** By which the store sees whether the entry has changed since. Without one it is not given back in a listing. */
  readonly mark?: unknown;
  /** Why the body cannot be read, if it cannot. Such an entry is listed, and never removed by the store itself. */
  readonly problem?: string | undefined;
}

/** What must hold for a `put` to be made. */
export type PutCondition =
  | { readonly ifAbsent: true; readonly ifVersion?: undefined }
  | { readonly ifVersion: string; readonly ifAbsent?: undefined };

/** What must hold for a `delete` to be made. */
export interface DeleteCondition {
  readonly ifVersion: string;
}

/** An entry in a listing. */
export type ListedEntry = Omit<StoreEntry, 'body'> & {
  /** `undefined` only in what was given back: see `ListOptions.last`. */
  readonly body?: string | undefined;
};

export interface ListOptions {
  /**
   * What the caller has of the entry, the text aside, the mark included. If it has not changed since, the store may
   * give back that very object, and need not read the text again.
   */
  readonly last?: ((id: string) => ListedEntry | undefined) | undefined;
}

/** What a store can do beyond the contract; the compliance suite holds it to that. */
export interface StoreTraits {
  /** Who sees the same entries: this process, this machine, or other machines too. */
  readonly reach: 'process' | 'host' | 'network';
  /** Whether the store itself drops entries that nobody touches. */
  readonly expiry: boolean;
  /** Whether `watch` tells of changes by other processes. */
  readonly hints: boolean;
}

/** Who follows what is held for an entry. */
export interface Follower {
  /** Whether it was held when this began: its process lived. Otherwise it had ended before, or was about to begin. */
  readonly wasHeld: boolean;
  /** Whether it was held, and its process is proved to have ended since, and not merely to have let go. */
  hasEnded(): Promise<boolean>;
  /** Calling it twice does no harm. */
  stop(): void;
}

/** Takes back a `watch`. */
export type Unwatch = () => Promise<void>;

/**
 * Keeps text under an id, with a version and a renewal time.
 *
 * All methods may be called concurrently, from one process or several. Absence is a value; a store that fails
 * rejects with ROLLCALL_STORE and never looks empty.
 */
export interface Store {
  readonly traits: StoreTraits;
  /**
   * Keeps `body` under `id`. When it resolves, every other user of the store sees it whole; when it rejects, the
   * entry is as it was before. Nobody ever sees a part of it.
   *
   * @throws ROLLCALL_CONFLICT if the condition does not hold.
   */
  put(id: string, body: string, condition?: PutCondition): Promise<StoreEntry>;
  /** The entry, read afresh. */
  get(id: string): Promise<StoreEntry | undefined>;
  /** All entries, in no order. Not a snapshot: one that comes or goes meanwhile may be missing or there. */
  list(options?: ListOptions): Promise<readonly ListedEntry[]>;
  /**
   * Stays the same only as long as nothing was put or deleted by anyone; a touch need not change it. `undefined` if
   * that cannot be told now. Whoever finds it as it was before the last listing can spare itself the next.
   */
  stamp?(): Promise<string | undefined>;
  /** Renews the entry, leaving its body alone. `false`: it is gone, and is not brought back. */
  touch(id: string): Promise<boolean>;
  /** Removes the entry. `false`: it was gone already, or the condition does not hold. */
  delete(id: string, condition?: DeleteCondition): Promise<boolean>;
  /**
   * Removes the entry synchronously if `isOwn` says so of its body: the last act of a process. A store that
   * cannot do it leaves this out, and the entry to the ttl.
   */
  deleteNow?(id: string, isOwn: (body: string) => boolean): boolean;
  /**
   * Calls `hint` soon after something changed, with its id if that is known. Hints may be lost, doubled or late;
   * the listing is the truth. Resolves when it watches; rejects if it cannot, and the caller looks by itself.
   */
  watch?(hint: (id?: string) => void): Promise<Unwatch>;
  /**
   * Removes what crashed writers left behind. Returns how many there were; with `dryRun` they stay.
   * Entries are never touched by it.
   */
  sweep?(options?: { readonly dryRun?: boolean | undefined }): Promise<number>;
  /**
   * Ties the entry to this process by something that ends with it, however it ends, until what it resolves with is
   * called. May fail: an entry is as good without, only its death is told later.
   */
  hold?(id: string): Promise<() => void>;
  /** Calls `ended` once what the owner holds for the entry has ended. Resolves with `undefined` if nothing is held. */
  follow?(id: string, ended: () => void): Promise<Follower | undefined>;
  /**
   * The store of this name beside this one: of the same kind, within the same reach, with entries of its own. Whoever
   * asks for it anywhere gets the same entries. It is closed with this one. Claims are kept in one, and cannot be made
   * where there is none.
   */
  beside?(name: string): Store;
  /** Lets go of whatever it holds. Calling it twice does no harm. */
  close(): Promise<void>;
}
