/** One call makes a listening server known, and takes its entry away before it closes. */

import { once } from 'node:events';
import type { Server } from 'node:net';
import { mostEndpoints } from '../core/bounds.js';
import { anything, check, fields, list, pass, text } from '../core/checks.js';
import { invalid, RollcallError } from '../core/errors.js';
import type { Endpoint } from '../core/instance.js';
import type { Secret } from '../core/secret.js';
import { defaultRegistry } from '../registry/default.js';
import type { Abortable } from '../registry/options.js';
import type { Registration } from '../registry/registration.js';
import type { Registry } from '../registry/registry.js';
import { announceStdio } from './announce-stdio.js';
import { type AnnouncedEntry, nameOf, refuseEndpoints } from './announced-entry.js';
import { endpointOf } from './endpoint.js';
import { Guard, type GuardOptions, isToken, tokenMessage } from './guard.js';
import { type Introduced, introductionOf, isIntroduced } from './introduction.js';

/** The SDK's transport over stdio, v1 or v2; as much of it as is used. */
export interface StdioTransport {
  start(): Promise<void>;
  send(message: never): Promise<void>;
  onclose?: (() => void) | undefined;
}

/** A server of node:http or node:https, or what has one: Fastify's app. Or a transport over stdio. */
export type Listener = Server | { readonly server: Server } | StdioTransport;

export interface AnnounceOptions extends GuardOptions, Abortable {
  /** The MCP server that answers there: its name, title, version and capabilities are filled in. */
  readonly mcp?: Introduced | undefined;
  /** `/mcp` unless given. */
  readonly path?: string | undefined;
  /** `streamable-http` unless given. */
  readonly type?: Endpoint['type'] | undefined;
  /** Versions of the protocol, newest first. */
  readonly supportedProtocolVersions?: readonly string[] | undefined;
  /** Makes a token, or takes this one, and puts it into the entry as a secret header. The guard asks for it. */
  readonly token?: boolean | string | undefined;
  /** The default one unless given. */
  readonly registry?: Registry | undefined;
}

/** A server that is known. */
export class Announcement implements AsyncDisposable {
  readonly registration: Registration;
  readonly guard: Guard;

  constructor(registration: Registration, guard: Guard) {
    this.registration = registration;
    this.guard = guard;
  }

  get token(): Secret | undefined {
    return this.guard.token;
  }

  /** Takes the entry away; the server goes on. `server.close()` does this by itself. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.registration.deregister();
  }
}

/**
 * What `announce` gives at once: the guard, to be put before the server's requests while it is not yet known. Awaited, it
 * is the {@link Announcement}.
 */
export class Announcing implements PromiseLike<Announcement> {
  readonly guard: Guard;
  readonly #announced: Promise<Announcement>;
  #isAwaited = false;

  /** What goes wrong is reported if nobody awaits it. */
  constructor(guard: Guard, announced: Promise<Announcement>, report: (error: unknown) => void) {
    this.guard = guard;
    this.#announced = announced;
    // Whoever awaits it does so at once, or a little later.
    announced.catch((error) => setImmediate(() => void (this.#isAwaited || report(error))));
  }

  get token(): Secret | undefined {
    return this.guard.token;
  }

  // biome-ignore lint/suspicious/noThenProperty: that it can be awaited is what it is for
  then<A = Announcement, B = never>(
    done?: ((announcement: Announcement) => A | PromiseLike<A>) | null,
    failed?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#isAwaited = true;
    return this.#announced.then(done, failed);
  }
}

const checkOptions = fields({
  mcp: check((isRight) => isRight === true, 'must be a server, or what makes one'),
  path: text,
  type: text,
  supportedProtocolVersions: list(text, 0, mostEndpoints),
  token: check((value) => typeof value === 'boolean' || isToken(value), tokenMessage),
  hosts: list(text, 0, 1_000),
  origins: list(text, 0, 1_000),
  registry: anything,
  signal: anything,
});

/**
 * Registers the server as soon as it listens, with the address that it really has. Before it closes it is said to drain,
 * and its entry is taken away.
 *
 * ```ts
 * const { guard } = announce(server, { name: 'weather' }, { token: true });
 * app.use(guard.handle);
 * ```
 *
 * @throws ROLLCALL_INVALID, ROLLCALL_STORE, when awaited; and what the server fails to listen with.
 */
export function announce(listener: Listener, entry: AnnouncedEntry = {}, options: AnnounceOptions = {}): Announcing {
  // Of what is large only whether it is right.
  const small = { ...options, mcp: isIntroduced(options.mcp), registry: undefined, signal: undefined };
  pass(checkOptions, small, 'The options of announce');
  refuseEndpoints(entry);
  const guard = new Guard(options);
  const announced = isStdio(listener)
    ? registerStdio(listener, entry, options).then((registration) => new Announcement(registration, guard))
    : register(listener, entry, options, guard);
  return new Announcing(guard, announced, (error) => (options.registry ?? defaultRegistry()).report(error));
}

async function register(
  listener: Listener,
  entry: AnnouncedEntry,
  { mcp, path = '/mcp', type = 'streamable-http', supportedProtocolVersions, signal, ...options }: AnnounceOptions,
  guard: Guard,
): Promise<Announcement> {
  const server = serverOf(listener);
  const registry = options.registry ?? defaultRegistry();
  if (!server.listening) await listening(server, signal);
  const introduced = await introductionOf(mcp);
  const name = nameOf(entry, introduced);
  const endpoint: Endpoint = {
    ...endpointOf(server, type, path),
    supportedProtocolVersions,
    headers:
      guard.token === undefined
        ? undefined
        : [{ name: 'Authorization', value: `Bearer ${guard.token.reveal()}`, isSecret: true }],
  };
  const registration = await registry.register(
    { kind: 'mcp', ...introduced, ...entry, name, endpoints: [withoutUndefined(endpoint)] },
    { signal },
  );
  leaveFirst(server, registration, registry);
  if (guard.token !== undefined) expectGuarded(server, guard, registry);
  return new Announcement(registration, guard);
}

async function listening(server: Server, signal: AbortSignal | undefined): Promise<void> {
  try {
    await once(server, 'listening', { signal });
  } catch (error) {
    // Node wraps the reason in an error of its own.
    signal?.throwIfAborted();
    throw error;
  }
}

function serverOf(listener: Listener): Server {
  const server = isObject(listener) && 'server' in listener ? listener.server : (listener as Server);
  if (typeof server?.on === 'function' && typeof server.address === 'function') return server;
  const message = isTransport(listener)
    ? 'must be the server of node:http that gives the transport its requests: it knows where that listens'
    : 'must be a server of node:http, or what has one as `server`; of Express, what `app.listen` gives';
  throw invalid('The announcement', [{ path: 'server', message }]);
}

const isObject = (listener: unknown): listener is object => typeof listener === 'object' && listener !== null;

const isTransport = (listener: unknown): listener is StdioTransport =>
  isObject(listener) && 'send' in listener && 'start' in listener;

/** Those over HTTP are handed requests. */
const isStdio = (listener: unknown): listener is StdioTransport =>
  isTransport(listener) && !('handleRequest' in listener) && !('handlePostMessage' in listener);

/** It is known as long as the transport is open. */
async function registerStdio(
  transport: StdioTransport,
  entry: AnnouncedEntry,
  { mcp, registry = defaultRegistry() }: AnnounceOptions,
): Promise<Registration> {
  const announced = announceStdio(entry, { mcp, registry });
  const { onclose } = transport;
  transport.onclose = () => {
    onclose?.();
    void announced[Symbol.asyncDispose]();
  };
  const registration = await announced.registered;
  if (registration !== undefined) return registration;
  throw new RollcallError('ROLLCALL_CLOSED', 'The transport was closed before the server was registered.', {});
}

/** A token that nobody is asked for protects nothing: whoever forgets the guard, or puts it behind the routes, is told. */
function expectGuarded(server: Server, guard: Guard, registry: Registry): void {
  const look = (_: unknown, response: { once(event: 'close', listener: () => void): unknown; statusCode: number }) =>
    response.once('close', () => {
      if (guard.hasLooked) server.off('request', look);
      if (guard.hasLooked || response.statusCode >= 400) return;
      server.off('request', look);
      const message = 'was answered that the guard has not seen; put guard.handle before the routes (app.use, hooks)';
      registry.report(
        invalid('The announcement', [{ path: 'token', message: `is asked of nobody: a request ${message}` }]),
      );
    });
  server.on('request', look);
}

/** Whoever closes the server closes it after its entry is gone: no entry points at a port that is not open. */
function leaveFirst(server: Server, registration: Registration, registry: Registry): void {
  const close = server.close;
  const leave = async () => {
    try {
      await registration.update({ status: 'draining' });
    } catch {
      // Gone already, or it cannot be written; then it cannot be removed, either, and that is told.
    }
    await registration.deregister().catch((error) => registry.report(error));
  };
  server.close = function (this: Server, ...args: Parameters<Server['close']>) {
    server.close = close;
    void leave().then(() => close.apply(server, args));
    return server;
  };
  // However it was closed: by `closeAllConnections` and an error, say.
  server.once('close', () => void leave());
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}
