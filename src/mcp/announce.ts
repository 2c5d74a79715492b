/** One call makes a listening server known, and takes its entry away before it closes. */

import { once } from 'node:events';
import type { Server } from 'node:net';
import { invalid } from '../core/errors.js';
import type { Endpoint, RegistrationInput } from '../core/instance.js';
import type { Secret } from '../core/secret.js';
import { defaultRegistry } from '../registry/default.js';
import type { Abortable } from '../registry/options.js';
import type { Registration } from '../registry/registration.js';
import type { Registry } from '../registry/registry.js';
import { endpointOf } from './endpoint.js';
import { Guard, type GuardOptions } from './guard.js';
import { introductionOf } from './introduction.js';

/** A server of node:http or node:https, or what has one: Fastify's app. */
export type Listener = Server | { readonly server: Server };

/** What is said of the server beside its address. */
export interface AnnouncedEntry extends Omit<RegistrationInput, 'name' | 'endpoints'> {
  /** That of the MCP server, unless given. */
  readonly name?: string | undefined;
}

export interface AnnounceOptions extends GuardOptions, Abortable {
  /** The MCP server that answers there: its name, title, version and capabilities are filled in. */
  readonly mcp?: object | undefined;
  /** `/mcp` unless given. */
  readonly path?: string | undefined;
  /** `streamable-http` unless given. */
  readonly type?: string | undefined;
  /** Versions of the protocol, newest first. */
  readonly supportedProtocolVersions?: readonly string[] | undefined;
  /** Makes a token, and puts it into the entry as a secret header. The guard asks for it. */
  readonly token?: boolean | undefined;
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
    announced.catch((error) => {
      if (!this.#isAwaited) report(error);
    });
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
  const guard = new Guard(options);
  const announced = register(listener, entry, options, guard);
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
  const introduced = introductionOf(mcp);
  const name = entry.name ?? introduced.name;
  if (name === undefined) {
    throw invalid('The announcement', [{ path: 'name', message: 'must be given, or `mcp`, a server that has one' }]);
  }
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
  const server = 'server' in listener ? listener.server : listener;
  if (typeof server?.on === 'function' && typeof server.address === 'function') return server;
  const message = 'must be a server of node:http, or what has one as `server`; of Express, what `app.listen` gives';
  throw invalid('The announcement', [{ path: 'server', message }]);
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
