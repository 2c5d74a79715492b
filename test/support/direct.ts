/** Clients straight at a server, with nothing between: what the hub is compared with. */

import { SSEClientTransport, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { SSEClientTransport as SSEClientTransportV1 } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport as StreamableHTTPClientTransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Endpoint } from '../../src/core/instance.js';
import { isSecret } from '../../src/core/secret.js';
import { type Kind, McpClient, type McpClientOptions } from './mcp-client.js';
import { unixFetch } from './unix-fetch.js';

export interface DirectOptions extends McpClientOptions {
  /** For the handshake, in ms; the SDK's minute unless given. */
  readonly timeout?: number;
}

/** A client of a server that listens at the endpoint of an entry. Closed when the running test ends. */
export function connectDirect(
  kind: Kind,
  { type, url = '', socketPath, headers = [] }: Endpoint,
  { timeout, ...options }: DirectOptions = {},
): Promise<McpClient> {
  const values = headers.map(({ name, value }) => [name, isSecret(value) ? value.reveal() : `${value}`]);
  const given = {
    requestInit: { headers: Object.fromEntries(values) },
    ...(socketPath === undefined ? {} : { fetch: unixFetch(socketPath) }),
  };
  const [Sse, Http] =
    kind === 'v1'
      ? [SSEClientTransportV1, StreamableHTTPClientTransportV1]
      : [SSEClientTransport, StreamableHTTPClientTransport];
  const transport = type === 'sse' ? new Sse(new URL(url), given) : new Http(new URL(url), given);
  return new McpClient(kind, options).connect(transport, timeout === undefined ? {} : { timeout });
}
