/** What a host is told of its lists: that they are others than it has seen, and that once for all that happens together. */

import { createHash } from 'node:crypto';
import type { Clock } from '../core/clock.js';
import type { Kind } from './offer.js';

/** From a change to the word of it, in ms: several come together when an instance comes or goes. */
const gather = 20;

interface NewsWorld {
  readonly clock: Clock;
  /** What the host would be listed now. */
  listed(kind: Kind): readonly object[];
  /** They are others now than it was listed, or told of. */
  changed(kind: Kind): void;
}

export class News {
  readonly #world: NewsWorld;
  readonly #told = new Map<Kind, string>();
  /** What may be about to be told; with all that the host may have seen last. */
  readonly #pending = new Map<Kind, Set<string>>();

  constructor(world: NewsWorld) {
    this.#world = world;
  }

  /** They may have changed. */
  note(kinds: readonly Kind[]): void {
    const isFirst = this.#pending.size === 0;
    for (const kind of kinds) {
      if (!this.#pending.has(kind)) this.#pending.set(kind, new Set([this.#told.get(kind) ?? digest([])]));
    }
    if (isFirst && kinds.length > 0) this.#world.clock.after(gather, () => this.#tell());
  }

  /** It is being listed them. */
  show(kind: Kind): void {
    this.#pending.get(kind)?.add(digest(this.#world.listed(kind)));
  }

  #tell(): void {
    const pending = [...this.#pending];
    this.#pending.clear();
    for (const [kind, seen] of pending) {
      const now = digest(this.#world.listed(kind));
      this.#told.set(kind, now);
      if ([...seen].some((each) => each !== now)) this.#world.changed(kind);
    }
  }
}

const digest = (listed: readonly object[]): string =>
  createHash('sha256').update(JSON.stringify(listed)).digest('base64');
