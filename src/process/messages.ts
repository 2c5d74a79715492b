/** What is told on the channels of node:diagnostics_channel, by channel. docs/diagnostics.md says when. */

/**
 * Instants (`at`) are in ms since 1970, durations (`took`) in ms. No entry is in here, and no header: ids, names,
 * verdicts with their reasons, and the query as the caller gave it.
 */
export interface Messages {
  /** An instance has been registered; its entry can be seen by all. `pid` is that of the process it speaks of. */
  'rollcall:register': { at: number; id: string; name: string; pid: number };
  /** It has been taken back by its owner. */
  'rollcall:deregister': { at: number; id: string; name: string };
  /** A `discover` or `pick` has been answered. */
  'rollcall:discover': {
    at: number;
    took: number;
    method: 'discover' | 'pick';
    /** As it was given: the caller's own object. */
    query: object;
    /** How many match it; for `pick`, of how many it was one. */
    found: number;
    /** The id of the one that was picked; `discover` picks none. */
    picked: string | undefined;
  };
  /** An observer has come to another verdict on an entry than it had, or to its first. */
  'rollcall:verdict': {
    at: number;
    /** Whose verdict it is. */
    by: 'registry' | 'watcher' | 'reaper';
    id: string;
    /** Missing if the entry is illegible. */
    name: string | undefined;
    verdict: 'alive' | 'stale' | 'dead' | 'illegible';
    previous: 'alive' | 'stale' | 'dead' | 'illegible' | undefined;
    reason: string;
  };
  /** An entry has been removed: dead, or stale for so long that it counts as such. */
  'rollcall:reap': { at: number; id: string; name: string | undefined; verdict: 'dead' | 'stale'; reason: string };
  /** A monitor has come to another status. */
  'rollcall:health': { at: number; id: string; name: string; from: string; to: string; reason: string | undefined };
  /** One attempt of a call through a router has ended. */
  'rollcall:route': {
    at: number;
    took: number;
    query: object;
    id: string;
    name: string;
    /** From 1. */
    attempt: number;
    outcome: 'answered' | 'failed';
    reason: string | undefined;
  };
}
