/** The types of the official SDK's client, an optional peer. */

/**
 * Where it is not installed they are `any`, and whoever only announces a server compiles without it: this comment stands
 * before the one line of the declarations, too. (Where it is installed, `@ts-expect-error` would be an error.)
 *
 * @ts-ignore */
export type {
  CallToolResult,
  Client,
  SSEClientTransport,
  StreamableHTTPClientTransport,
  Tool,
  Transport,
} from '@modelcontextprotocol/client';
