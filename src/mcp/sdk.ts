/** What is used of the official SDK's client, wherever it comes from: the package, or our own bundle. */

import { RollcallError } from '../core/errors.js';
import type { Client, SSEClientTransport, StreamableHTTPClientTransport, Transport } from './client.js';

export interface Sdk {
  readonly Client: typeof Client;
  readonly StreamableHTTPClientTransport: typeof StreamableHTTPClientTransport;
  readonly SSEClientTransport: typeof SSEClientTransport;
}

/** A program to start, and to speak with over its stdin and stdout. */
interface StdioServer {
  readonly command: string;
  readonly args: string[];
  readonly stderr: 'inherit';
  readonly cwd?: string;
}

export interface StdioSdk {
  readonly StdioClientTransport: new (server: StdioServer) => Transport;
}

/**
 * The package, an optional peer.
 *
 * @throws ROLLCALL_INVALID that says how to install it, if it is not there.
 */
export async function loadSdk(): Promise<Sdk & StdioSdk> {
  try {
    return {
      ...(await import('@modelcontextprotocol/client')),
      ...(await import('@modelcontextprotocol/client/stdio')),
    };
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const message = 'To connect, rollcall needs the MCP SDK: npm install @modelcontextprotocol/client@2';
    const problems = [{ path: '@modelcontextprotocol/client', message: 'is not installed' }];
    throw new RollcallError('ROLLCALL_INVALID', message, { problems }, { cause: error });
  }
}
