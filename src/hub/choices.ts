/** Who gets a call of one host, of those that can answer it. */

import { randomBytes } from 'node:crypto';
import { byAge } from '../core/age.js';
import type { Instance } from '../core/instance.js';
import type { Lease } from '../registry/lease.js';
import { Unusable } from './ailment.js';
import type { Link } from './link.js';

/** Chooses among instances that are there, oldest first; the lease counts until it is released. `undefined`: none is to be used now. */
export interface Balancer {
  choose(candidates: readonly Instance[], options?: { affinity?: string }): Lease | undefined;
}

interface ChoiceWorld {
  /** Without one, one instance alone stands behind each label. */
  readonly balancer: Balancer | undefined;
  /** Whether any could be ailing. */
  readonly isWatched: boolean;
  /** Why it is not to be used, if so. */
  ailmentOf(instance: Instance): string | undefined;
}

export interface Chosen {
  readonly link: Link;
  /** The call has ended. */
  release(): void;
}

export class Choices {
  readonly #world: ChoiceWorld;
  readonly #affinity = randomBytes(16).toString('hex');
  /** Who keeps the host's session, by label. */
  readonly #keepers = new Map<string, Link>();

  constructor(world: ChoiceWorld) {
    this.#world = world;
  }

  /** Whether there may be several to choose from. */
  get isMerging(): boolean {
    return this.#world.balancer !== undefined;
  }

  /** Whether a call may get another answer as to where it goes than the one before. */
  get mayVary(): boolean {
    return this.isMerging || this.#world.isWatched;
  }

  /**
   * One of `links`, which all stand behind one label. A server of 2025 keeps a session for the host: as long as that one can
   * be used, all calls of the host go there. Those of 2026 keep none, and each call goes to any. Who drains gets none, but of
   * hosts whose session it keeps, and if all do.
   *
   * @throws Unusable if those that are there are ailing.
   */
  choose(links: readonly [Link, ...Link[]]): Chosen {
    const there = this.well(links);
    const [first] = there;
    const { balancer } = this.#world;
    // Who has gone says so itself.
    if (first === undefined) return unleased(links[0]);
    if (balancer === undefined) return unleased(first);
    const connected = there.filter(({ isConnected }) => isConnected);
    const able = connected.length > 0 ? connected : there;
    const isKept = able.some(({ keepsSession }) => keepsSession);
    const keeper = isKept ? this.#keepers.get(first.label) : undefined;
    const chosen =
      (keeper !== undefined && able.includes(keeper) ? this.#lend([keeper], balancer) : undefined) ??
      this.#lend(able, balancer, isKept ? { affinity: `${this.#affinity} ${first.label}` } : {});
    if (chosen === undefined) throw new Unusable(able.map(resting));
    const isLost = keeper === undefined || !keeper.isThere || !keeper.isConnected || !this.isWell(keeper);
    if (isKept && isLost) this.#keepers.set(first.label, chosen.link);
    return chosen;
  }

  #lend(able: readonly Link[], balancer: Balancer, options: { affinity?: string } = {}): Chosen | undefined {
    const ready = able.filter(({ instance }) => instance.status !== 'draining');
    // They do what is left to do: a balancer would give them nothing.
    if (ready.length === 0) return able[0] && unleased(able[0]);
    const lease = balancer.choose(ready.map(({ instance }) => instance).sort(byAge), options);
    const link = ready.find(({ instance }) => instance.id === lease?.instance.id);
    return lease && link && { link, release: () => lease.release() };
  }

  isWell({ instance }: Link): boolean {
    return this.#world.ailmentOf(instance) === undefined;
  }

  /**
   * Those of `links` that are there and not ailing.
   *
   * @throws Unusable if those that are there are ailing, all of them.
   */
  well(links: readonly Link[]): Link[] {
    const there = links.filter(({ isThere }) => isThere);
    const ailing = there.flatMap(({ instance }) => {
      const ailment = this.#world.ailmentOf(instance);
      return ailment === undefined ? [] : [{ instance, ailment }];
    });
    if (ailing.length > 0 && ailing.length === there.length) throw new Unusable(ailing);
    return there.filter(({ instance }) => !ailing.some((each) => each.instance === instance));
  }
}

const unleased = (link: Link): Chosen => ({ link, release() {} });

const resting = ({ instance }: Link) => ({ instance, ailment: 'has failed too often lately' });
