/** What an MCP server of the official SDKs, v1 or v2, says of itself. */

import { invalid } from '../core/errors.js';

/** As much of it as is known. */
export interface Introduction {
  readonly name?: string;
  readonly title?: string;
  readonly version?: string;
  readonly description?: string;
  readonly mcp?: { readonly capabilities: Record<string, unknown> };
}

/**
 * The MCP server itself (`McpServer`, or the `Server` within), or what makes one for each request or connection, as
 * `createMcpHandler` and `serveStdio` take it: it is called once more, for this.
 */
export type Introduced = object | ((context: never) => object | Promise<object>);

export const isIntroduced = (mcp: unknown): boolean =>
  mcp === undefined || typeof mcp === 'function' || (typeof mcp === 'object' && mcp !== null);

/**
 * The SDKs keep what a server is called to themselves until a client asks, so that is looked at with care, and left out
 * where it is not what is expected.
 *
 * @throws ROLLCALL_INVALID if nothing can be found out: it is something else.
 */
export async function introductionOf(mcp: Introduced | undefined): Promise<Introduction> {
  if (mcp === undefined) return {};
  const server = typeof mcp === 'function' ? await mcp({ era: 'modern' } as never) : mcp;
  const inner = fieldOf(server, 'server') ?? server;
  const info = fieldOf(inner, '_serverInfo');
  if (info === undefined) {
    const message = 'must be an McpServer of the official SDK, or what makes one: (context) => new McpServer(…)';
    throw invalid('The announcement', [{ path: 'mcp', message }]);
  }
  const capabilities = capabilitiesOf(inner);
  const { name, title } = { ...textOf(info, 'name'), ...textOf(info, 'title') };
  const legal = name && legalName(name);
  // One that it cannot be registered under is still what people know it by.
  const shown = title ?? (legal === name ? undefined : name);
  return {
    ...(legal !== undefined && { name: legal }),
    ...(shown !== undefined && { title: shown }),
    ...textOf(info, 'version'),
    ...textOf(info, 'description'),
    ...(capabilities !== undefined && { mcp: { capabilities } }),
  };
}

/** `@acme/thing` and `My Server` are names to MCP, and none to a registry: `acme-thing`, `My-Server`. */
function legalName(name: string): string | undefined {
  const legal = name.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 64);
  return legal.replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '') || undefined;
}

function capabilitiesOf(server: object): Record<string, unknown> | undefined {
  const { getCapabilities } = server as { getCapabilities?: unknown };
  const told: unknown = typeof getCapabilities === 'function' ? getCapabilities.call(server) : undefined;
  const found = typeof told === 'object' && told !== null ? told : fieldOf(server, '_capabilities');
  // A copy, as JSON: what it becomes later is another matter.
  return found === undefined ? undefined : (JSON.parse(JSON.stringify(found)) as Record<string, unknown>);
}

function fieldOf(value: object | undefined, name: string): object | undefined {
  const field: unknown = (value as Record<string, unknown> | undefined)?.[name];
  return typeof field === 'object' && field !== null ? field : undefined;
}

function textOf<Name extends string>(value: object | undefined, name: Name): { [Key in Name]?: string } {
  const text: unknown = (value as Record<string, unknown> | undefined)?.[name];
  return (typeof text === 'string' && text !== '' ? { [name]: text } : {}) as { [Key in Name]?: string };
}
