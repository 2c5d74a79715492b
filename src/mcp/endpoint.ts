/** Where a listening server is reached from this machine. */

import type { AddressInfo, Server } from 'node:net';
import { invalid } from '../core/errors.js';
import type { Endpoint } from '../core/instance.js';

/**
 * The real address, once it listens: of a port that was 0, too. One that listens on all interfaces is reached by the
 * loopback one. A Unix socket has a URL for the path alone.
 *
 * @throws ROLLCALL_INVALID if it does not listen.
 */
export function endpointOf(server: Server, type: string, path: string): Endpoint {
  const address = server.address();
  if (address === null) {
    throw invalid('The announcement', [{ path: 'server', message: 'does not listen any more' }]);
  }
  const way = path.startsWith('/') ? path : `/${path}`;
  const protocol = 'setSecureContext' in server ? 'https' : 'http';
  if (typeof address === 'string') return { type, socketPath: address, url: `${protocol}://localhost${way}` };
  return { type, url: `${protocol}://${hostOf(address)}:${address.port}${way}` };
}

function hostOf({ address, family }: AddressInfo): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  if (address === '::') return '[::1]';
  // Node 18 said 6, others say 'IPv6'.
  return String(family).endsWith('6') ? `[${address}]` : address;
}
