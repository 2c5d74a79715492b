/** One server as a host sees it through the hub: its own names are translated, so that both can be compared. */

import type { CompleteRequest, Tool } from '@modelcontextprotocol/client';
import type { CallOptions, McpClient } from './mcp-client.js';
import type { Served } from './serves.js';

/** Without what the hub adds. */
export function withoutMark<T extends object>(value: T): T {
  const { _meta, ...rest } = value as { _meta?: Record<string, unknown> };
  const { 'rollcall/instance': _, ...kept } = _meta ?? {};
  return { ...rest, ...(Object.keys(kept).length > 0 && { _meta: kept }) } as T;
}

export const markOf = (value: object): unknown =>
  (value as { _meta?: Record<string, unknown> })._meta?.['rollcall/instance'];

export class ThroughHub implements Served {
  constructor(
    private readonly host: McpClient,
    private readonly label: string,
  ) {}

  get asked() {
    return this.host.asked;
  }

  get heard() {
    return this.host.heard;
  }

  count(method: string): number {
    return this.host.count(method);
  }

  /** What they are called by the server, from what the hub says of them. */
  async names(): Promise<Map<string, string>> {
    const { structuredContent } = await this.host.callTool('rollcall_tools', { instance: this.label });
    const { tools } = structuredContent as { tools: { name: string; direct: string }[] };
    return new Map(tools.map(({ name, direct }) => [name, direct]));
  }

  async listTools(): Promise<Tool[]> {
    const originals = new Map([...(await this.names())].map(([name, direct]) => [direct, name]));
    return (await this.host.listTools())
      .filter(({ name }) => originals.has(name))
      .map((tool) => withoutMark({ ...tool, name: originals.get(tool.name) ?? '' }));
  }

  async callTool(name: string, args: Record<string, unknown> = {}, options: CallOptions = {}) {
    const direct = (await this.names()).get(name);
    if (direct === undefined) throw new Error(`The hub has no ${name} of ${this.label}`);
    return withoutMark(await this.host.callTool(direct, args, options));
  }

  async say(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<string> {
    const direct = (await this.names()).get(name);
    return this.host.say(direct ?? name, args, options);
  }

  async listResources() {
    return (await this.host.listResources())
      .filter(({ uri }) => uri.startsWith(this.uri('')))
      .map((each) => withoutMark({ ...each, uri: each.uri.slice(this.uri('').length) }));
  }

  async listResourceTemplates() {
    return (await this.host.listResourceTemplates())
      .filter(({ uriTemplate }) => uriTemplate.startsWith(this.uri('')))
      .map((each) => withoutMark({ ...each, uriTemplate: each.uriTemplate.slice(this.uri('').length) }));
  }

  async readResource(uri: string) {
    return withoutMark(await this.host.readResource(this.uri(uri)));
  }

  async listPrompts() {
    return (await this.host.listPrompts())
      .filter(({ name }) => name.startsWith(`${this.label}__`))
      .map((each) => withoutMark({ ...each, name: each.name.slice(this.label.length + 2) }));
  }

  async getPrompt(name: string, args?: Record<string, string>) {
    return withoutMark(await this.host.getPrompt(`${this.label}__${name}`, args));
  }

  async complete({ ref, argument }: CompleteRequest['params']) {
    const there =
      ref.type === 'ref/prompt' ? { ...ref, name: `${this.label}__${ref.name}` } : { ...ref, uri: this.uri(ref.uri) };
    return withoutMark(await this.host.complete({ ref: there, argument }));
  }

  setLevel(level: Parameters<McpClient['setLevel']>[0]): Promise<void> {
    return this.host.setLevel(level);
  }

  subscribe(uri: string): Promise<void> {
    return this.host.subscribe(this.uri(uri));
  }

  unsubscribe(uri: string): Promise<void> {
    return this.host.unsubscribe(this.uri(uri));
  }

  private uri(uri: string): string {
    return `rollcall://${this.label}/${uri}`;
  }
}
