/** `fetch` through a Unix socket, as Node's own cannot. */

import { request } from 'node:http';
import { Readable } from 'node:stream';

/** A `fetch` for the MCP SDKs: all it asks goes to whoever listens on `socketPath`. */
export function unixFetch(socketPath: string): (url: string | URL, init?: RequestInit) => Promise<Response> {
  return (url, init = {}) =>
    new Promise((resolve, reject) => {
      const { signal } = init;
      const outgoing = request(
        new URL(url),
        {
          socketPath,
          method: init.method ?? 'GET',
          headers: Object.fromEntries(new Headers(init.headers)),
          ...(signal ? { signal } : {}),
        },
        (incoming) => {
          const status = incoming.statusCode ?? 0;
          const headers = Object.entries(incoming.headersDistinct).flatMap(([name, values = []]) =>
            values.map((value): [string, string] => [name, value]),
          );
          // These may have no body, says fetch; and what is not read keeps the socket.
          const isEmpty = status === 204 || status === 205 || status === 304;
          if (isEmpty) incoming.resume();
          const body = isEmpty ? null : (Readable.toWeb(incoming) as unknown as ReadableStream<Uint8Array>);
          resolve(new Response(body, { status, statusText: incoming.statusMessage, headers }));
        },
      );
      outgoing.on('error', (error) => reject(signal?.aborted ? signal.reason : error));
      if (init.body !== undefined && init.body !== null && typeof init.body !== 'string') {
        throw new TypeError('Only a text can be sent.');
      }
      outgoing.end(init.body);
    });
}
