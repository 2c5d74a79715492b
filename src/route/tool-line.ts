/** A connection to one MCP server, with the tools it has. */

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Instance } from '../core/instance.js';
import { asItIs } from '../mcp/as-it-is.js';
import type { Client, Tool } from '../mcp/client.js';
import type { Delivery } from '../mcp/delivery.js';
import type { Line } from '../mcp/dial.js';

/** The most tools that are taken of one server, and the most pages. */
const mostTools = 10_000;
const mostPages = 100;

/** How long a server may take to let us listen for changes, before it is asked for its tools all the same, in ms. */
const hearing = 500;

/** Which call a request is sent for: the SDK does not say. */
export const current = new AsyncLocalStorage<Delivery>();

/** One connected client. */
export class ToolLine {
  readonly instance: Instance;
  readonly client: Client;
  readonly #line: Line;
  #tools: Promise<ReadonlyMap<string, Tool>> | undefined;
  #isListening = false;
  /** Calls under way. */
  #calls = 0;
  #idle = () => {};

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
  async watch<T>(delivery: Delivery, act: () => Promise<T>): Promise<T> {
    this.#calls++;
    try {
      return await current.run(delivery, act);
    } finally {
      this.#calls--;
      if (this.#calls === 0) this.#idle();
    }
  }

  /** Resolves when no call is under way. */
  async rest(): Promise<void> {
    if (this.#calls > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
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
    const until = performance.now() + timeout;
    const found = new Map<string, Tool>();
    let cursor: unknown;
    for (let page = 1; page <= mostPages && found.size < mostTools; page++) {
      const params = cursor === undefined ? {} : { cursor };
      const left = { timeout: Math.max(1, until - performance.now()) };
      const answer = (await this.client.request({ method: 'tools/list', params }, asItIs, left)) as Answer;
      const before = found.size;
      const listed = Array.isArray(answer.tools) ? (answer.tools as unknown[]) : [];
      for (const tool of listed) if (isTool(tool) && !found.has(tool.name)) found.set(tool.name, tool);
      // One that brings nothing new would go on for ever.
      cursor = found.size === before ? undefined : answer.nextCursor;
      if (typeof cursor !== 'string' || cursor === '') break;
    }
    return found;
  }

  /** A server of 2026 tells of changes only to those who listen. */
  async #listen(): Promise<void> {
    if (this.#isListening || this.client.getProtocolEra() !== 'modern') return;
    this.#isListening = true;
    let isLate = false;
    const listening = this.client.listen({ toolsListChanged: true }).then(
      (subscription) => {
        // What was asked for before it listened may have changed since.
        if (isLate) this.#forget();
        // What changes from then on is asked for when it is needed next.
        void subscription.closed.finally(() => {
          this.#isListening = false;
          this.#forget();
        });
      },
      () => {
        // It does not let us listen: its tools are as they are now.
        this.#isListening = false;
      },
    );
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        isLate = true;
        resolve();
      }, hearing);
    });
    await Promise.race([listening, late]);
    clearTimeout(timer);
  }
}

/** A page of the list. */
interface Answer {
  readonly tools?: unknown;
  readonly nextCursor?: unknown;
}

const isTool = (tool: unknown): tool is Tool => typeof (tool as { name?: unknown } | null)?.name === 'string';
