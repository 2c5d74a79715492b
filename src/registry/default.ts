/** The common case: one registry for the whole process, made when it is first needed. */

import type { Explanation } from '../core/explanation.js';
import type { Instance, RegistrationInput } from '../core/instance.js';
import type { Query } from '../core/query.js';
import type { Claim } from './claim.js';
import type {
  Abortable,
  ClaimOptions,
  DiscoverOptions,
  EnsureOptions,
  PickOptions,
  RegisterOptions,
  Starter,
  WaitOptions,
} from './options.js';
import type { Registration } from './registration.js';
import { Registry } from './registry.js';
import type { Watcher } from './watcher.js';

let registry: Registry | undefined;

/** The registry that the functions below use: in `ROLLCALL_DIR`, or the platform's data folder. */
export function defaultRegistry(): Registry {
  registry ??= new Registry();
  return registry;
}

/** {@link Registry.register} on the default registry. */
export function register(input: RegistrationInput, options?: RegisterOptions): Promise<Registration> {
  return defaultRegistry().register(input, options);
}

/** {@link Registry.discover} on the default registry. */
export function discover(query?: Query, options?: DiscoverOptions): Promise<Instance[]> {
  return defaultRegistry().discover(query, options);
}

/** {@link Registry.get} on the default registry. */
export function get(id: string, options?: Abortable): Promise<Instance | undefined> {
  return defaultRegistry().get(id, options);
}

/** {@link Registry.explain} on the default registry. */
export function explain(query?: Query, options?: PickOptions): Promise<Explanation[]> {
  return defaultRegistry().explain(query, options);
}

/** {@link Registry.pick} on the default registry. */
export function pick(query?: Query, options?: PickOptions): Promise<Instance | undefined> {
  return defaultRegistry().pick(query, options);
}

/** {@link Registry.waitFor} on the default registry. */
export function waitFor(query?: Query, options?: WaitOptions): Promise<Instance> {
  return defaultRegistry().waitFor(query, options);
}

/** {@link Registry.watch} on the default registry. */
export function watch(query?: Query, options?: Abortable): Watcher {
  return defaultRegistry().watch(query, options);
}

/** {@link Registry.claim} on the default registry. */
export function claim(key: string, options?: ClaimOptions): Promise<Claim> {
  return defaultRegistry().claim(key, options);
}

/** {@link Registry.ensure} on the default registry. */
export function ensure(query: Query | undefined, options: EnsureOptions | Starter): Promise<Instance> {
  return defaultRegistry().ensure(query, options);
}
