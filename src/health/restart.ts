/** A healer that starts anew what `ensure` has started. */

import { anything, fields, number, pass, text } from '../core/checks.js';
import { invalid, isRollcallError } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
import { endProcess } from '../registry/end-process.js';
import { type EnsureOptions, longestTimeout } from '../registry/options.js';
import type { Registry } from '../registry/registry.js';
import type { Healer } from './recovery.js';

export interface RestartOptions extends Omit<EnsureOptions, 'signal' | 'strategy'> {
  /** Between SIGTERM and SIGKILL, in ms; 5,000 unless given. */
  readonly grace?: number | undefined;
}

/** How often it is attempted to start another, once the old one has ended, and how long to wait in between, in ms. */
const attempts = 5;
const pauses = { initialDelay: 1_000, maxDelay: 60_000 };

const restartOptions = fields({
  grace: number(0, longestTimeout),
  command: text,
  ...Object.fromEntries(['args', 'start', 'cwd', 'env', 'timeout', 'outlive'].map((name) => [name, anything])),
});

/**
 * Ends the process of the critical instance, once it is proved that its pid is still that process, and has
 * `registry.ensure` start another: what is run is what stands here, and never what an entry says. For a monitor whose
 * query means one service of which there is one instance: everything in it that is critical is ended, and where there
 * is another of its name already, `ensure` finds that.
 *
 * What it cannot end (another user's, or in another container) rejects, and nothing is started. A start that fails is
 * attempted five times.
 *
 * @throws ROLLCALL_INVALID
 */
export function restart(registry: Registry, options: RestartOptions): Healer {
  pass(restartOptions, options, 'The options of restart');
  const { grace = 5_000, ...ensuring } = options;
  if ((ensuring.command === undefined) === (ensuring.start === undefined)) {
    throw invalid('The options of restart', [{ path: 'command', message: 'is to be given, or else "start"' }]);
  }
  // The signal is of no use here: it is aborted as soon as the old one is gone, and that is when the new one is needed.
  return async (instance: Instance) => {
    const { name } = instance;
    await endProcess(registry, instance, grace);
    await registry.reap();
    const { ExponentialBackoff, handleWhen, retry } = await import('cockatiel');
    // With a registry that was closed, or options that are wrong, no other attempt ends otherwise.
    const isWorthIt = (error: Error) =>
      !isRollcallError(error, 'ROLLCALL_CLOSED') && !isRollcallError(error, 'ROLLCALL_INVALID');
    const policy = retry(handleWhen(isWorthIt), {
      maxAttempts: attempts - 1,
      backoff: new ExponentialBackoff(pauses),
    }).dangerouslyUnref();
    await policy.execute(() => registry.ensure({ name }, ensuring));
  };
}
