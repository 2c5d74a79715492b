/** What happened between two looks. */

import type { Instance } from './instance.js';

/**
 * Why an instance left the set. `deregistered`: its entry was taken away, as a rule by its owner; `dead`: its process ended without a
 * word; `stale`: it cannot be judged from here and fell silent; `unmatched`: it no longer meets the query;
 * `illegible`: its entry was overwritten with something that cannot be read.
 */
export type RemoveReason = 'deregistered' | 'dead' | 'stale' | 'unmatched' | 'illegible';

/** One change to a set of instances. */
export type Change =
  | { readonly type: 'add'; readonly instance: Instance; readonly reason?: undefined }
  | { readonly type: 'change'; readonly instance: Instance; readonly previous: Instance; readonly reason?: undefined }
  /** `instance` is as it was last known. */
  | { readonly type: 'remove'; readonly instance: Instance; readonly reason: RemoveReason };

/** The changes that lead from `before` to `after`: what left first. An unchanged instance is the same object. */
export function diff(
  before: ReadonlyMap<string, Instance>,
  after: ReadonlyMap<string, Instance>,
  why: (instance: Instance) => RemoveReason,
): Change[] {
  const changes: Change[] = [];
  for (const [id, instance] of before) {
    if (!after.has(id)) changes.push({ type: 'remove', instance, reason: why(instance) });
  }
  for (const [id, instance] of after) {
    const previous = before.get(id);
    if (previous === undefined) changes.push({ type: 'add', instance });
    else if (previous !== instance) changes.push({ type: 'change', instance, previous });
  }
  return changes;
}
