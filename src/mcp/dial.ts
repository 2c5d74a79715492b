/** One connection to the MCP server of an instance: made within a deadline, and left without a trace. */

import type { Instance } from '../core/instance.js';
import type { Client, Transport } from './client.js';
import { fetchTo, type Onlooker } from './fetch.js';
import type { Sdk } from './sdk.js';
import { obstacleIn, unreachable } from './unreachable.js';
import type { Way } from './way.js';

/** How long saying goodbye to a session may take, in ms. */
const farewell = 1_000;

export interface DialOptions {
  readonly signal?: AbortSignal | undefined;
  /** For the whole of it, in ms. */
  readonly timeout: number;
  readonly onlooker?: Onlooker | undefined;
}

/** A connected client's way back. */
export interface Line {
  readonly transport: Transport;
  /** Ends the session that the server may keep, then the connection. Never throws. */
  hangUp(): Promise<void>;
  /** Ends the session, and waits for nothing: the client is needed elsewhere. */
  leave(): void;
}

/** How a client came to be connected over this transport: made here, so that nothing is open if it fails. */
export function transportFor(sdk: Sdk, way: Way, onlooker?: Onlooker): Transport {
  const fetch = fetchTo(way, onlooker);
  if (way.type === 'sse') return new sdk.SSEClientTransport(way.url, { fetch });
  const transport = new sdk.StreamableHTTPClientTransport(way.url, { fetch });
  ways.set(transport, way);
  return transport;
}

/** Where a transport leads that may have opened a session. */
const ways = new WeakMap<Transport, Way>();

/** By a connection of its own: that of the transport is about to be closed. */
function leave(transport: Transport): void {
  const way = ways.get(transport);
  const { sessionId } = transport;
  if (way === undefined || sessionId === undefined) return;
  const headers = { 'mcp-session-id': sessionId };
  // A server that is gone keeps nothing.
  fetchTo(way)(way.url, { method: 'DELETE', headers, signal: AbortSignal.timeout(farewell) }).then(
    (response) => response.body?.cancel(),
    () => {},
  );
}

/**
 * Connects `client`, which must not be connected.
 *
 * @throws ROLLCALL_UNREACHABLE with the reason; the signal's reason if it is aborted.
 */
export async function dial(
  client: Client,
  transport: Transport,
  instance: Instance,
  { signal, timeout }: DialOptions,
): Promise<Line> {
  signal?.throwIfAborted();
  const deadline = new AbortController();
  // The SDK does not look at a signal while it asks which protocol is spoken; it does see its transport close.
  const giveUp = (reason: unknown) => {
    deadline.abort(reason);
    void transport.close().catch(() => {});
  };
  const timer = setTimeout(() => giveUp(new DOMException('It took too long.', 'TimeoutError')), timeout);
  const abort = () => giveUp(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([
      client.connect(transport, { timeout, signal: deadline.signal }),
      new Promise((_, reject) => deadline.signal.addEventListener('abort', () => reject(deadline.signal.reason))),
    ]);
  } catch (error) {
    // It may have been opened, and not been needed.
    leave(transport);
    await client.close().catch(() => {});
    await transport.close().catch(() => {});
    signal?.throwIfAborted();
    const cause = deadline.signal.aborted ? deadline.signal.reason : error;
    const { obstacle, status } = obstacleIn(cause);
    throw unreachable(instance, obstacle, { cause, status });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
  return { transport, hangUp: () => hangUp(client, transport), leave: () => leave(transport) };
}

async function hangUp(client: Client, transport: Transport): Promise<void> {
  // Only a server of 2025 keeps a session, and only over Streamable HTTP; others it does not hurt to be asked.
  const { terminateSession } = transport as { terminateSession?: () => Promise<void> };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, farewell);
  });
  // It may be gone: then it keeps nothing.
  await Promise.race([terminateSession?.call(transport).catch(() => {}), late]);
  clearTimeout(timer);
  await client.close().catch(() => {});
}
