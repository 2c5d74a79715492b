/** Rules for calls of some names, capabilities or tools: what is required of an instance, and what preferred. */

import { type Check, callable, check, fields, flag, list, number } from '../core/checks.js';
import type { Problem } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
import { printable } from '../core/printable.js';
import { isLike, type Query } from '../core/query.js';
import { checkWhere, compileWhere, type Where } from '../core/where.js';
import { longestTimeout } from '../registry/options.js';
import type { RouteStrategy } from './health-weighted.js';

type Scalar = string | number | boolean | null;

/** What goes for the calls that its pattern matches. */
export interface Rule {
  /**
   * By dotted path, values in the order in which they are liked: of the usable instances those are chosen among that come
   * first in all of these lists together. A wish: rather one that has none of them than none.
   */
  readonly prefer?: Readonly<Record<string, readonly Scalar[]>> | undefined;
  /** Conditions, as in `Query.where`, that an instance must meet. */
  readonly require?: Where | undefined;
  /** For a whole call, in ms. */
  readonly timeout?: number | undefined;
  readonly strategy?: RouteStrategy | undefined;
  /** Whether a call may be carried out twice; see `CallOptions.idempotent`. */
  readonly idempotent?: boolean | undefined;
}

/** In a pattern a `*` stands for any run of characters: `{ 'weather.*': { require: { 'metadata.gpu': true } } }`. */
export type Rules = Readonly<Record<string, Rule>>;

const isScalar = (value: unknown) =>
  value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
const scalar = check(isScalar, 'must be a text, a number, true, false or null');

/** Any names, each with a value that passes. */
const each =
  (of: Check): Check =>
  (value, path): readonly Problem[] => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return [{ path, message: 'must be an object' }];
    }
    return Object.entries(value).flatMap(([key, one]) => of(one, `${path}.${printable(key)}`));
  };

export const strategyCheck: Check = (value, path) => (typeof value === 'string' ? [] : callable(value, path));

export const checkRules: Check = each(
  fields({
    prefer: each(list(scalar, 1, 1_000)),
    require: checkWhere,
    timeout: number(1, longestTimeout),
    strategy: strategyCheck,
    idempotent: flag,
  } satisfies Record<keyof Rule, Check>),
);

interface Preference {
  readonly path: readonly string[];
  readonly ranks: ReadonlyMap<unknown, number>;
}

/** What was found of some instances last: mostly the next pick is among the same ones. Saves 4 µs of 100. */
class LastAnswer {
  #of: readonly Instance[] = [];
  #found: readonly Instance[] = [];

  of(instances: readonly Instance[], find: () => readonly Instance[]): readonly Instance[] {
    const last = this.#of;
    let isSame = last.length === instances.length;
    for (let index = 0; isSame && index < last.length; index++) isSame = last[index] === instances[index];
    if (isSame) return this.#found;
    this.#of = instances;
    this.#found = find();
    return this.#found;
  }
}

/** One rule, ready to be used. Instances that have not changed are the same objects, so each is looked at once. */
export class CompiledRule {
  readonly pattern: string;
  readonly rule: Rule;
  readonly #preferences: readonly Preference[];
  readonly #ranks = new WeakMap<Instance, number>();
  readonly #met = new WeakMap<Instance, boolean>();
  readonly #lastMeeting = new LastAnswer();
  readonly #lastPreferred = new LastAnswer();
  #compiling: Promise<void> | undefined;
  #test: ((instance: Instance) => boolean) | undefined;

  constructor(pattern: string, rule: Rule) {
    this.pattern = pattern;
    this.rule = rule;
    this.#preferences = Object.entries(rule.prefer ?? {}).map(([path, values]) => ({
      path: path.split('.'),
      // Of a value that stands there twice, the first counts.
      ranks: new Map(values.map((value, rank) => [value, rank] as const).reverse()),
    }));
  }

  /**
   * To be awaited before the rest is asked, unless it is `undefined`: the engine of conditions is loaded on first use.
   *
   * @throws ROLLCALL_INVALID if a `$regex` is not valid.
   */
  ready(): Promise<void> | undefined {
    const { require } = this.rule;
    if (require === undefined || this.#test !== undefined) return undefined;
    this.#compiling ??= compileWhere(require).then((test) => {
      this.#test = test;
    });
    return this.#compiling;
  }

  /** Those that meet what is required. */
  meeting(candidates: readonly Instance[]): readonly Instance[] {
    if (this.#test === undefined) return candidates;
    return this.#lastMeeting.of(candidates, () => candidates.filter((instance) => this.isMet(instance)));
  }

  isMet(instance: Instance): boolean {
    const test = this.#test;
    if (test === undefined) return true;
    let isMet = this.#met.get(instance);
    if (isMet === undefined) {
      isMet = test(instance);
      this.#met.set(instance, isMet);
    }
    return isMet;
  }

  /** Those that are liked best: never none of some. */
  preferred(usable: readonly Instance[]): readonly Instance[] {
    if (this.#preferences.length === 0 || usable.length < 2) return usable;
    return this.#lastPreferred.of(usable, () => this.#prefer(usable));
  }

  #prefer(usable: readonly Instance[]): readonly Instance[] {
    let best = Number.POSITIVE_INFINITY;
    let found: Instance[] = [];
    for (const instance of usable) {
      const rank = this.#rank(instance);
      if (rank > best) continue;
      if (rank < best) [best, found] = [rank, []];
      found.push(instance);
    }
    return found;
  }

  #rank(instance: Instance): number {
    let rank = this.#ranks.get(instance);
    if (rank === undefined) {
      rank = this.#preferences.reduce((sum, { path, ranks }) => sum + rankOf(valueAt(instance, path), ranks), 0);
      this.#ranks.set(instance, rank);
    }
    return rank;
  }
}

/** Of a list its best element counts; what is not in the preference comes after all that is. */
function rankOf(value: unknown, ranks: ReadonlyMap<unknown, number>): number {
  const found = (Array.isArray(value) ? value : [value]).map((one) => ranks.get(one) ?? ranks.size);
  return found.length === 0 ? ranks.size : Math.min(...found);
}

function valueAt(instance: Instance, path: readonly string[]): unknown {
  let value: unknown = instance;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** The rules of a router, in the order they were given. */
export class Rulebook {
  readonly #rules: readonly CompiledRule[];

  /** `check` looks at each strategy. */
  constructor(rules: Rules, checkStrategy: (strategy: RouteStrategy) => unknown) {
    // A copy: what its maker does to it afterwards makes no difference.
    this.#rules = Object.entries(rules).map(([pattern, rule]) => {
      if (rule.strategy !== undefined) checkStrategy(rule.strategy);
      return new CompiledRule(pattern, { ...rule, ...(rule.require && { require: structuredClone(rule.require) }) });
    });
  }

  /** The first that matches a name or a capability that is asked for, or the tool. */
  find({ name, capability, capabilities }: Query, tool?: string): CompiledRule | undefined {
    for (const rule of this.#rules) {
      const { pattern } = rule;
      const isMeant = [tool, name, capability, capabilities].some((asked) => isLikeAny(asked, pattern));
      if (isMeant) return rule;
    }
    return undefined;
  }
}

/** What is no text is no query: that is said where it is parsed. */
function isLikeAny(asked: unknown, pattern: string): boolean {
  if (typeof asked === 'string') return isLike(asked, pattern);
  return Array.isArray(asked) && asked.some((each) => typeof each === 'string' && isLike(each, pattern));
}
