/** How an instance is reached by MCP clients, where that is by a URL. */

import type { Endpoint, Instance } from '../core/instance.js';
import { printable } from '../core/printable.js';
import type { Transport } from './hosts.js';
import { spokenOver } from './way.js';

/** One of its endpoints, with the transport that its type stands for. */
export interface RemoteEndpoint extends Endpoint {
  readonly url: string;
  readonly transport: Transport;
}

/** Whether it speaks MCP: it says so, or an endpoint of it does. */
export function isMcp({ kind, endpoints }: Instance): boolean {
  return kind === 'mcp' || endpoints.some(({ type }) => type === 'streamable-http' || type === 'sse');
}

/**
 * Its best endpoint for a client that knows these transports, best first, and URLs only; or why there is none, as the
 * end of a sentence about it, of one line.
 */
export function remoteEndpoint(instance: Instance, transports: readonly Transport[]): RemoteEndpoint | string {
  const { endpoints } = instance;
  if (endpoints.length === 0) return 'has no endpoint yet';
  const spoken = spokenBy(instance);
  if (spoken.length === 0) {
    const types = [...new Set(endpoints.map(({ type }) => type))];
    return types.every((type) => type === 'stdio')
      ? 'speaks stdio, and only the program that started it can reach it'
      : `has no endpoint for MCP over HTTP, only ${printable(types.slice(0, 3).join(', '))}`;
  }
  // With a socket the URL only says what to ask for there.
  const reached = spoken.filter(({ socketPath }) => socketPath === undefined);
  if (reached.length === 0) return 'listens on a Unix socket or named pipe, which has no URL';
  const found = reached.filter((endpoint): endpoint is RemoteEndpoint => /^https?:/i.test(endpoint.url ?? ''));
  if (found.length === 0) return 'has no URL that begins with http: or https:';
  const known = transports.flatMap((transport) => found.filter((endpoint) => endpoint.transport === transport));
  const best = known.find(({ type, transport }) => type === transport) ?? known[0];
  return best ?? 'speaks SSE, the transport of old, and nothing newer';
}

/**
 * An MCP server that only says `http` means the transport of today, as the files of hosts do; one that has a better word
 * for another endpoint of its own may well mean a page for people.
 */
function spokenBy({ kind, endpoints }: Instance): (Endpoint & { readonly transport: Transport })[] {
  return endpoints.flatMap((endpoint) => {
    const transport = spokenOver(endpoint.type, kind);
    return transport === undefined ? [] : [{ ...endpoint, transport }];
  });
}
