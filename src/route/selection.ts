/** Choosing for one pick or one call, as often as that takes. */

import { invalid, type LeftOut } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
import type { Chooser } from '../core/pick.js';
import type { Query } from '../core/query.js';
import type { PickOptions } from '../registry/options.js';
import { type Choice, gone } from '../registry/picker.js';
import type { Registry } from '../registry/registry.js';
import type { Balancer, Wish } from './balancer.js';
import type { Breakers } from './breakers.js';
import type { Choosing } from './call.js';
import type { RouteStrategy } from './health-weighted.js';
import type { RouteOptions } from './options.js';
import { keyOf, type Outlook } from './outlook.js';
import type { CompiledRule } from './rules.js';

/** What all choices of one router share. */
export interface SelectionWorld {
  readonly registry: Registry;
  readonly outlook: Outlook;
  readonly balancer: Balancer;
  readonly breakers: Breakers;
  /** Where neither the call nor its rule says. */
  readonly strategy: RouteStrategy | undefined;
}

/** What cannot make an instance the answer, and is known only here. */
export type Obstacle = Wish['obstacle'];

/** The core is to find the candidates, and to choose none of them. */
const nobody: Chooser = () => undefined;

export class Selection {
  readonly #world: SelectionWorld;
  readonly #query: Query | undefined;
  readonly #options: PickOptions;
  readonly #wish: Wish;
  #choice: Choice | undefined;
  #isFound = false;

  /** @throws ROLLCALL_INVALID */
  constructor(
    world: SelectionWorld,
    query: Query | undefined,
    { affinity, strategy: given, cwd, orAny, weight, id, signal }: RouteOptions,
    rule: CompiledRule | undefined,
    obstacle?: Obstacle,
  ) {
    const isNear = cwd !== undefined || orAny === true;
    const strategy = given ?? (isNear ? 'nearest' : (rule?.rule.strategy ?? world.strategy ?? 'newest'));
    if (strategy === 'health-weighted' && (isNear || weight !== undefined)) {
      const message = 'means nothing to "health-weighted"';
      const path = weight === undefined ? (cwd === undefined ? 'orAny' : 'cwd') : 'weight';
      throw invalid('The options of pick', [{ path, message }]);
    }
    const isOurs = strategy === 'health-weighted' || typeof strategy === 'function';
    this.#world = world;
    this.#query = query;
    this.#options = { strategy: isOurs ? nobody : strategy, cwd, orAny, weight, id, signal };
    const named = typeof strategy === 'string' ? strategy : '';
    this.#wish = { key: `${named} ${keyOf(query, this.#options)}`, strategy, rule, affinity, obstacle };
  }

  /** @throws ROLLCALL_GONE if the instance that was named by its id is not alive; ROLLCALL_INVALID, ROLLCALL_STORE. */
  async choose(avoid?: ReadonlySet<string>): Promise<Choosing> {
    const { candidates, state, pin, chosen, sightings } = await this.look();
    if (pin !== undefined) {
      if (chosen === undefined) throw gone(pin, sightings);
      this.#isFound = true;
      return { chosen, isPinned: true };
    }
    const found = this.#world.balancer.choose(
      candidates,
      state,
      avoid === undefined ? this.#wish : { ...this.#wish, avoid },
    );
    this.#isFound = found !== undefined;
    return { chosen: found, isPinned: false };
  }

  /** What there is now. */
  async look(): Promise<Choice> {
    const { outlook, breakers } = this.#world;
    const choice = await outlook.look(this.#query, this.#options, this.#wish.key);
    this.#choice = choice;
    breakers.keep(choice.sightings);
    const waiting = this.#wish.rule?.ready();
    if (waiting !== undefined) await waiting;
    return choice;
  }

  /** Those that could be used. */
  usable(candidates: readonly Instance[]): readonly Instance[] {
    return this.#world.balancer.usable(candidates, this.#wish);
  }

  /** Who was not considered, and why; if nobody was, also who comes close. */
  async leftOut(): Promise<readonly LeftOut[]> {
    const choice = this.#choice;
    if (choice === undefined) return [];
    const leftOut = this.#world.balancer.leftOut(choice.candidates, this.#wish);
    if (leftOut.length > 0 || this.#isFound) return leftOut;
    const { explain } = await import('../registry/explain.js');
    return explain(choice, this.#world.registry)
      .filter(({ failed }) => failed !== 'id' && failed !== 'name' && failed !== 'strategy')
      .map(({ id, reason }) => ({ id, reason }));
  }
}
