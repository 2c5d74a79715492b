/** The hub over HTTP, on this machine alone: for hosts that are not to start a program of their own. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { isLegacyRequest } from '@modelcontextprotocol/server';
import { announce } from '../mcp/announce.js';
import type { Registry } from '../registry/registry.js';
import type { Hub } from './hub.js';
import { LegacyHosts } from './legacy-hosts.js';
import { ModernHosts } from './modern-hosts.js';
import { hubKind } from './settings.js';

export interface HttpOptions {
  /** 0: any that is free. */
  readonly port: number;
  /** What hosts have to send; made anew unless given. */
  readonly token: string | undefined;
  readonly version: string;
  readonly report: (error: unknown) => void;
}

/** A hub that listens, and is registered: its entry has the token. */
export interface HttpHub extends AsyncDisposable {
  readonly url: string;
}

/** @throws ROLLCALL_INVALID if the token is too short; and what node:http fails to listen with. */
export async function serveHttp(hub: Hub, registry: Registry, options: HttpOptions): Promise<HttpHub> {
  const { port, token = true, version, report } = options;
  const modern = new ModernHosts(hub, version, report);
  const legacy = new LegacyHosts(hub, version);
  const fetch = async (request: Request) =>
    (await isLegacyRequest(request)) ? legacy.answer(request) : modern.answer(request);
  const handle = toNodeHandler({ fetch });
  const server = createServer((request, response) => {
    if (guard.handle(request, response)) void handle(request as never, response);
  });
  const announcing = announce(server, { name: 'rollcall-hub', kind: hubKind, version }, { token, registry });
  const { guard } = announcing;
  server.listen(port, '127.0.0.1');
  const { registration } = await announcing.then(undefined, (error) => {
    if ((error as { code?: unknown }).code !== 'EADDRINUSE') throw error;
    throw new Error(`Port ${port} is in use. It may be a hub that runs already: rollcall list rollcall-hub`);
  });
  const url = registration.instance.endpoints[0]?.url ?? '';
  return {
    url,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      await Promise.all([modern.close(), legacy.close()]);
      server.closeAllConnections();
      await closed;
    },
  };
}
