/** What an MCP server of the official SDKs, v1 or v2, says of itself. */

/** As much of it as is known. */
export interface Introduction {
  readonly name?: string;
  readonly title?: string;
  readonly version?: string;
  readonly mcp?: { readonly capabilities: Record<string, unknown> };
}

/**
 * Of an `McpServer`, or of the `Server` within. The SDKs keep this to themselves until a client asks, so what they call
 * it is looked at with care, and left out where it is not what is expected.
 */
export function introductionOf(mcp: object | undefined): Introduction {
  if (mcp === undefined) return {};
  const inner = fieldOf(mcp, 'server') ?? mcp;
  const info = fieldOf(inner, '_serverInfo');
  const capabilities = capabilitiesOf(inner);
  return {
    ...textOf(info, 'name'),
    ...textOf(info, 'title'),
    ...textOf(info, 'version'),
    ...(capabilities !== undefined && { mcp: { capabilities } }),
  };
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
