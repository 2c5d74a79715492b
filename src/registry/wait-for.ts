/** Waits for an instance, and says what was there instead if none came. */

import { pass } from '../core/checks.js';
import type { Clock } from '../core/clock.js';
import { RollcallError } from '../core/errors.js';
import type { Explanation } from '../core/explanation.js';
import type { Instance } from '../core/instance.js';
import { printable } from '../core/printable.js';
import { type Query, usable } from '../core/query.js';
import { type Abortable, type PickOptions, type WaitOptions, waitingTime } from './options.js';
import type { Watcher } from './watcher.js';

/** What waiting needs of a registry. */
interface Source {
  readonly clock: Clock;
  pick(query: Query | undefined, options: PickOptions): Promise<Instance | undefined>;
  watch(query: Query, options: Abortable): Watcher;
  explain(query: Query | undefined, options: PickOptions): Promise<Explanation[]>;
}

/** See `Registry.waitFor`. */
export async function waitFor(registry: Source, query: Query | undefined, options: WaitOptions): Promise<Instance> {
  const { timeout: given, ...choosing } = options;
  const { signal } = choosing;
  const timeout = given === Number.POSITIVE_INFINITY ? undefined : given;
  if (timeout !== undefined) pass(waitingTime, timeout, 'The timeout of waitFor');
  const present = await registry.pick(query, choosing);
  if (present !== undefined) return present;

  const watcher = registry.watch(usable(query), { signal });
  const timer = timeout === undefined ? undefined : registry.clock.after(timeout, () => void watcher.close());
  timer?.hold(true);
  try {
    for await (const { type } of watcher) {
      const instance = type === 'remove' ? undefined : await registry.pick(query, choosing);
      if (instance !== undefined) return instance;
    }
  } finally {
    timer?.cancel();
    await watcher.close();
  }
  signal?.throwIfAborted();
  throw await timedOut(registry, query ?? {}, choosing, timeout ?? 0);
}

/** How many entries a message tells of. */
const most = 8;

async function timedOut(
  registry: Source,
  query: Query,
  options: PickOptions,
  timeout: number,
): Promise<RollcallError<'ROLLCALL_TIMEOUT'>> {
  const explanation = await registry.explain(query, options);
  const saw = explanation
    .slice(0, most)
    .map(({ id, isChosen, reason }) => printable(`${id}: ${isChosen ? 'matches now' : reason}`));
  const instead = saw.length === 0 ? 'Nothing is registered.' : `What is there:\n  ${saw.join('\n  ')}`;
  const message = `No instance for ${JSON.stringify(query)} within ${timeout} ms. ${instead}`;
  return new RollcallError('ROLLCALL_TIMEOUT', message, { query, timeout, saw, explanation });
}
