/** What a surveyor keeps of an entry between two looks: its sighting, and for how long that stands. */

import { sortedByAge } from '../core/age.js';
import type { Instance } from '../core/instance.js';
import type { Look, Verdict } from '../core/verdict.js';
import type { Reading } from './readings.js';
import type { Sighting } from './sighting.js';

export interface Kept {
  reading: Reading;
  sighting: Sighting;
  /** What was seen at the pid, if that was looked at: the sighting stands while that is seen again. */
  seen: Look | undefined;
  /** Until when it stands besides, in ms of the monotonic clock, if it hangs on a heartbeat; 0 before the first look. */
  until: number | undefined;
}

export function keep(reading: Reading): Kept {
  const { id, version, renewedAt, instance, illegible } = reading;
  const sighting: Sighting = {
    id,
    verdict: instance === undefined ? 'illegible' : 'stale',
    reason: illegible ?? '',
    instance,
    renewedAt,
    version,
  };
  return { reading, sighting, seen: undefined, until: instance === undefined ? undefined : 0 };
}

/** Notes what was found. Says whether it is another finding than before. */
export function find(kept: Kept, verdict: Verdict, reason: string, seen?: Look, until?: number): boolean {
  const { sighting } = kept;
  const isFirst = kept.until === 0 && sighting.reason === '';
  kept.seen = seen;
  kept.until = until;
  if (sighting.verdict === verdict && sighting.reason === reason) return false;
  // Nobody has been shown it yet: then it need not be another object.
  if (isFirst) conclude(sighting, verdict, reason);
  else kept.sighting = { ...sighting, verdict, reason };
  return true;
}

function conclude(sighting: { -readonly [Key in keyof Sighting]: Sighting[Key] }, verdict: Verdict, reason: string) {
  sighting.verdict = verdict;
  sighting.reason = reason;
}

/** Whether it still stands. */
export function stands({ reading, seen, until }: Kept, lookAt: (pid: number, start?: string) => Look, now: number) {
  if (until !== undefined && now >= until) return false;
  if (seen === undefined || reading.instance === undefined) return true;
  const { pid, start } = reading.instance.process;
  return lookAt(pid, start) === seen;
}

/** One for each process that was looked at: while these are seen as they were, so are all. */
export function witnessesOf(all: readonly Kept[]): Kept[] {
  const met = new Map<number, string | undefined>();
  return all.filter(({ reading, seen }) => {
    if (seen === undefined || reading.instance === undefined) return false;
    const { pid, start } = reading.instance.process;
    if (met.has(pid) && met.get(pid) === start) return false;
    met.set(pid, start);
    return true;
  });
}

/** Oldest registration first, the illegible before all. */
export function inOrder(all: readonly Kept[]): Kept[] {
  const illegible = all.filter(({ sighting }) => sighting.instance === undefined);
  illegible.sort((a, b) => (a.sighting.id < b.sighting.id ? -1 : 1));
  const legible = all.filter(({ sighting }) => sighting.instance !== undefined);
  return [...illegible, ...sortedByAge(legible, ({ sighting }) => sighting.instance as Instance)];
}
