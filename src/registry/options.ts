/** What the calls of a registry take beside their subject; checked once, at the door. */

import { highestPid, longestTtl, shortestTtl } from '../core/bounds.js';
import { check, fields, integer, number, text } from '../core/checks.js';
import type { Clock } from '../core/clock.js';
import { invalid } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
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

export interface DiscoverOptions extends Abortable {
  /** Sorts by how near the instances are to this folder, an absolute path; see `pick` with `nearest`. */
  readonly near?: string | undefined;
}

export interface PickOptions extends Abortable {
  /** `newest` unless given; `nearest` where `cwd` or `orAny` is. */
  readonly strategy?: Strategy | undefined;
  /** For `nearest`: the folder to be near to, an absolute path. The process's working directory unless given. */
  readonly cwd?: string | undefined;
  /** For `nearest`: rather one that has nothing to do with the folder than none. */
  readonly orAny?: boolean | undefined;
  /** For `weighted`: the share of an instance, 0 or more. Its `metadata.weight` unless given, or 1. */
  readonly weight?: ((instance: Instance) => number) | undefined;
  /**
   * This one, whatever else is asked for: what a user has chosen from a list. If it is gone, that is ROLLCALL_GONE,
   * and never another.
   */
  readonly id?: string | undefined;
}

export interface LeaseOptions extends PickOptions {
  /** Gives a `Lease`: for `least-connections`, which counts those that are out. */
  readonly lease: true;
}

export interface WaitOptions extends PickOptions {
  /** In ms; for ever unless given. */
  readonly timeout?: number | undefined;
}

export interface ClaimOptions extends Abortable {
  /**
   * Waits until the key is free: `true` for ever, a number for as many ms. Waiting keeps the process alive. Unless
   * given, a key that is held is ROLLCALL_CONFLICT.
   */
  readonly wait?: boolean | number | undefined;
}

/**
 * Starts a server by itself. Only its error is looked at, and whether an instance appears: it may return at once, or when
 * the server ends. The signal is aborted when nobody waits any more.
 */
export type Starter = (options: { readonly signal: AbortSignal }) => unknown;

export interface EnsureOptions extends Abortable {
  /** The program to start, by its path or a name on PATH, if there is no instance. No shell looks at it. */
  readonly command?: string | undefined;
  readonly args?: readonly string[] | undefined;
  /** Instead of `command`: starts it in a way of its own. */
  readonly start?: Starter | undefined;
  /** Where it is started; and then only an instance that is `nearest` to this folder is an answer. An absolute path. */
  readonly cwd?: string | undefined;
  /**
   * Added to the environment of this process; `undefined` takes a variable away. A variable whose name is no identifier
   * does not reach the program: no shell can keep one, and a shell holds the program back until it may begin.
   */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** How long until an instance must be there, in ms; 30,000 unless given. */
  readonly timeout?: number | undefined;
  /** Whether what is started goes on when this process ends. Unless given it is told to end then, by SIGTERM. */
  readonly outlive?: boolean | undefined;
  /** See `PickOptions`. */
  readonly strategy?: Strategy | undefined;
}

const choosing = ['strategy', 'cwd', 'orAny', 'weight', 'id', 'signal'] as const;

const taken = {
  register: ['pid', 'signal'],
  discover: ['near', 'signal'],
  get: ['signal'],
  pick: [...choosing, 'lease'],
  explain: choosing,
  waitFor: [...choosing, 'timeout'],
  watch: ['signal'],
  claim: ['wait', 'signal'],
  ensure: ['command', 'args', 'start', 'cwd', 'env', 'timeout', 'outlive', 'strategy', 'signal'],
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

/** The longest a timer can wait, in ms; Node takes more for 1 ms. */
export const longestTimeout = 2_147_483_647;

export const pidCheck = integer(1, highestPid);

export const waitingTime = number(0, longestTimeout);
