/** From a need to an answer: calls that find an instance that is well. */

import { invalid } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
import type { Query } from '../core/query.js';
import type { CallToolResult } from '../mcp/client.js';
import type { Lease } from '../registry/lease.js';
import type { Registry } from '../registry/registry.js';
import type { Staleness } from '../registry/watcher.js';
import { Balancer } from './balancer.js';
import { Breakers } from './breakers.js';
import { type AttemptContext, Call, type CallWorld, closed, type Plan } from './call.js';
import { isRefusal } from './dispatch.js';
import { Exchange, hasNoPlace, isUnsent } from './http.js';
import {
  type CallOptions,
  checkCall,
  checkRouter,
  checkStrategy,
  type RouteOptions,
  type RouteRequest,
  type RouterOptions,
  settingsOf,
  type ToolOptions,
} from './options.js';
import { Outlook, type RouterEvents } from './outlook.js';
import { Rulebook } from './rules.js';
import { Selection, type SelectionWorld } from './selection.js';
import type { ToolLines } from './tool-lines.js';

/**
 * Finds instances that can be used, and calls them, one after the other if need be.
 *
 * Left out is whoever is not `ready` (unless the query names a status), or `critical`, or suspended, or has failed five
 * calls of this router in a row (its circuit breaker is then open for 10 s, and after that one call at a time tries).
 * Whoever is `warning`, or whose health is not known, is used.
 *
 * While the registry cannot be read it goes by what it knew last of the same query, and says so by `staleness`.
 */
export class Router implements AsyncDisposable {
  readonly #options: RouterOptions;
  readonly #rules: Rulebook;
  readonly #outlook: Outlook;
  readonly #balancer: Balancer;
  readonly #world: SelectionWorld & CallWorld;
  readonly #closing = new AbortController();
  #lines: ToolLines | undefined;
  #closed: Promise<void> | undefined;

  /** For `createRouter`. */
  constructor(registry: Registry, options: RouterOptions) {
    checkRouter(options);
    const { health, weights, rules = {}, strategy } = options;
    this.#options = { ...options };
    this.#rules = new Rulebook(rules, (each) => checkStrategy(each, 'The rules of the router'));
    this.#outlook = new Outlook(registry);
    const { clock } = registry;
    const breakers = new Breakers(clock);
    this.#balancer = new Balancer(breakers, health, weights);
    const { signal: closing } = this.#closing;
    this.#world = { registry, clock, outlook: this.#outlook, balancer: this.#balancer, breakers, strategy, closing };
  }

  /** Whether it goes by what it knew last, and how old that is. */
  get staleness(): Staleness {
    return this.#outlook.staleness;
  }

  /**
   * Calls `listener` when the registry cannot be read any more (`stale`), and when it can again (`fresh`). Returns what
   * takes it back. An error it throws goes to the registry's `onError`.
   *
   * @throws ROLLCALL_INVALID if there is no such event.
   */
  on<Type extends keyof RouterEvents>(type: Type, listener: (...args: RouterEvents[Type]) => void): () => void {
    return this.#outlook.on(type, listener);
  }

  /**
   * One of the instances that match and can be used; `undefined` if there is none. As in `Registry.pick`, an `id`, or
   * `ROLLCALL_INSTANCE` in the environment, decides alone.
   *
   * @throws ROLLCALL_GONE if the instance that was named by its id is not alive.
   * @throws ROLLCALL_INVALID, ROLLCALL_STORE, ROLLCALL_CLOSED; the reason of the signal.
   */
  async pick(query?: Query, options: RouteOptions = {}): Promise<Instance | undefined> {
    this.#open();
    checkCall('pick', options);
    options.signal?.throwIfAborted();
    const selection = new Selection(this.#world, query, options, this.#rules.find(query ?? {}));
    return (await selection.choose()).chosen;
  }

  /**
   * One of `candidates`, which the caller knows of, at once: by health, circuit breaker, affinity and strategy. What has to
   * be looked up plays no part here: rules do not, of `nearest` all are as near, of `least-loaded` as loaded. Whoever is
   * not `ready` is left out. It counts for `least-connections` until the lease is given back.
   *
   * @throws ROLLCALL_INVALID, ROLLCALL_CLOSED
   */
  choose(candidates: readonly Instance[], options: { readonly affinity?: string | undefined } = {}): Lease | undefined {
    this.#open();
    checkCall('choose', options);
    return this.#balancer.lend(candidates, this.#options.strategy ?? 'newest', options.affinity);
  }

  /**
   * Calls `act` with an instance, and gives what that gives. If it throws, the attempt has failed, and it is called with
   * another instance if that is safe: if the call is `idempotent`, or if it is certain that nothing was sent, which of a
   * function is known only of ROLLCALL_UNREACHABLE, thrown because `connect` was refused by this instance. So what the
   * server answered should be returned, even if that is that it will not do it; a `ProtocolError` of the MCP SDK is such
   * an answer and is thrown as it is.
   *
   * The deadline is for the whole of it. When it passes, or the caller's signal is aborted, the signal that `act` has is
   * aborted, and the promise rejects, whatever `act` does.
   *
   * @throws ROLLCALL_UNANSWERED, which names every attempt, instance and reason; its `cause` is the last error.
   * @throws ROLLCALL_GONE, ROLLCALL_STORE, ROLLCALL_INVALID, ROLLCALL_CLOSED; the reason of the caller's signal.
   */
  async use<T>(
    query: Query | undefined,
    act: (instance: Instance, context: AttemptContext) => T | Promise<T>,
    options: CallOptions = {},
  ): Promise<T> {
    this.#open();
    checkCall('use', options);
    if (typeof act !== 'function') throw invalid('The call of use', [{ path: 'act', message: 'must be a function' }]);
    const rule = this.#rules.find(query ?? {});
    const { idempotent = false, ...settings } = settingsOf(options, rule?.rule, this.#options);
    const selection = new Selection(this.#world, query, options, rule);
    return this.#make<T>({
      ...settings,
      idempotent,
      query: query ?? {},
      signal: options.signal,
      choose: (avoid) => selection.choose(avoid),
      leftOut: () => selection.leftOut(),
      run: async (instance, context) => act(instance, context),
      isUnsent: (error, { id }) => isRefusal(error, id),
    });
  }

  /**
   * Sends a request over HTTP to the first endpoint for that of an instance, with the headers of its entry, and gives the
   * response, whatever its status. Redirects are not followed; nothing goes to another origin.
   *
   * GET, HEAD, OPTIONS, PUT and DELETE are `idempotent` unless said otherwise (RFC 9110, 9.2.2); others are sent again only
   * if nobody accepted the connection. For what is idempotent 502, 503 and 504 are failed attempts; the last such response
   * is given if there is no better one. The deadline holds until the headers have come; the body is the caller's, at most
   * 64 MiB of it. `signal` ends that, too.
   *
   * @throws as `use` does; ROLLCALL_INVALID if `path` leads to another origin.
   */
  async fetch(query: Query | undefined, path: string, init: RouteRequest = {}): Promise<Response> {
    this.#open();
    checkCall('fetch', init);
    const rule = this.#rules.find(query ?? {});
    const { idempotent, ...settings } = settingsOf(init, rule?.rule, this.#options);
    const exchange = new Exchange(path, init, idempotent);
    const selection = new Selection(this.#world, query, init, rule, hasNoPlace);
    const making = this.#make<Response>({
      ...settings,
      idempotent: idempotent ?? exchange.isIdempotent,
      query: query ?? {},
      what: `${exchange.method} ${path}`,
      signal: init.signal,
      choose: (avoid) => selection.choose(avoid),
      leftOut: () => selection.leftOut(),
      run: (instance, context) => exchange.send(instance, context),
      isUnsent,
    });
    return exchange.conclude(making);
  }

  /**
   * Calls a tool of an MCP server, whichever has it: those whose entry has a capability of this name are asked first, then
   * those whose name it begins with, then all others. `weather.current` is also the tool `current` of an instance called
   * `weather`, if that has no `weather.current`. A result with `isError` is an answer and is given; so is an error that the
   * server answers with (`ProtocolError`), which is thrown as it is.
   *
   * Connections are kept, one for each instance, until that is gone or the router is closed; an open one may keep the
   * process alive. A call is made again elsewhere if nobody took it: it could not be connected to, or does not know the
   * session. One that breaks off is made again only if it is `idempotent`. What the tool says of itself
   * (`idempotentHint`, `readOnlyHint`) is not believed: by the specification those are hints, from whoever wrote the server.
   *
   * Needs `@modelcontextprotocol/client`, version 2.
   *
   * @throws as `use` does.
   */
  async callTool(name: string, args: Record<string, unknown> = {}, options: ToolOptions = {}): Promise<CallToolResult> {
    this.#open();
    checkCall('callTool', options);
    if (typeof name !== 'string' || name === '') {
      throw invalid('The call of callTool', [{ path: 'name', message: 'must be a string that is not empty' }]);
    }
    // Loaded on first use: most callers need only one of them.
    const [{ ToolCall }, { ToolLines }] = await Promise.all([import('./tools.js'), import('./tool-lines.js')]);
    this.#open();
    this.#lines ??= new ToolLines(this.#world.registry);
    const rule = this.#rules.find(options.query ?? {}, name);
    const { idempotent = false, ...settings } = settingsOf(options, rule?.rule, this.#options);
    const timeout = settings.timeout / settings.attempts;
    const tool = new ToolCall(this.#world, this.#lines, { name, args, options, rule, timeout });
    return this.#make<CallToolResult>({
      ...settings,
      idempotent,
      query: options.query ?? {},
      what: name,
      signal: options.signal,
      choose: (avoid, signal) => tool.choose(avoid, signal),
      leftOut: () => tool.leftOut(),
      run: (instance, context) => tool.run(instance, context),
      isUnsent: (error) => tool.isUnsent(error),
      isMischoice: (error) => tool.isMischoice(error),
    });
  }

  /** Closes the connections. Calls under way, and later ones, reject with ROLLCALL_CLOSED. The registry stays open. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.#closing.abort(closed());
    this.#outlook.close();
    await this.#lines?.close();
  }

  #make<T>(plan: Plan<T>): Promise<T> {
    return new Call(plan, this.#world).make();
  }

  #open(): void {
    if (this.#closing.signal.aborted) throw closed();
  }
}

/**
 * Makes a router over a registry, which stays the caller's. Making it does nothing; what it needs is loaded on first use.
 *
 * @throws ROLLCALL_INVALID if the options are not valid.
 */
export function createRouter(registry: Registry, options: RouterOptions = {}): Router {
  return new Router(registry, options);
}
