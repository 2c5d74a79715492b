/** What one observer remembers of heartbeats, to judge silence by its own clock instead of comparing two. */

interface Memory {
  readonly renewedAt: number;
  /** When this renewal was first seen, on the observer's monotonic clock. */
  readonly since: number;
  /** Whether the look before was recent, so that `since` is close to the renewal itself. */
  readonly isClose: boolean;
  lookedAt: number;
}

export class Heartbeats {
  #memories = new Map<string, Memory>();

  /**
   * Notes that `id` was last renewed at `renewedAt`, and says how long ago that was, in ms.
   *
   * Who looks often enough goes by its own monotonic clock: a writer whose clock is wrong, and a night's sleep,
   * then make no difference. Who does not, has only the file's time.
   */
  observe(id: string, renewedAt: number, ttl: number, now: number, monotonic: number): number {
    let memory = this.#memories.get(id);
    if (memory?.renewedAt !== renewedAt) {
      const isClose = memory !== undefined && monotonic - memory.lookedAt <= ttl / 2;
      memory = { renewedAt, since: monotonic, isClose, lookedAt: monotonic };
      this.#memories.set(id, memory);
    }
    memory.lookedAt = monotonic;
    const silence = monotonic - memory.since;
    return memory.isClose ? silence : Math.max(now - renewedAt, silence);
  }

  /** Forgets all but `ids`. */
  keep(ids: { has(id: string): boolean }): void {
    for (const id of this.#memories.keys()) if (!ids.has(id)) this.#memories.delete(id);
  }

  /** Forgets everything: the observer was away, and what it thinks it saw proves nothing. */
  clear(): void {
    this.#memories.clear();
  }
}
