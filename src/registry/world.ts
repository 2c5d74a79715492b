/** All that the registry depends on. */

import type { Clock } from '../core/clock.js';
import type { Probe } from '../process/probe.js';
import type { Store } from '../store/store.js';

/** All that a look depends on. */
export interface World {
  readonly store: Store;
  readonly probe: Probe;
  readonly clock: Clock;
  /** Takes the errors of background work. Never throws. */
  report(error: unknown): void;
}
