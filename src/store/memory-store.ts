/** A store in memory: for tests, and for instances within one process. */

import type { Clock } from '../core/clock.js';
import { RollcallError } from '../core/errors.js';
import { systemClock } from '../process/system-clock.js';
import type { DeleteCondition, PutCondition, Store, StoreEntry, StoreTraits, Unwatch } from './store.js';

/** Keeps entries in this process's memory. Everything it promises holds at once, without waiting. */
export class MemoryStore implements Store {
  readonly traits: StoreTraits = { reach: 'process', expiry: false, hints: true };
  readonly #entries = new Map<string, StoreEntry>();
  readonly #hints = new Set<(id?: string) => void>();
  readonly #beside = new Map<string, MemoryStore>();
  readonly #clock: Clock;
  #versions = 0;

  constructor(options: { readonly clock?: Clock | undefined } = {}) {
    this.#clock = options.clock ?? systemClock;
  }

  async put(id: string, body: string, condition?: PutCondition): Promise<StoreEntry> {
    const current = this.#entries.get(id);
    const holds =
      condition === undefined ||
      (condition.ifAbsent === true ? current === undefined : current?.version === condition.ifVersion);
    if (!holds) throw new RollcallError('ROLLCALL_CONFLICT', conflictMessage(id, condition), { id });
    const entry = this.#renewed(id, body);
    this.#tell(id);
    return entry;
  }

  async get(id: string): Promise<StoreEntry | undefined> {
    return this.#entries.get(id);
  }

  async list(): Promise<StoreEntry[]> {
    return [...this.#entries.values()];
  }

  async touch(id: string): Promise<boolean> {
    const entry = this.#entries.get(id);
    if (entry !== undefined) this.#renewed(id, entry.body);
    return entry !== undefined;
  }

  async delete(id: string, condition?: DeleteCondition): Promise<boolean> {
    if (condition !== undefined && this.#entries.get(id)?.version !== condition.ifVersion) return false;
    const existed = this.#entries.delete(id);
    if (existed) this.#tell(id);
    return existed;
  }

  deleteNow(id: string, isOwn: (body: string) => boolean): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined || !isOwn(entry.body)) return false;
    this.#entries.delete(id);
    this.#tell(id);
    return true;
  }

  async watch(hint: (id?: string) => void): Promise<Unwatch> {
    this.#hints.add(hint);
    return async () => void this.#hints.delete(hint);
  }

  beside(name: string): MemoryStore {
    const store = this.#beside.get(name) ?? new MemoryStore({ clock: this.#clock });
    this.#beside.set(name, store);
    return store;
  }

  async close(): Promise<void> {
    this.#hints.clear();
    for (const store of this.#beside.values()) await store.close();
  }

  #renewed(id: string, body: string): StoreEntry {
    const entry = { id, body, version: String(++this.#versions), renewedAt: this.#clock.now() };
    this.#entries.set(id, entry);
    return entry;
  }

  #tell(id: string): void {
    // Not from within the call: a hint must not run before the writer knows that it has written.
    for (const hint of this.#hints) queueMicrotask(() => this.#hints.has(hint) && hint(id));
  }
}

/** What a conditional put says when its condition does not hold; the same for every store. */
export function conflictMessage(id: string, condition: PutCondition | undefined): string {
  return condition?.ifAbsent === true
    ? `There is an entry ${id} already.`
    : `The entry ${id} is not the one that was read: it was changed or removed meanwhile. Read it again.`;
}
