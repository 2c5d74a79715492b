/** Waits for an instance, and says what was there instead if none came. */

import { pass } from '../core/checks.js';
import type { Clock } from '../core/clock.js';
import { RollcallError } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
import { compileQuery, parseQuery, type Query } from '../core/query.js';
import { type Abortable, type PickOptions, type WaitOptions, waitingTime } from './options.js';
import type { Sighting } from './sighting.js';
import type { Watcher } from './watcher.js';
import { whyNot } from './why-not.js';

/** What waiting needs of a registry. */
interface Source {
  readonly clock: Clock;
  pick(query: Query | undefined, options: PickOptions): Promise<Instance | undefined>;
  watch(query: Query, options: Abortable): Watcher;
  inspect(): Promise<Sighting[]>;
}

/** See `Registry.waitFor`. */
export async function waitFor(registry: Source, query: Query | undefined, options: WaitOptions): Promise<Instance> {
  const { signal, strategy } = options;
  const timeout = options.timeout === Number.POSITIVE_INFINITY ? undefined : options.timeout;
  if (timeout !== undefined) pass(waitingTime, timeout, 'The timeout of waitFor');
  const present = await registry.pick(query, { signal, strategy });
  if (present !== undefined) return present;

  const watcher = registry.watch(usable(query), { signal });
  const timer = timeout === undefined ? undefined : registry.clock.after(timeout, () => void watcher.close());
  timer?.hold(true);
  try {
    for await (const { type } of watcher) {
      const instance = type === 'remove' ? undefined : await registry.pick(query, { signal, strategy });
      if (instance !== undefined) return instance;
    }
  } finally {
    timer?.cancel();
    await watcher.close();
  }
  signal?.throwIfAborted();
  throw await timedOut(registry, query ?? {}, timeout ?? 0);
}

/** Whoever wants to connect wants one that is ready, unless they say otherwise. */
export function usable(query: Query = {}): Query {
  return query.status === undefined ? { ...query, status: 'ready' } : query;
}

async function timedOut(registry: Source, query: Query, timeout: number): Promise<RollcallError<'ROLLCALL_TIMEOUT'>> {
  const conditions = await compileQuery(parseQuery(usable(query)));
  const saw = whyNot(await registry.inspect(), conditions);
  const instead = saw.length === 0 ? 'Nothing is registered.' : `What is there:\n  ${saw.join('\n  ')}`;
  const message = `No instance for ${JSON.stringify(query)} within ${timeout} ms. ${instead}`;
  return new RollcallError('ROLLCALL_TIMEOUT', message, { query, timeout, saw });
}
