/** One entry, and what is to be thought of it. */

import type { Instance } from '../core/instance.js';
import type { Verdict } from '../core/verdict.js';

/** As of one look. */
export interface Sighting {
  readonly id: string;
  readonly verdict: Verdict;
  /** Why, in words a person understands. */
  readonly reason: string;
  /** Missing if and only if the entry is illegible. */
  readonly instance?: Instance | undefined;
  /** Last heartbeat, in ms since 1970; 0 if it cannot be told. */
  readonly renewedAt: number;
  /** The store's version of the entry when it was looked at. */
  readonly version: string;
}
