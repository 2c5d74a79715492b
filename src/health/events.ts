/** What a monitor tells. */

import type { Instance } from '../core/instance.js';
import type { Checkup, Suspension } from './health.js';
import type { Transition } from './transition.js';

export interface MonitorEvents {
  /** An instance has come to another status. */
  transition: [transition: Transition];
  /** A round of checks has ended. */
  checked: [instance: Instance, checkup: Checkup];
  suspend: [event: { readonly id: string; readonly instance: Instance; readonly suspended: Suspension }];
  resume: [event: { readonly id: string; readonly instance: Instance }];
  /** More than half of all instances have begun to fail together: for a round none of them is called critical. */
  doubt: [event: { readonly failing: number; readonly of: number }];
  /** The registry could not be read, or a healer has failed. Without a listener it goes to the registry's `onError`. */
  error: [error: unknown];
}

export const eventTypes: readonly (keyof MonitorEvents)[] = [
  'transition',
  'checked',
  'suspend',
  'resume',
  'doubt',
  'error',
];
