/** The resources a host follows, and who tells of each. */

import { Followed } from './followed.js';
import type { Link } from './link.js';

/** Who tells of a resource, and what it is called there. */
export interface Teller {
  readonly link: Link;
  readonly uri: string;
}

interface SubscriptionWorld {
  /** Who could tell of it now. */
  teller(uri: string): Teller | undefined;
  isUsable(link: Link): boolean;
  /** What has become of it meanwhile is not known. */
  moved(uri: string): void;
}

export class Subscriptions {
  readonly #world: SubscriptionWorld;
  readonly #followed = new Followed();
  readonly #tellers = new Map<string, Teller>();

  constructor(world: SubscriptionWorld) {
    this.#world = world;
  }

  /** Whether the host wants to hear it from this one. */
  isHeard(uri: string, from: Link | undefined): boolean {
    if (!this.#followed.has(uri)) return false;
    const teller = this.#tellers.get(uri)?.link;
    // Behind one label each speaks of a resource of its own.
    return teller === undefined || teller === from || teller.label !== from?.label;
  }

  async add(uri: string, asked: Teller): Promise<void> {
    const teller = this.#tellers.get(uri) ?? asked;
    this.#followed.add(uri);
    this.#tellers.set(uri, teller);
    try {
      await teller.link.follow(teller.uri);
    } catch (error) {
      if (this.#followed.remove(uri)) this.#tellers.delete(uri);
      throw error;
    }
  }

  async remove(uri: string): Promise<void> {
    const teller = this.#tellers.get(uri);
    if (!this.#followed.remove(uri)) return;
    this.#tellers.delete(uri);
    await teller?.link.unfollow(teller.uri);
  }

  /** What is followed at one that cannot be used any more is followed at another, if there is one. */
  settle(): void {
    for (const [uri, last] of this.#tellers) {
      if (this.#world.isUsable(last.link)) continue;
      const next = this.#world.teller(uri);
      if (next === undefined || next.link === last.link) continue;
      this.#tellers.set(uri, next);
      // If it is gone, there is nothing to end.
      last.link.unfollow(last.uri).catch(() => {});
      next.link.follow(next.uri).then(
        () => this.#tellers.get(uri) === next && this.#world.moved(uri),
        // Another time.
        () => this.#tellers.get(uri) === next && this.#tellers.set(uri, last),
      );
    }
  }
}
