/** A healer that starts anew what `ensure` has started. */

import type { Instance } from '../core/instance.js';
import { endProcess } from '../registry/end-process.js';
import type { EnsureOptions } from '../registry/options.js';
import type { Registry } from '../registry/registry.js';
import type { Healer } from './recovery.js';

export interface RestartOptions extends Omit<EnsureOptions, 'signal' | 'strategy'> {
  /** Between SIGTERM and SIGKILL, in ms; 5,000 unless given. */
  readonly grace?: number | undefined;
}

/**
 * Ends the process of the critical instance, once it is proved that its pid is still that process, and has
 * `registry.ensure` start another: what is run is what stands here, and never what an entry says. For a monitor whose
 * query means that service alone: everything in it that is critical is ended.
 *
 * What it cannot end (another user's, or in another container) rejects, and nothing is started.
 */
export function restart(registry: Registry, { grace = 5_000, ...options }: RestartOptions): Healer {
  // The signal is of no use here: it is aborted as soon as the old one is gone, and that is when the new one is needed.
  return async (instance: Instance) => {
    await endProcess(registry, instance, grace);
    await registry.reap();
    await registry.ensure({ name: instance.name }, options);
  };
}
