/** Clients of both MCP SDKs, with one face: what they say can be compared. */

import {
  type CallToolResult,
  Client,
  type CompleteRequest,
  type CompleteResult,
  type ElicitResult,
  type GetPromptResult,
  LOG_LEVEL_META_KEY,
  type LoggingLevel,
  type Prompt,
  type ReadResourceResult,
  type RequestOptions,
  type Resource,
  type ResourceTemplateType,
  type Tool,
  type Transport,
} from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import type { Transport as TransportV1 } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CallToolResultSchema,
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { onTestFinished } from 'vitest';

/** SDK v1; SDK v2 that prefers the protocol of 2026; SDK v2 as it is by default, of the era before. */
export const kinds = ['v1', 'v2', 'v2-legacy'] as const;
export type Kind = (typeof kinds)[number];

/** What the user answers: a text that is accepted, or a whole result. */
export type Answer = string | ElicitResult;

export interface McpClientOptions {
  /** Of the user: one after the other, then declines; or as they are asked. `false`: nobody can be asked. */
  readonly elicit?: readonly Answer[] | ((params: { message: string }) => Answer | Promise<Answer>) | false;
  /** Of the model, `sampled: <prompt>` unless given. `false`: there is none. */
  readonly sample?: ((prompt: string) => string | Promise<string>) | false;
  /** `false`: has none. */
  readonly roots?: readonly { uri: string; name?: string }[] | false;
  /** `false`: does not ask a server of 2026 to be told what changes. */
  readonly listen?: boolean;
}

export interface CallOptions
  extends Pick<RequestOptions, 'onprogress' | 'signal' | 'timeout' | 'resetTimeoutOnProgress'> {
  readonly meta?: Record<string, unknown>;
}

/** What came without having been asked for. */
export interface Heard {
  readonly method: string;
  readonly params?: Record<string, unknown>;
}

type Page<K extends string, T> = { readonly [key in K]: T[] } & { readonly nextCursor?: string };

export class McpClient implements AsyncDisposable {
  /** Of either SDK; their methods that are used here take the same. */
  readonly client: Client;
  /** All notifications in their order, but progress. */
  readonly heard: Heard[] = [];
  /** What the user, the model and the roots were asked. */
  readonly asked: { readonly method: string; readonly params?: Record<string, unknown> }[] = [];
  readonly errors: Error[] = [];
  isClosed = false;
  #level: LoggingLevel | undefined;
  readonly #subscriptions = new Map<string, { close(): Promise<void> }>();

  constructor(
    readonly kind: Kind,
    private readonly options: McpClientOptions = {},
  ) {
    const { elicit, sample, roots } = options;
    const capabilities = {
      ...(elicit === false ? {} : { elicitation: { form: {} } }),
      ...(sample === false ? {} : { sampling: {} }),
      ...(roots === false ? {} : { roots: { listChanged: true } }),
    };
    const about = { name: `test-${kind}`, version: '1.0.0' };
    if (kind === 'v1') {
      const client = new ClientV1(about, { capabilities });
      if (elicit !== false) client.setRequestHandler(ElicitRequestSchema, (request) => this.#elicit(request));
      if (sample !== false) client.setRequestHandler(CreateMessageRequestSchema, (request) => this.#sample(request));
      if (roots !== false) client.setRequestHandler(ListRootsRequestSchema, (request) => this.#roots(request));
      this.client = client as unknown as Client;
    } else {
      const mode = kind === 'v2' ? 'auto' : 'legacy';
      const client = new Client(about, { capabilities, versionNegotiation: { mode } });
      if (elicit !== false) client.setRequestHandler('elicitation/create', (request) => this.#elicit(request));
      if (sample !== false) client.setRequestHandler('sampling/createMessage', (request) => this.#sample(request));
      if (roots !== false) client.setRequestHandler('roots/list', (request) => this.#roots(request));
      this.client = client;
    }
    this.client.fallbackNotificationHandler = async (notification) => void this.heard.push(notification as Heard);
    this.client.onerror = (error) => void this.errors.push(error);
    this.client.onclose = () => {
      this.isClosed = true;
    };
  }

  /** Closed when the running test ends. */
  async connect(transport: Transport | TransportV1, options: Pick<RequestOptions, 'timeout'> = {}): Promise<this> {
    onTestFinished(() => this.close());
    await this.client.connect(transport as Transport, options);
    if (this.isModern && this.options.listen !== false) {
      await this.client.listen({ toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true });
    }
    return this;
  }

  /** Whether it speaks the protocol of 2026 with its server. */
  get isModern(): boolean {
    return this.kind === 'v2' && this.client.getProtocolEra() === 'modern';
  }

  /** How many notifications of a method have come: `count('notifications/tools/list_changed')`. */
  count(method: string): number {
    return this.heard.filter((each) => each.method === method).length;
  }

  /** All pages, never from a cache. */
  listTools(): Promise<Tool[]> {
    return this.#all('tools', (cursor) => this.client.listTools(cursor, { cacheMode: 'refresh' }));
  }

  listResources(): Promise<Resource[]> {
    return this.#all('resources', (cursor) => this.client.listResources(cursor, { cacheMode: 'refresh' }));
  }

  listResourceTemplates(): Promise<ResourceTemplateType[]> {
    return this.#all('resourceTemplates', (cursor) =>
      this.client.listResourceTemplates(cursor, { cacheMode: 'refresh' }),
    );
  }

  listPrompts(): Promise<Prompt[]> {
    return this.#all('prompts', (cursor) => this.client.listPrompts(cursor, { cacheMode: 'refresh' }));
  }

  callTool(name: string, args: Record<string, unknown> = {}, options: CallOptions = {}): Promise<CallToolResult> {
    const { meta, ...rest } = options;
    const level = this.isModern && this.#level ? { [LOG_LEVEL_META_KEY]: this.#level } : {};
    const _meta = { ...level, ...meta };
    const params = { name, arguments: args, ...(Object.keys(_meta).length > 0 ? { _meta } : {}) };
    if (this.kind !== 'v1') return this.client.callTool(params, rest);
    const client = this.client as unknown as ClientV1;
    return client.callTool(params, CallToolResultSchema, rest) as Promise<CallToolResult>;
  }

  /** The text of a result; of an error too. */
  async say(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<string> {
    const { content } = await this.callTool(name, args, options);
    return content.map((each) => (each.type === 'text' ? each.text : `[${each.type}]`)).join('\n');
  }

  readResource(uri: string): Promise<ReadResourceResult> {
    return this.client.readResource({ uri });
  }

  getPrompt(name: string, args?: Record<string, string>): Promise<GetPromptResult> {
    return this.client.getPrompt({ name, ...(args ? { arguments: args } : {}) });
  }

  complete(params: CompleteRequest['params']): Promise<CompleteResult> {
    return this.client.complete(params);
  }

  /** In 2026 a level is said with each call. */
  async setLevel(level: LoggingLevel): Promise<void> {
    this.#level = level;
    if (!this.isModern) await this.client.setLoggingLevel(level);
  }

  async subscribe(uri: string): Promise<void> {
    if (!this.isModern) await this.client.subscribeResource({ uri });
    else this.#subscriptions.set(uri, await this.client.listen({ resourceSubscriptions: [uri] }));
  }

  async unsubscribe(uri: string): Promise<void> {
    if (!this.isModern) await this.client.unsubscribeResource({ uri });
    else await this.#subscriptions.get(uri)?.close();
  }

  close(): Promise<void> {
    return this.client.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Of v1, page by page; v2 walks them by itself. */
  async #all<K extends string, T>(
    key: K,
    list: (cursor: { cursor: string } | undefined) => Promise<Page<K, T>>,
  ): Promise<T[]> {
    const found: T[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await list(cursor === undefined ? undefined : { cursor });
      found.push(...page[key]);
      cursor = page.nextCursor;
      if (cursor === undefined) return found;
    }
  }

  readonly #elicit = async (request: { method: string; params: object }): Promise<ElicitResult> => {
    const position = this.asked.filter(({ method }) => method === request.method).length;
    this.#note(request);
    const { elicit = [] } = this.options;
    const params = request.params as { message: string };
    const answer = typeof elicit === 'function' ? await elicit(params) : elicit ? elicit[position] : undefined;
    if (answer === undefined) return { action: 'decline' };
    return typeof answer === 'string' ? { action: 'accept', content: { answer } } : answer;
  };

  readonly #sample = async (request: { method: string; params: { messages: { content: unknown }[] } }) => {
    this.#note(request);
    const content = request.params.messages.at(-1)?.content as { text?: string } | undefined;
    const prompt = content?.text ?? '';
    const { sample = (text: string) => `sampled: ${text}` } = this.options;
    const text = sample === false ? '' : await sample(prompt);
    return { role: 'assistant' as const, model: 'test', content: { type: 'text' as const, text } };
  };

  readonly #roots = async (request: { method: string; params?: object | undefined }) => {
    this.#note(request);
    const { roots = [{ uri: 'file:///work', name: 'work' }] } = this.options;
    return { roots: roots === false ? [] : [...roots] };
  };

  #note({ method, params }: { method: string; params?: object | undefined }): void {
    this.asked.push({ method, params: { ...params } });
  }
}
