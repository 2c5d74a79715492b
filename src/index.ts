/** The public surface of "rollcall". Every export added here is public API: test/pins.test.ts lists them. */

/// <reference lib="esnext.disposable" preserve="true" />

export { urlOf } from './core/address.js';
export type { Clock, Timer } from './core/clock.js';
export { LARGEST_ENTRY } from './core/codec.js';
export type { Change, RemoveReason } from './core/diff.js';
export {
  errorCodes,
  isRollcallError,
  type Problem,
  RollcallError,
  type RollcallErrorCode,
  type RollcallErrorDetails,
} from './core/errors.js';
export type { Explanation, Failed } from './core/explanation.js';
export {
  DEFAULT_TTL,
  type Endpoint,
  FORMAT,
  type Header,
  type Instance,
  type ProcessIdentity,
  type RegistrationInput,
  type RegistrationPatch,
  type Status,
} from './core/instance.js';
export type { Chooser, PickState, Strategy, StrategyName } from './core/pick.js';
export type { Query } from './core/query.js';
export { isSecret, Secret } from './core/secret.js';
export type { Look, Verdict } from './core/verdict.js';
export type { Comparison, Where } from './core/where.js';
export type { Folder, Nearness, Relation } from './core/workspace.js';
export type { Messages } from './process/messages.js';
export type { Probe } from './process/probe.js';
export type { Claim } from './registry/claim.js';
export {
  claim,
  defaultRegistry,
  discover,
  ensure,
  explain,
  get,
  pick,
  register,
  waitFor,
  watch,
} from './registry/default.js';
export type { Lease } from './registry/lease.js';
export type { ActiveServer, ExitOptions, IdleOptions } from './registry/leaving.js';
export type {
  Abortable,
  ClaimOptions,
  DiscoverOptions,
  EnsureOptions,
  LeaseOptions,
  PickOptions,
  RegisterOptions,
  RegistryOptions,
  Starter,
  WaitOptions,
} from './registry/options.js';
export { Reaper, type ReapOptions, type ReapResult } from './registry/reaper.js';
export { Registration } from './registry/registration.js';
export { Registry } from './registry/registry.js';
export type { Sighting } from './registry/sighting.js';
export { type Staleness, Watcher, type WatcherEvents } from './registry/watcher.js';
export type { World } from './registry/world.js';
export { type Directory, resolveDirectory } from './store/file/directory.js';
export { FileStore, type FileStoreOptions } from './store/file/file-store.js';
export type { ExactFileStats, FileStats, FileSystem } from './store/file/file-system.js';
export { MemoryStore } from './store/memory-store.js';
export type {
  DeleteCondition,
  Follower,
  ListedEntry,
  ListOptions,
  PutCondition,
  Store,
  StoreEntry,
  StoreTraits,
  Unwatch,
} from './store/store.js';
