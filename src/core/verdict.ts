/** Whether the process of an entry is alive: a pure function of evidence. Proof of death, never doubt. */

import type { ProcessIdentity } from './instance.js';
import { printable } from './printable.js';

/** `alive`, `stale`, `dead`: what is known of the process; `illegible`: the entry cannot be read. */
export type Verdict = 'alive' | 'stale' | 'dead' | 'illegible';

/** What the operating system says of a pid at this moment. */
export type Look =
  /** There is a process; `start` is its start time, if that can be told. */
  | { readonly is: 'there'; readonly start?: string | undefined }
  /** There is none, or what is there can run no more. */
  | { readonly is: 'gone' | 'zombie' | 'thread' }
  /** There may be one; it cannot be told. */
  | { readonly is: 'hidden' };

/** How long ago an instance was last heard of, in ms, and how long it may be silent. */
export interface Heartbeat {
  readonly age: number;
  readonly ttl: number;
}

/** A verdict with its reason, in words a person understands. */
export interface Judgement {
  readonly verdict: Exclude<Verdict, 'illegible'>;
  readonly reason: string;
}

/** Start times that are told by `ps` or PowerShell are good to a second or two. */
const startTolerance = 3_000;

/** What the process alone proves. Without a verdict it proves nothing, and `reason` says why. */
export interface Proof {
  readonly verdict: 'alive' | 'dead' | undefined;
  readonly reason: string;
  /** What was seen at the pid, if that was looked at. */
  readonly seen?: Look | undefined;
}

/**
 * Judges the process `subject` as seen by `observer`, looking at the pid only where that can prove anything.
 *
 * In this order: another machine → by heartbeat; same machine and host, another boot → dead; another pid or time
 * namespace → by heartbeat; no such process, a zombie or a thread's id → dead; another start time → dead; the
 * same → alive, whatever the clocks say; all else → by heartbeat. A field the entry lacks proves nothing.
 */
export function judge(
  subject: ProcessIdentity,
  observer: ProcessIdentity,
  look: (pid: number, start?: string) => Look,
  heartbeat: Heartbeat,
): Judgement {
  const { verdict, reason } = prove(subject, observer, look);
  return verdict === undefined ? byHeartbeat(reason, heartbeat) : { verdict, reason };
}

/** Whether a pid, and a path, mean the same to both: they run on one machine and in one container. */
export function isBeside(subject: ProcessIdentity, observer: ProcessIdentity): boolean {
  return subject.machine === observer.machine && subject.pidNamespace === observer.pidNamespace;
}

/** As `judge`, without a heartbeat. */
export function prove(
  subject: ProcessIdentity,
  observer: ProcessIdentity,
  look: (pid: number, start?: string) => Look,
): Proof {
  const { pid } = subject;
  if (subject.machine !== observer.machine) {
    const where = subject.machine === undefined ? 'does not say on which machine it runs' : undefined;
    return doubt(where ?? `runs on another machine (${printable(subject.host ?? 'unknown')})`);
  }
  if (observer.boot !== undefined && subject.boot !== observer.boot) {
    // Cloned machines share a machine id: only with the same host name as well is another boot an earlier one.
    if (subject.boot === undefined || subject.host !== observer.host) return doubt('cannot be told to be of this boot');
    return { verdict: 'dead', reason: 'the machine was restarted since', seen: undefined };
  }
  if (subject.pidNamespace !== observer.pidNamespace || subject.timeNamespace !== observer.timeNamespace) {
    return doubt('runs in another container or namespace');
  }
  const seen = look(pid, subject.start);
  switch (seen.is) {
    case 'gone':
      return { verdict: 'dead', reason: `process ${pid} has ended`, seen };
    case 'zombie':
      return { verdict: 'dead', reason: `process ${pid} has ended (zombie)`, seen };
    case 'thread':
      return { verdict: 'dead', reason: `${pid} is the id of another process's thread now`, seen };
    case 'hidden':
      return doubt(`process ${pid} cannot be looked at from here`, seen);
    case 'there':
      switch (compareStarts(seen.start, subject.start)) {
        case 'same':
          return { verdict: 'alive', reason: `process ${pid} is running`, seen };
        case 'different':
          return { verdict: 'dead', reason: `pid ${pid} belongs to another process now`, seen };
        case 'unknown':
          return doubt(`process ${pid} exists, but may be another one`, seen);
      }
  }
}

const doubt = (reason: string, seen?: Look): Proof => ({ verdict: undefined, reason, seen });

/** The verdict on what cannot be proved, which is `why`. */
export function byHeartbeat(why: string, { age, ttl }: Heartbeat): Judgement {
  const heard = `last heartbeat ${age < 0 ? 'in the future' : `${Math.round(age / 1000)} s ago`}`;
  return age <= ttl
    ? { verdict: 'alive', reason: `${why}; ${heard}` }
    : { verdict: 'stale', reason: `${why}; ${heard}, ttl ${Math.round(ttl / 1000)} s` };
}

/** Ticks are exact; instants have a tolerance; one kind says nothing about the other. */
function compareStarts(seen: string | undefined, recorded: string | undefined): 'same' | 'different' | 'unknown' {
  if (seen === undefined || recorded === undefined) return 'unknown';
  if (isTicks(seen) !== isTicks(recorded)) return 'unknown';
  if (isTicks(seen)) return seen === recorded ? 'same' : 'different';
  const apart = Math.abs(Date.parse(seen) - Date.parse(recorded));
  if (Number.isNaN(apart)) return 'unknown';
  return apart <= startTolerance ? 'same' : 'different';
}

const isTicks = (start: string) => /^\d+$/.test(start);
