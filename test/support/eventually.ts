/** Waits for a condition, never for a time. */

import { setTimeout as pause } from 'node:timers/promises';

/**
 * Resolves with what `look` gives as soon as it is neither `undefined`, `false` nor `null`; fails after `timeout`
 * ms, saying `what` it waited for. A look that throws counts as not yet, and its error is told in the end.
 */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  timeout = 10_000,
): Promise<Exclude<T, undefined | false | null>> {
  const until = performance.now() + timeout;
  let cause: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false && seen !== null) return seen as Exclude<T, undefined | false | null>;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > until)
      throw new Error(`Within ${timeout} ms it did not come true that ${what}.`, { cause });
    await pause(5);
  }
}
