/** Connections to MCP servers that are kept, one to each instance, with the tools it has. */

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Instance } from '../core/instance.js';
import type { Client, Tool } from '../mcp/client.js';
import { dial, type Line, transportFor } from '../mcp/dial.js';
import type { Onlooker } from '../mcp/fetch.js';
import { isForgotten } from '../mcp/forgotten.js';
import { loadSdk } from '../mcp/sdk.js';
import { isSamePlace } from '../mcp/service.js';
import { isUndelivered } from '../mcp/unreachable.js';
import { requireWay } from '../mcp/way.js';
import type { Registry } from '../registry/registry.js';
import type { Watcher } from '../registry/watcher.js';

/** Before calls under way over a connection that leads nowhere any more are given up, in ms: each may hear why itself. */
const grace = 100;

/** The most tools that are taken of one server. */
const mostTools = 10_000;

/** A schema that takes anything as it came: one tool that is not as it should be is no reason to know none. */
const asItIs = {
  '~standard': { version: 1, vendor: 'rollcall', validate: (value: unknown) => ({ value }) },
} as const;

/** What became of the messages of one call. */
export interface Dispatch {
  /** Nobody took it: refused at the door, or by a server that does not know the session. */
  wasRefused: boolean;
  /** Somebody took a message, or may have. */
  mayBeTaken: boolean;
}

/** Which call a request is sent for: the SDK does not say. */
const current = new AsyncLocalStorage<Dispatch>();

/** One connected client. */
export class ToolLine {
  readonly instance: Instance;
  readonly client: Client;
  readonly #line: Line;
  #tools: Promise<ReadonlyMap<string, Tool>> | undefined;
  #isListening = false;

  constructor(instance: Instance, client: Client, line: Line) {
    this.instance = instance;
    this.client = client;
    this.#line = line;
    client.setNotificationHandler('notifications/tools/list_changed', () => this.#forget());
  }

  /** By name. Asked once, and again after it said that they have changed. */
  tools(timeout: number): Promise<ReadonlyMap<string, Tool>> {
    // Not part of the call that made it necessary.
    this.#tools ??= current.exit(() => this.#list(timeout));
    const asked = this.#tools;
    asked.catch(() => {
      if (this.#tools === asked) this.#forget();
    });
    return asked;
  }

  /** Runs `act`, and notes what becomes of its messages. */
  watch<T>(dispatch: Dispatch, act: () => Promise<T>): Promise<T> {
    return current.run(dispatch, act);
  }

  hangUp(): Promise<void> {
    return this.#line.hangUp();
  }

  #forget(): void {
    this.#tools = undefined;
  }

  async #list(timeout: number): Promise<ReadonlyMap<string, Tool>> {
    const { tools } = this.client.getServerCapabilities() ?? {};
    if (tools === undefined) return new Map();
    if (tools.listChanged === true) await this.#listen();
    const found = new Map<string, Tool>();
    let cursor: unknown;
    do {
      const params = cursor === undefined ? {} : { cursor };
      const page = (await this.client.request({ method: 'tools/list', params }, asItIs, { timeout })) as Record<
        string,
        unknown
      >;
      const listed = Array.isArray(page.tools) ? (page.tools as unknown[]) : [];
      for (const tool of listed) if (isTool(tool) && !found.has(tool.name)) found.set(tool.name, tool);
      // One that does not move would go on for ever.
      cursor = page.nextCursor === cursor || listed.length === 0 ? undefined : page.nextCursor;
    } while (typeof cursor === 'string' && cursor !== '' && found.size < mostTools);
    return found;
  }

  /** A server of 2026 tells of changes only to those who listen. */
  async #listen(): Promise<void> {
    if (this.#isListening || this.client.getProtocolEra() !== 'modern') return;
    try {
      const subscription = await this.client.listen({ toolsListChanged: true });
      this.#isListening = true;
      // What has changed since is asked for when it is needed next.
      void subscription.closed.finally(() => {
        this.#isListening = false;
        this.#forget();
      });
    } catch {
      // It does not let us listen: its tools are as they are now.
    }
  }
}

const isTool = (tool: unknown): tool is Tool => typeof (tool as { name?: unknown } | null)?.name === 'string';

interface Kept {
  readonly instance: Instance;
  readonly line: Promise<ToolLine>;
  /** It leads nowhere any more. */
  isLost: boolean;
}

/** Shared by all calls at the same time. */
export class ToolLines {
  readonly #registry: Registry;
  readonly #kept = new Map<string, Kept>();
  readonly #ending = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  #watcher: Watcher | undefined;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /**
   * The connection to this instance, as it is or newly made within `timeout` ms.
   *
   * @throws ROLLCALL_UNREACHABLE with the reason; ROLLCALL_INVALID if the SDK is not installed.
   */
  to(instance: Instance, timeout: number): Promise<ToolLine> {
    const known = this.#kept.get(instance.id);
    if (known !== undefined && isSamePlace(known.instance, instance)) return known.line;
    if (known !== undefined) this.#drop(known);
    this.#watch();
    const kept: Kept = {
      instance,
      // It outlives the call that made it necessary.
      line: current.exit(() => this.#connect(instance, timeout, () => this.#lose(kept))),
      isLost: false,
    };
    this.#kept.set(instance.id, kept);
    kept.line.catch(() => this.#drop(kept));
    return kept.line;
  }

  async close(): Promise<void> {
    this.#closing.abort(new DOMException('The router has been closed.', 'AbortError'));
    for (const kept of this.#kept.values()) this.#drop(kept);
    await Promise.all([this.#watcher?.close(), ...this.#ending]);
  }

  async #connect(instance: Instance, timeout: number, lost: () => void): Promise<ToolLine> {
    const sdk = await loadSdk();
    const { signal } = this.#closing;
    signal.throwIfAborted();
    const client = new sdk.Client({ name: 'rollcall', version: '1' }, { versionNegotiation: { mode: 'auto' } });
    // Streams that end, and attempts to open them again: whoever waits for an answer is told.
    client.onerror = () => {};
    const transport = transportFor(sdk, requireWay(instance), onlooker(lost));
    const line = await dial(client, transport, instance, { signal, timeout });
    client.onclose = lost;
    return new ToolLine(instance, client, line);
  }

  /** Whoever comes next gets another; those who wait for an answer may hear at the same moment what became of it. */
  #lose(kept: Kept): void {
    if (kept.isLost) return;
    kept.isLost = true;
    if (this.#kept.get(kept.instance.id) === kept) this.#kept.delete(kept.instance.id);
    this.#registry.clock.after(grace, () => this.#hangUp(kept));
  }

  #drop(kept: Kept): void {
    kept.isLost = true;
    if (this.#kept.get(kept.instance.id) === kept) this.#kept.delete(kept.instance.id);
    this.#hangUp(kept);
  }

  #hangUp({ line }: Kept): void {
    const ending = line.then(
      (open) => open.hangUp(),
      () => {},
    );
    this.#ending.add(ending);
    void ending.finally(() => this.#ending.delete(ending));
  }

  /** One that is killed closes nothing over HTTP: only the registry tells. */
  #watch(): void {
    if (this.#watcher !== undefined) return;
    this.#watcher = this.#registry.watch();
    this.#watcher.on('remove', ({ id }) => {
      const kept = this.#kept.get(id);
      if (kept !== undefined) this.#drop(kept);
    });
    this.#watcher.on('error', (error) => this.#registry.report(error));
  }
}

const onlooker = (lost: () => void): Onlooker => ({
  answered(request, status, refusal) {
    const dispatch = current.getStore();
    if (isForgotten(request, status, refusal)) {
      if (dispatch !== undefined) dispatch.wasRefused = true;
      lost();
    } else if (dispatch !== undefined && request.method === 'POST') {
      dispatch.mayBeTaken = true;
    }
  },
  failed(request, error) {
    const dispatch = current.getStore();
    const isRefused = isUndelivered(error);
    if (dispatch !== undefined && request.method === 'POST') {
      if (isRefused) dispatch.wasRefused = true;
      else dispatch.mayBeTaken = true;
    }
    if (isRefused) lost();
  },
});
