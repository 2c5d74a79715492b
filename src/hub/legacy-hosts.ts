/** Hosts over HTTP that speak the protocol of 2025: each has a session. */

import { randomUUID } from 'node:crypto';
import type { Transport } from '@modelcontextprotocol/client';
import { type Server, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { frontOf, voiceOf } from './front.js';
import type { Hub } from './hub.js';
import { Presence } from './presence.js';
import { Session } from './session.js';

interface LegacyHost {
  readonly transport: WebStandardStreamableHTTPServerTransport;
  readonly server: Server;
}

export class LegacyHosts {
  readonly #hub: Hub;
  readonly #version: string;
  readonly #present: Presence<LegacyHost>;

  constructor(hub: Hub, version: string) {
    this.#hub = hub;
    this.#version = version;
    // Whoever comes back is told that its session is unknown, and opens another.
    this.#present = new Presence<LegacyHost>(hub.clock, ({ server }) => void server.close());
  }

  async answer(request: Request): Promise<Response> {
    const id = request.headers.get('mcp-session-id');
    if (id === null) return this.#open(request);
    const host = this.#present.heard(id);
    if (host === undefined) {
      const error = { code: -32_001, message: 'Session not found' };
      return Response.json({ jsonrpc: '2.0', error, id: null }, { status: 404 });
    }
    const response = await host.transport.handleRequest(request);
    if (request.method === 'GET' && response.ok) this.#present.listens(id, request.signal);
    return response;
  }

  async close(): Promise<void> {
    await Promise.all(this.#present.hosts.map(({ server }) => server.close()));
  }

  async #open(request: Request): Promise<Response> {
    let session: Session | undefined;
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => this.#present.add(id, { transport, server }),
    });
    const voice = voiceOf(() => server);
    const server = frontOf(this.#version, (about) => {
      session ??= new Session(this.#hub, about, voice);
      return session;
    });
    server.onclose = () => {
      this.#present.remove(transport.sessionId ?? '');
      void session?.close();
    };
    await server.connect(transport as Transport);
    const response = await transport.handleRequest(request);
    if (transport.sessionId === undefined) await server.close();
    return response;
  }
}
