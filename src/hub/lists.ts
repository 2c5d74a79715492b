/** The lists of a server, as much of them as one can take. */

import { type Client, ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/client';
import { asItIs } from '../mcp/as-it-is.js';

/** The most that is taken of one list. */
export const most = 1_000;

/** The most pages of it. */
const mostPages = 100;

/** The most bytes of one list, as JSON. */
const largest = 8 * 1_024 * 1_024;

export interface List {
  readonly items: readonly unknown[];
  /** Why it is not all, if it is not. */
  readonly problem?: string;
}

/**
 * All pages of one list, within `timeout` ms for all of them.
 *
 * @throws what the server, the client or the timeout says. A server that has no such list has an empty one.
 */
export async function listAll(client: Client, method: string, key: string, timeout: number): Promise<List> {
  const items: unknown[] = [];
  const until = performance.now() + timeout;
  let [cursor, size, pages]: [unknown, number, number] = [undefined, 0, 0];
  try {
    do {
      const left = Math.max(1, until - performance.now());
      const params = cursor === undefined ? {} : { cursor };
      const page = (await client.request({ method, params }, asItIs, { timeout: left })) as Record<string, unknown>;
      const found = page[key];
      if (!Array.isArray(found)) return { items, problem: `answers ${method} without a list` };
      items.push(...found);
      size += JSON.stringify(found).length;
      // One that does not move, or gives nothing, would go on for ever.
      const isStuck = page.nextCursor === cursor || found.length === 0;
      cursor = isStuck ? undefined : page.nextCursor;
      if (items.length > most || size > largest || (cursor !== undefined && ++pages >= mostPages)) {
        const limits = `${most}, on ${mostPages} pages, or 8 MiB`;
        return { items: items.slice(0, most), problem: `lists more than the hub takes (${key}: ${limits})` };
      }
    } while (typeof cursor === 'string' && cursor !== '');
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.code !== ProtocolErrorCode.MethodNotFound) throw error;
  }
  return { items };
}
