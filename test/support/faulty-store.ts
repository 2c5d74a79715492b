/** A memory store whose methods a test can make fail, wait, or be preceded by something. */

import { MemoryStore } from '../../src/store/memory-store.js';
import type { DeleteCondition, PutCondition } from '../../src/store/store.js';

type Method = 'put' | 'get' | 'list' | 'touch' | 'delete' | 'watch' | 'sweep';

/** A door that stays shut until the test opens it. */
export function gate(): { wait: () => Promise<void>; open: () => void; reached: Promise<void> } {
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

export class FaultyStore extends MemoryStore {
  /** Runs before the method; what it throws, the method rejects with. */
  before: Partial<Record<Method, (id?: string) => void | Promise<void>>> = {};
  /** Every call that reached the store. */
  readonly calls: string[] = [];

  override async put(id: string, body: string, condition?: PutCondition) {
    await this.#enter('put', id);
    return super.put(id, body, condition);
  }

  override async get(id: string) {
    await this.#enter('get', id);
    return super.get(id);
  }

  override async list() {
    await this.#enter('list');
    return super.list();
  }

  override async touch(id: string) {
    await this.#enter('touch', id);
    return super.touch(id);
  }

  override async delete(id: string, condition?: DeleteCondition) {
    await this.#enter('delete', id);
    return super.delete(id, condition);
  }

  override async watch(hint: (id?: string) => void) {
    await this.#enter('watch');
    return super.watch(hint);
  }

  async sweep() {
    await this.#enter('sweep');
    return 0;
  }

  async #enter(method: Method, id?: string): Promise<void> {
    this.calls.push(method);
    await this.before[method]?.(id);
  }
}
