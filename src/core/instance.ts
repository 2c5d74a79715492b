/** What an instance is: the shape of an entry, as it is handed to callers. */

import type { Secret } from './secret.js';

/** The format this version writes, and the newest it reads. */
export const FORMAT = 1;

/** How long an entry stays fresh without a heartbeat, in ms, where nobody says otherwise. */
export const DEFAULT_TTL = 45_000;

/** What an instance says of itself. `starting` may hold a place before it has an endpoint. */
export type Status = 'starting' | 'ready' | 'draining' | 'stopping';

/** A header to send with every request to an endpoint. The value of a secret one is a {@link Secret}. */
export interface Header {
  readonly name: string;
  readonly value: string | Secret;
  readonly isSecret?: boolean | undefined;
}

/** One way to reach an instance. */
export interface Endpoint {
  /** One of these words, or any other. */
  readonly type: 'streamable-http' | 'sse' | 'stdio' | 'http' | 'ws' | 'tcp' | 'grpc' | 'unix' | (string & {});
  /** Where it is. Has a host and a port that is open, and no user name or password in it. */
  readonly url?: string | undefined;
  /** The absolute path of a Unix socket or the name of a named pipe, instead of or beside `url`. */
  readonly socketPath?: string | undefined;
  readonly headers?: readonly Header[] | undefined;
  /** Versions of the protocol spoken here, newest first: `2026-07-28`. */
  readonly supportedProtocolVersions?: readonly string[] | undefined;
}

/**
 * Which process an entry speaks of. All but `pid` may be missing in an entry that was not written by this library;
 * what is missing cannot be proved, and such an instance is judged by its heartbeat.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** On Linux the start time in clock ticks since boot (field 22 of /proc/PID/stat), elsewhere an ISO 8601 instant. */
  readonly start?: string | undefined;
  /** /etc/machine-id where there is one, else the host name. */
  readonly machine?: string | undefined;
  readonly host?: string | undefined;
  /** /proc/sys/kernel/random/boot_id; Linux only. */
  readonly boot?: string | undefined;
  /** Inode of /proc/self/ns/pid; Linux only. */
  readonly pidNamespace?: string | undefined;
  /** Inode of /proc/self/ns/time; Linux only. Start times of two time namespaces cannot be compared. */
  readonly timeNamespace?: string | undefined;
  readonly uid?: number | undefined;
}

/** One running process's entry. Fields this version does not know are kept, but not typed. */
export interface Instance {
  readonly format: typeof FORMAT;
  /** This one registration: `<name>-` and 26 random characters, never reused. */
  readonly id: string;
  /** What instances of one service share. */
  readonly name: string;
  readonly title?: string | undefined;
  readonly version?: string | undefined;
  readonly description?: string | undefined;
  /** `mcp`, `http`, `lsp`, or any other word. */
  readonly kind?: string | undefined;
  /** At least one, unless `status` is `starting`. */
  readonly endpoints: readonly Endpoint[];
  /** What discovery by capability matches: `weather.current`. */
  readonly capabilities: readonly string[];
  readonly tags: readonly string[];
  /** Open: whatever the server wants its clients to know. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** What an MCP server says of itself in its protocol. */
  readonly mcp?: Readonly<Record<string, unknown>> | undefined;
  /** Where to ask for its health; the checks themselves are another layer's business. */
  readonly health?: Readonly<Record<string, unknown>> | undefined;
  readonly status: Status;
  /** The folder it works in. */
  readonly cwd?: string | undefined;
  /** The folders it has open, where that is not one or not `cwd`, as in an editor. */
  readonly workspaceFolders?: readonly string[] | undefined;
  readonly process: ProcessIdentity;
  /** ISO 8601. */
  readonly registeredAt: string;
  /** ISO 8601; when its text last changed. The heartbeat is the file's mtime and not in here. */
  readonly updatedAt: string;
  /** How long the entry stays fresh without a heartbeat, in ms. */
  readonly ttl: number;
}

/** What a server says when it registers; the rest is stamped. */
export interface RegistrationInput {
  readonly name: string;
  readonly title?: string | undefined;
  readonly version?: string | undefined;
  readonly description?: string | undefined;
  readonly kind?: string | undefined;
  /** Required, unless `status` is `starting`. */
  readonly endpoints?: readonly Endpoint[] | undefined;
  readonly capabilities?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  readonly mcp?: Readonly<Record<string, unknown>> | undefined;
  readonly health?: Readonly<Record<string, unknown>> | undefined;
  /** `ready` unless given. */
  readonly status?: Status | undefined;
  /** The process's working directory, unless this or `workspaceFolders` is given. */
  readonly cwd?: string | undefined;
  /** The folders it has open; absolute paths. An editor says so, and then `cwd` only if that is one of its folders. */
  readonly workspaceFolders?: readonly string[] | undefined;
  /** In ms, 1,000 to 86,400,000. The registry's `ttl` unless given. */
  readonly ttl?: number | undefined;
  /** The only live instance on this machine that has its name (`true`), or this key. Does not stand in the entry. */
  readonly exclusive?: boolean | string | undefined;
}

/** What can be changed afterwards. A field given as `undefined` is removed; `metadata` and the like are replaced whole. */
export type RegistrationPatch = Omit<Partial<RegistrationInput>, 'name' | 'ttl' | 'exclusive'>;
