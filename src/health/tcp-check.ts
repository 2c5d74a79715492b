/** Whether an instance takes connections. */

import { connect } from 'node:net';
import type { Endpoint, Instance } from '../core/instance.js';
import { pathOf } from '../mcp/place.js';
import type { CheckContext } from './check.js';

/** To its first endpoint that has a port or a socket. Nothing is sent. */
export async function checkTcp(instance: Instance, { signal }: CheckContext): Promise<void> {
  const target = instance.endpoints.map(targetOf).find((found) => found !== undefined);
  if (target === undefined) throw new Error('has no endpoint with a port or a socket');
  const socket = connect(target);
  // Whoever waits for the result keeps the process alive, if anyone does.
  socket.unref();
  const abort = () => socket.destroy();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', (error: NodeJS.ErrnoException) => reject(new Error(`takes no connection (${error.code})`)));
      socket.once('close', () => reject(new Error('takes no connection')));
    });
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}

const standardPorts: Readonly<Record<string, number>> = { 'http:': 80, 'ws:': 80, 'https:': 443, 'wss:': 443 };

export function targetOf({ url, socketPath }: Endpoint): { path: string } | { host: string; port: number } | undefined {
  if (socketPath !== undefined) return { path: socketPath };
  if (url === undefined) return undefined;
  const parsed = new URL(url);
  const { protocol, hostname, port } = parsed;
  if (protocol === 'unix:') return { path: pathOf(parsed) };
  const number = port === '' ? standardPorts[protocol] : Number(port);
  // In brackets in a URL, and without them everywhere else.
  return number === undefined ? undefined : { host: hostname.replace(/^\[|\]$/g, ''), port: number };
}
