/** Why an instance that is there is not to be used. */

import type { Instance } from '../core/instance.js';
import { printable } from '../core/printable.js';
import type { Health } from '../health/health.js';

/** As much of a monitor as the hub needs; `undefined`: it does not watch that one. */
export interface Monitor {
  of(id: string): Pick<Health, 'status' | 'suspended' | 'lastFailure'> | undefined;
  /** Returns what takes the listener back. */
  on(type: 'transition' | 'suspend' | 'resume', listener: (event: { readonly id: string }) => void): () => void;
}

/** What is wrong, as a sentence goes on after the instance's name. What is `unknown`, or has a warning, may be used. */
export function ailmentIn(health: ReturnType<Monitor['of']>): string | undefined {
  if (health?.suspended !== undefined) return printable(`has been suspended: ${health.suspended.reason}`);
  if (health?.status !== 'critical') return undefined;
  const { check, reason } = health.lastFailure ?? {};
  return printable(`is critical${check === undefined ? '' : `: ${check}: ${reason}`}`);
}

/** Nothing was sent, since all that could have taken it are of no use now. */
export class Unusable extends Error {
  constructor(ailing: readonly { readonly instance: Instance; readonly ailment: string }[]) {
    const each = ailing.map(({ instance: { id, name }, ailment }) => `${name} (${id}) ${ailment}.`);
    super(`${each.join(' ')} Nothing was sent. It is listed again when it is well; rollcall_instances says how it is.`);
  }
}
