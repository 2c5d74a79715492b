/** How to get to the MCP server of an instance. */

import { invalid } from '../core/errors.js';
import type { Endpoint, Instance } from '../core/instance.js';
import { printable } from '../core/printable.js';
import { headersOf, type Place } from './place.js';

/** One endpoint over which MCP is spoken. */
export interface Way extends Place {
  /** Streamable HTTP, or what came before it: one stream of events, and posts. */
  readonly type: 'streamable-http' | 'sse';
}

/** Streamable HTTP first, as all of today speak it. `undefined` if it has no endpoint over which others can speak MCP. */
export function wayTo(instance: Instance): Way | undefined {
  const ways = instance.endpoints.map((endpoint) => wayOf(endpoint, instance.kind)).filter((way) => way !== undefined);
  return ways.find(({ type }) => type === 'streamable-http') ?? ways[0];
}

/** Names are typed into a terminal. @throws ROLLCALL_INVALID if it is not an object. */
export function requireObject(target: unknown, what: string): void {
  if (typeof target === 'object' && target !== null) return;
  const message = "must be an instance, as discover and pick give it, or a query: { name: 'weather' }";
  throw invalid(`What ${what} is given`, [{ path: '', message }]);
}

/** @throws ROLLCALL_INVALID if there is none. */
export function requireWay(instance: Instance): Way {
  const way = wayTo(instance);
  if (way !== undefined) return way;
  const types = instance.endpoints.map(({ type }) => type).join(', ') || 'none';
  throw invalid('The instance', [
    {
      path: printable(instance.id),
      message: `has no endpoint over which MCP can be spoken (streamable-http, sse); its endpoints: ${printable(types)}`,
    },
  ]);
}

function wayOf(endpoint: Endpoint, kind: string | undefined): Way | undefined {
  const { type, url, socketPath } = endpoint;
  const spoken = spokenOver(type, kind);
  if (spoken === undefined || (url === undefined && socketPath === undefined)) return undefined;
  const parsed = new URL(url ?? 'http://localhost/mcp');
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') return undefined;
  return { type: spoken, url: parsed, socketPath, headers: headersOf(endpoint) };
}

/**
 * How MCP is spoken at an endpoint of this type, if it is. Configuration files of hosts say `http` for Streamable HTTP,
 * and some say of a socket that it is one.
 */
export function spokenOver(type: string, kind: string | undefined): Way['type'] | undefined {
  if (type === 'streamable-http' || type === 'sse') return type;
  return kind === 'mcp' && (type === 'http' || type === 'unix') ? 'streamable-http' : undefined;
}
