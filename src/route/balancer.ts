/** Who of several is used: the usable ones, those preferred of them, and of these one by a strategy. */

import { invalid, type LeftOut } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
import { type PickState, weightOf } from '../core/pick.js';
import { printable } from '../core/printable.js';
import { unrelated } from '../core/workspace.js';
import type { Health, HealthSource } from '../health/health.js';
import { Lease } from '../registry/lease.js';
import { Affinity, dropOldest, rendezvous } from './affinity.js';
import type { Breakers } from './breakers.js';
import { type HealthWeights, healthWeighted, type RouteStrategy, routeChooser } from './health-weighted.js';
import type { CompiledRule } from './rules.js';

/** How many queries it remembers the turn of; beyond, the one used longest ago is forgotten. */
const mostTurns = 1_000;

/** What one choice goes by. */
export interface Wish {
  /** Whose turn it is, is remembered under it. */
  readonly key: string;
  readonly strategy: RouteStrategy;
  readonly rule?: CompiledRule | undefined;
  readonly affinity?: string | undefined;
  /** Not these, if there are others. */
  readonly avoid?: ReadonlySet<string> | undefined;
  /** Why it cannot be used for this, if it cannot. */
  readonly obstacle?: ((instance: Instance) => string | undefined) | undefined;
}

type Narrowing = Pick<Wish, 'rule' | 'obstacle'>;

type Turn = Pick<Instance, 'id' | 'registeredAt'>;

export class Balancer {
  readonly #health: HealthSource | undefined;
  readonly #breakers: Breakers;
  readonly #weighted: ReturnType<typeof healthWeighted>;
  readonly #affinity = new Affinity();
  readonly #underWay = new Map<string, number>();
  readonly #turns = new Map<string, Turn>();

  constructor(breakers: Breakers, health?: HealthSource, weights?: HealthWeights) {
    this.#breakers = breakers;
    this.#health = health;
    this.#weighted = healthWeighted(health, weights);
  }

  /** One of `candidates`, which are in the order of their age. */
  choose(
    candidates: readonly Instance[],
    state: Omit<PickState, 'connections' | 'last'>,
    wish: Wish,
  ): Instance | undefined {
    const { key, strategy, rule, affinity } = wish;
    const usable = this.#usable(candidates, wish);
    if (usable.length === 0) return undefined;
    const before = affinity === undefined ? undefined : this.#affinity.find(affinity, usable);
    const among = before === undefined && rule !== undefined ? rule.preferred(usable) : usable;
    const connections = ({ id }: Instance) => this.#underWay.get(id) ?? 0;
    const chosen =
      before ??
      (affinity === undefined
        ? routeChooser(strategy, this.#weighted)(among, { ...state, connections, last: this.#turns.get(key) })
        : rendezvous(affinity, among));
    if (chosen === undefined) return undefined;
    if (typeof strategy === 'function' && !among.includes(chosen)) {
      throw invalid('The strategy', [{ path: 'strategy', message: 'chose something that is no candidate' }]);
    }
    if (affinity !== undefined) this.#affinity.note(affinity, chosen);
    else this.#remember(key, chosen);
    return chosen;
  }

  /** One of those that are ready, of which nothing else is known; counted as being used. */
  lend(candidates: readonly Instance[], strategy: RouteStrategy, affinity: string | undefined): Lease | undefined {
    const ready = candidates.filter(({ status }) => status === 'ready');
    const chosen = this.choose(ready, unmeasured, { key: `choose ${ready[0]?.name}`, strategy, affinity });
    return chosen && this.lease(chosen);
  }

  /** All that could be used. */
  usable(candidates: readonly Instance[], { rule, obstacle }: Narrowing): readonly Instance[] {
    // A loop, since it is faster than `filter`, and runs in every pick.
    const usable: Instance[] = [];
    for (const instance of rule?.meeting(candidates) ?? candidates) {
      if (this.#obstacle(instance, obstacle) === undefined) usable.push(instance);
    }
    return usable;
  }

  leftOut(candidates: readonly Instance[], { rule, obstacle }: Narrowing): LeftOut[] {
    return candidates.flatMap((instance) => {
      const isMet = rule?.isMet(instance) ?? true;
      const unmet = isMet ? undefined : `does not meet what the rule "${rule?.pattern}" requires`;
      const reason = unmet ?? this.#obstacle(instance, obstacle);
      return reason === undefined ? [] : [{ id: instance.id, reason: printable(reason) }];
    });
  }

  /** Counted as being used, until it is given back. */
  lease(instance: Instance): Lease {
    const { id } = instance;
    this.#underWay.set(id, (this.#underWay.get(id) ?? 0) + 1);
    return new Lease(instance, () => {
      const left = (this.#underWay.get(id) ?? 1) - 1;
      if (left > 0) this.#underWay.set(id, left);
      else this.#underWay.delete(id);
    });
  }

  #usable(candidates: readonly Instance[], wish: Wish): readonly Instance[] {
    const usable = this.usable(candidates, wish);
    const { avoid } = wish;
    if (avoid === undefined || avoid.size === 0) return usable;
    const others = usable.filter(({ id }) => !avoid.has(id));
    return others.length === 0 ? usable : others;
  }

  #obstacle(instance: Instance, obstacle: Wish['obstacle']): string | undefined {
    const health = this.#health?.of(instance.id);
    if (health?.suspended !== undefined) return `suspended: ${health.suspended.reason}`;
    if (health?.status === 'critical') return tellCritical(health);
    if (this.#breakers.size > 0 && this.#breakers.isOpen(instance.id))
      return 'its circuit breaker is open: calls to it have failed';
    return obstacle?.(instance);
  }

  #remember(key: string, { id, registeredAt }: Instance): void {
    this.#turns.delete(key);
    this.#turns.set(key, { id, registeredAt });
    dropOldest(this.#turns, mostTurns);
  }
}

/** What is known of candidates that nobody has looked at. */
const unmeasured: Omit<PickState, 'connections' | 'last'> = {
  random: Math.random,
  weight: weightOf,
  nearness: () => unrelated,
  load: () => undefined,
  orAny: true,
};

/** A monitor says more than it must. */
function tellCritical(health: Partial<Health>): string {
  const { lastFailure } = health;
  return lastFailure === undefined ? 'critical' : `critical: ${lastFailure.check}: ${lastFailure.reason}`;
}
