/** A small MCP server within the test, of the protocol of 2026: it has what it is given, and says what it was asked. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { onTestFinished } from 'vitest';
import type { Instance } from '../../src/core/instance.js';
import type { Registration } from '../../src/registry/registration.js';
import type { Registry } from '../../src/registry/registry.js';

export interface SmallServer {
  readonly instance: Instance;
  readonly registration: Registration;
  /** Calls of tools that have reached it. */
  readonly calls: () => number;
  /** From now on connections are refused, and its entry stays. */
  stopListening(): Promise<void>;
}

interface SmallOptions {
  readonly name?: string;
  readonly cwd?: string;
  /** What it does with a call of a tool, in place of answering it. */
  readonly spoil?: (request: IncomingMessage, response: ServerResponse) => void;
}

/** Gone when the running test ends. */
export async function startSmall(
  registry: Registry,
  furnish: (server: McpServer) => void,
  { name = 'small', cwd, spoil }: SmallOptions = {},
): Promise<SmallServer> {
  let calls = 0;
  const handle = toNodeHandler(
    createMcpHandler(() => {
      const server = new McpServer({ name, version: '1.0.0' });
      furnish(server);
      return server;
    }),
  );
  const server = createServer((request, response) => {
    const isCall = request.headers['mcp-method'] === 'tools/call';
    if (isCall) calls++;
    if (isCall && spoil !== undefined) spoil(request, response);
    else void handle(request as never, response);
  }).listen(0, '127.0.0.1');
  const stopListening = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  onTestFinished(stopListening);
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  const registration = await registry.register({
    name,
    kind: 'mcp',
    endpoints: [{ type: 'streamable-http', url }],
    ...(cwd !== undefined && { cwd }),
  });
  return { instance: registration.instance, registration, calls: () => calls, stopListening };
}
