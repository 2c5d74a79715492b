/** One out of many: strategies over the instances that match. */

import { byAge } from './age.js';
import { invalid } from './errors.js';
import type { Instance } from './instance.js';

/** Chooses among candidates, which are in the order of {@link byAge} and never empty. Yours may say no. */
export type Chooser = (candidates: readonly Instance[]) => Instance | undefined;

/** `round-robin` goes round per registry and query. */
export type Strategy = 'newest' | 'oldest' | 'random' | 'round-robin' | Chooser;

/** What the strategies that remember, remember: for each query the instance that was picked last. */
export type Turns = Map<string, Pick<Instance, 'id' | 'registeredAt'>>;

/** How many queries a registry remembers the turn of; beyond, the one used longest ago is forgotten. */
const mostTurns = 1_000;

/**
 * Picks one of `candidates` (sorted by {@link byAge}), or none if there is none.
 *
 * @throws ROLLCALL_INVALID if the strategy is not known.
 */
export function choose(
  candidates: readonly Instance[],
  strategy: Strategy,
  turns: Turns,
  key: string,
): Instance | undefined {
  if (!isStrategy(strategy)) {
    const message = 'must be "newest", "oldest", "random", "round-robin" or a function';
    throw invalid('The options of pick', [{ path: 'strategy', message }]);
  }
  if (candidates.length === 0) return undefined;
  if (typeof strategy === 'function') return strategy(candidates);
  switch (strategy) {
    case 'newest':
      return candidates.at(-1);
    case 'oldest':
      return candidates[0];
    case 'random':
      return candidates[Math.floor(Math.random() * candidates.length)];
    case 'round-robin': {
      const last = turns.get(key);
      // The one after the last, by order and not by index: candidates come and go between turns.
      const next = (last && candidates.find((candidate) => byAge(candidate, last) > 0)) ?? candidates[0];
      if (next !== undefined) remember(turns, key, next);
      return next;
    }
  }
}

function isStrategy(strategy: unknown): strategy is Strategy {
  return typeof strategy === 'function' || ['newest', 'oldest', 'random', 'round-robin'].includes(strategy as string);
}

function remember(turns: Turns, key: string, { id, registeredAt }: Instance): void {
  turns.delete(key);
  turns.set(key, { id, registeredAt });
  for (const oldest of turns.keys()) {
    if (turns.size <= mostTurns) break;
    turns.delete(oldest);
  }
}
