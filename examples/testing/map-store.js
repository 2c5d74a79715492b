// @ts-check
/** The code under test: a store of one's own. Its entries are in a `Map` that several of them may share. */

import { RollcallError } from 'rollcall';

/** @typedef {import('rollcall').Store} Store */

/** @implements {Store} */
export class MapStore {
  /** @type {import('rollcall').StoreTraits} */
  traits = { reach: 'process', expiry: false, hints: false };
  #entries;
  #clock;

  /**
   * @param {Map<string, import('rollcall').StoreEntry>} entries
   * @param {{ now(): number }} [clock]
   */
  constructor(entries, clock = Date) {
    this.#entries = entries;
    this.#clock = clock;
  }

  /** @type {Store['put']} */
  async put(id, body, condition) {
    const current = this.#entries.get(id);
    if (condition?.ifAbsent && current !== undefined) throw this.#conflict(id);
    if (condition?.ifVersion !== undefined && current?.version !== condition.ifVersion) throw this.#conflict(id);
    return this.#write(id, body);
  }

  /** @param {string} id */
  async get(id) {
    return this.#entries.get(id);
  }

  async list() {
    return [...this.#entries.values()];
  }

  /** @param {string} id */
  async touch(id) {
    const current = this.#entries.get(id);
    if (current !== undefined) this.#write(id, current.body);
    return current !== undefined;
  }

  /** @type {Store['delete']} */
  async delete(id, condition) {
    if (condition !== undefined && this.#entries.get(id)?.version !== condition.ifVersion) return false;
    return this.#entries.delete(id);
  }

  async close() {}

  /**
   * @param {string} id
   * @param {string} body
   */
  #write(id, body) {
    const entry = { id, body, version: crypto.randomUUID(), renewedAt: this.#clock.now() };
    this.#entries.set(id, entry);
    return entry;
  }

  /** @param {string} id */
  #conflict(id) {
    return new RollcallError('ROLLCALL_CONFLICT', `The entry ${id} is not as it should be.`, { id });
  }
}
