/** One out of many: strategies over the instances that match. Each is a function of the candidates and what is known. */

import { byAge } from './age.js';
import { invalid } from './errors.js';
import type { Instance } from './instance.js';
import { compareNearness, type Nearness } from './workspace.js';

/** What a strategy may go by beside the candidates. */
export interface PickState {
  /** A number from 0 to less than 1, another each time. */
  random(): number;
  /** Which instance the last pick with this query and strategy chose. */
  readonly last: Pick<Instance, 'id' | 'registeredAt'> | undefined;
  /** How many leases of it this registry has given out, and not got back. */
  connections(instance: Instance): number;
  /** Its share of the work: `metadata.weight`, or what the option `weight` says; 1 unless given. */
  weight(instance: Instance): number;
  /** How near it is to the folder of who asks; known to `nearest`, and where `cwd` is given. */
  nearness(instance: Instance): Nearness;
  /** Cores it keeps busy, plus its part of the machine's memory; known to `least-loaded`, of local processes. */
  load(instance: Instance): number | undefined;
  /** Whether `nearest` may take one that is unrelated, if there is none nearer. */
  readonly orAny: boolean;
}

/** Chooses among candidates, which are in the order of {@link byAge} and never empty. Yours may say no. */
export type Chooser = (candidates: readonly Instance[], state: PickState) => Instance | undefined;

/** `round-robin` goes round per registry and query; of equals, `least-connections` and `least-loaded` do. */
export type StrategyName =
  | 'newest'
  | 'oldest'
  | 'random'
  | 'round-robin'
  | 'weighted'
  | 'least-connections'
  | 'least-loaded'
  | 'nearest';

export type Strategy = StrategyName | Chooser;

const strategies: Readonly<Record<StrategyName, Chooser>> = {
  newest: (candidates) => candidates.at(-1),
  oldest: ([first]) => first,
  random: (candidates, { random }) => candidates[Math.floor(random() * candidates.length)],
  'round-robin': (candidates, { last }) => nextAfter(last, candidates),
  weighted(candidates, { random, weight }) {
    const weights = candidates.map(weight);
    const total = weights.reduce((sum, each) => sum + each, 0);
    // Weight 0 is never chosen, not even by a 0 from `random`, nor by what rounding leaves over at the end.
    let left = random() * total;
    const hit = candidates.findIndex((_, index) => {
      left -= weights[index] ?? 0;
      return left < 0;
    });
    return candidates[hit >= 0 ? hit : weights.findLastIndex((each) => each > 0)];
  },
  'least-connections': (candidates, { connections, last }) => nextAfter(last, least(candidates, connections)),
  'least-loaded': (candidates, { load, last }) =>
    nextAfter(
      last,
      least(candidates, (each) => load(each) ?? Number.MAX_VALUE),
    ),
  nearest(candidates, { nearness, orAny }) {
    const able = orAny ? candidates : candidates.filter((each) => nearness(each).relation !== 'unrelated');
    return able.reduce<Instance | undefined>((best, each) => {
      // Of equals the last, which is the newest.
      return best === undefined || compareNearness(nearness(each), nearness(best)) <= 0 ? each : best;
    }, undefined);
  },
};

/** @throws ROLLCALL_INVALID if there is no such strategy. */
export function chooserOf(strategy: Strategy): Chooser {
  if (typeof strategy === 'function') return strategy;
  if (typeof strategy === 'string' && Object.hasOwn(strategies, strategy)) return strategies[strategy];
  const message = `must be ${Object.keys(strategies).join(', ')} or a function`;
  throw invalid('The options of pick', [{ path: 'strategy', message }]);
}

/** What an instance says of its own weight. */
export function weightOf({ metadata: { weight } }: Instance): number {
  return typeof weight === 'number' && Number.isFinite(weight) && weight >= 0 ? weight : 1;
}

function least(candidates: readonly Instance[], measure: (instance: Instance) => number): Instance[] {
  const measures = candidates.map(measure);
  const smallest = Math.min(...measures);
  return candidates.filter((_, index) => measures[index] === smallest);
}

/** The one after the last, by order and not by index: candidates come and go between turns. */
function nextAfter(last: PickState['last'], candidates: readonly Instance[]): Instance | undefined {
  return (last && candidates.find((candidate) => byAge(candidate, last) > 0)) ?? candidates[0];
}
