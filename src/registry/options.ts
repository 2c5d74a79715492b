/** What the calls of a registry take beside their subject; checked once, at the door. */

import { highestPid, longestTtl, shortestTtl } from '../core/bounds.js';
import { check, fields, integer, number, text } from '../core/checks.js';
import type { Clock } from '../core/clock.js';
import { invalid } from '../core/errors.js';
import type { Strategy } from '../core/pick.js';
import type { Probe } from '../process/probe.js';
import type { FileSystem } from '../store/file/file-system.js';
import type { Store } from '../store/store.js';

/** Every async call takes one; the call rejects with its reason when it is aborted. */
export interface Abortable {
  readonly signal?: AbortSignal | undefined;
}

export interface RegistryOptions {
  /** The folder the registry is in; an absolute path. `ROLLCALL_DIR`, or the platform's data folder, unless given. */
  readonly directory?: string | undefined;
  /** Where entries are kept, instead of in files. It is not closed with the registry. */
  readonly store?: Store | undefined;
  /** How long an entry stays fresh without a heartbeat, in ms; 45,000 unless given. A heartbeat comes every third of it. */
  readonly ttl?: number | undefined;
  /** Takes the errors of background work: heartbeats, looks, sweeps. A process warning unless given. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** The world, where a test brings its own: time, processes and (for the file store) files. */
  readonly clock?: Clock | undefined;
  readonly fs?: FileSystem | undefined;
  readonly probe?: Probe | undefined;
}

export interface RegisterOptions extends Abortable {
  /**
   * The process the entry speaks of, if it is not this one: a child that was started from here. The entry is then
   * true as long as the child lives; this process looks after it.
   */
  readonly pid?: number | undefined;
}

export interface PickOptions extends Abortable {
  /** `newest` unless given. */
  readonly strategy?: Strategy | undefined;
}

export interface WaitOptions extends PickOptions {
  /** In ms; for ever unless given. */
  readonly timeout?: number | undefined;
}

const taken = {
  register: ['pid', 'signal'],
  discover: ['signal'],
  get: ['signal'],
  pick: ['strategy', 'signal'],
  waitFor: ['timeout', 'strategy', 'signal'],
  watch: ['signal'],
  reap: ['dryRun', 'signal'],
  inspect: ['signal'],
} as const;

/**
 * Refuses an option that `call` does not take: a typing error (`timeOut`) would wait for ever.
 *
 * @throws ROLLCALL_INVALID
 */
export function checkOptions(call: keyof typeof taken, options: object): void {
  const known: readonly string[] = taken[call];
  const others = Object.keys(options).filter((key) => !known.includes(key));
  if (others.length === 0) return;
  const message = `is not a known option; there is ${known.join(', ')}`;
  throw invalid(
    `The call of ${call}`,
    others.map((path) => ({ path, message })),
  );
}

/** What is an object of its maker's own making (store, clock, fs, probe) is not looked into. */
export const registryOptions = fields({
  directory: text,
  ttl: integer(shortestTtl, longestTtl),
  onError: check((value) => typeof value === 'function', 'must be a function'),
});

export const pidCheck = integer(1, highestPid);

/** The longest a timer can wait, in ms; Node takes more for 1 ms. */
export const longestTimeout = 2_147_483_647;
export const waitingTime = number(0, longestTimeout);
