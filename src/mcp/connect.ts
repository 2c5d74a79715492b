/** Connects a client of the official SDK to an instance, and keeps it connected. */

import { anything, check, fields, list, pass, text } from '../core/checks.js';
import type { Instance } from '../core/instance.js';
import type { Query } from '../core/query.js';
import { defaultRegistry } from '../registry/default.js';
import { type PickOptions, waitingTime } from '../registry/options.js';
import type { Registry } from '../registry/registry.js';
import type { Client } from './client.js';
import { type Connection, openConnection } from './connection.js';
import { dial, transportFor } from './dial.js';
import { loadSdk } from './sdk.js';
import { startFrom } from './start-from.js';
import type { Dialler } from './tether.js';
import { requireObject, requireWay, wayTo } from './way.js';

export interface ConnectOptions extends PickOptions {
  /** The client to connect, with its handlers and capabilities. One that speaks every protocol unless given. */
  readonly client?: Client | undefined;
  /** How long to wait for an instance, and for each attempt to connect to one, in ms; 5,000 unless given. */
  readonly timeout?: number | undefined;
  /**
   * Names whose instances may be started anew by the `command` in their entry, where they speak over stdio alone. Nothing
   * of an entry is run unless its name stands here.
   */
  readonly run?: readonly string[] | undefined;
  /** The default one unless given. */
  readonly registry?: Registry | undefined;
}

const checkOptions = fields({
  timeout: waitingTime,
  run: list(text, 0, 1_000),
  client: check((isRight) => isRight === true, 'must be a Client of the SDK, v2'),
  registry: anything,
  signal: anything,
  ...Object.fromEntries(['strategy', 'cwd', 'orAny', 'weight', 'id'].map((name) => [name, anything])),
});

/**
 * Connects to an instance, or to the one that `registry.waitFor` gives for a query. See {@link Connection} for what
 * happens when it is replaced.
 *
 * Needs `@modelcontextprotocol/client`, version 2. Servers of both generations of the protocol are reached, over
 * Streamable HTTP, SSE and Unix sockets. Headers of the entry are sent to its own endpoint and nowhere else.
 *
 * @throws ROLLCALL_UNREACHABLE with the reason, if nobody answers there.
 * @throws ROLLCALL_TIMEOUT if nothing matches the query; ROLLCALL_INVALID if the instance has no endpoint for MCP; the
 * signal's reason if it is aborted.
 */
export async function connect(target: Instance | Query, options: ConnectOptions = {}): Promise<Connection> {
  const { client: given, timeout = 5_000, run = [], registry = defaultRegistry(), ...choosing } = options;
  // Of what is large only whether it is right.
  const isClient = given === undefined || typeof given.connect === 'function';
  const small = { ...options, timeout, run, client: isClient, registry: undefined, signal: undefined };
  pass(checkOptions, small, 'The options of connect');
  requireObject(target, 'connect');
  const { signal } = choosing;
  const sdk = await loadSdk();
  const instance = isInstance(target) ? target : await registry.waitFor(target, { ...choosing, timeout });
  const client = given ?? new sdk.Client({ name: 'rollcall', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  const dialTo: Dialler = (to, onlooker, within) => {
    const transport =
      run.includes(to.name) && wayTo(to) === undefined
        ? startFrom(sdk, to)
        : transportFor(sdk, requireWay(to), onlooker);
    return dial(client, transport, to, { signal: within, timeout });
  };
  return openConnection(registry, client, instance, dialTo, signal);
}

const isInstance = (target: Instance | Query): target is Instance => 'endpoints' in target;
