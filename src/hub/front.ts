/** The hub as an MCP server: which question goes where. */

import type { ClientCapabilities } from '@modelcontextprotocol/client';
import { Server, type ServerContext } from '@modelcontextprotocol/server';
import { asItIs } from '../mcp/as-it-is.js';
import type { About, Voice } from './host.js';
import { type Notice, Outbox } from './outbox.js';
import type { Session } from './session.js';

const instructions = `This server stands in front of the MCP servers that run on this machine, and follows them as they come and go.
rollcall_instances lists them, rollcall_tools lists and searches their tools, rollcall_call calls one. Where there are
not too many, their tools are listed here as well, as <instance>__<tool>.`;

/**
 * A server for one connection, or one request, of a host. `sessionFor` gives the host's session; it is asked when the host
 * has said what it can do.
 */
export function frontOf(version: string, sessionFor: (about: About) => Session): Server {
  const server = new Server(
    { name: 'rollcall-hub', title: 'rollcall', version },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { listChanged: true, subscribe: true },
        prompts: { listChanged: true },
        completions: {},
        logging: {},
      },
      instructions,
      // Every question of a server of 2025 is a round, and some ask many.
      inputRequired: { maxRounds: 1_000 },
    },
  );
  let latest: Session | undefined;
  const session = ({ mcpReq }: ServerContext) => {
    const envelope = mcpReq.envelope as Record<string, unknown> | undefined;
    const told = envelope?.['io.modelcontextprotocol/clientCapabilities'] as ClientCapabilities | undefined;
    latest = sessionFor({
      capabilities: told ?? server.getClientCapabilities() ?? {},
      isModern: envelope !== undefined,
    });
    return latest;
  };
  // What an instance has answered is passed on as it came: its form is its server's business, and checked by the SDK.
  type Any = never;
  server.setRequestHandler('tools/list', async (_, context) => ({ tools: await session(context).tools() }) as Any);
  server.setRequestHandler(
    'tools/call',
    async ({ params }, context) => (await session(context).callTool(params, context)) as Any,
  );
  server.setRequestHandler(
    'prompts/list',
    async (_, context) => ({ prompts: await session(context).prompts() }) as Any,
  );
  server.setRequestHandler(
    'prompts/get',
    async ({ params }, context) => (await session(context).getPrompt(params, context)) as Any,
  );
  server.setRequestHandler(
    'resources/list',
    async (_, context) => ({ resources: await session(context).resources() }) as Any,
  );
  server.setRequestHandler(
    'resources/templates/list',
    async (_, context) => ({ resourceTemplates: await session(context).templates() }) as Any,
  );
  server.setRequestHandler(
    'resources/read',
    async ({ params }, context) => (await session(context).readResource(params, context)) as Any,
  );
  server.setRequestHandler(
    'completion/complete',
    async ({ params }, context) => (await session(context).complete(params, context)) as Any,
  );
  server.setRequestHandler('resources/subscribe', async ({ params }, context) => {
    await session(context).follow(params.uri);
    return {};
  });
  server.setRequestHandler('resources/unsubscribe', async ({ params }, context) => {
    await session(context).unfollow(params.uri);
    return {};
  });
  server.setNotificationHandler('notifications/roots/list_changed', () => latest?.rootsChanged());
  server.setRequestHandler('logging/setLevel', async ({ params }, context) => {
    session(context).setLevel(params.level);
    return {};
  });
  server.setRequestHandler('instances/list', { params: asItIs }, async (params, context) => {
    const { structuredContent } = await session(context).instances((params as { query?: unknown }).query);
    return structuredContent as Any;
  });
  return server;
}

/** A host that has a channel of its own is told, and asked, over that. */
export function voiceOf(server: () => Server | undefined): Voice {
  const outbox = new Outbox(async (notice) => server()?.notification(notice as never));
  const tell = (notice: Notice) => outbox.push(notice);
  return {
    changed: (kind) => tell({ method: `notifications/${kind}/list_changed`, params: {} }),
    tell,
    async ask(method, params) {
      const asked = server();
      if (asked === undefined) throw new Error('There is no host to ask.');
      return asked.request({ method, params } as never);
    },
  };
}
