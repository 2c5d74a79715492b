// Servers of the SDK that most servers in the wild still use: v1, over Streamable HTTP with sessions, and over SSE.
import { randomUUID } from 'node:crypto';
import { completable } from '@modelcontextprotocol/sdk/server/completable.js';
import { McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { SubscribeRequestSchema, UnsubscribeRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { furnish } from './furnish.js';
import { questionOf } from './tools.js';

/** One server for one session, as v1 wants it. */
export function serverV1(world) {
  const mcp = new McpServer(
    { name: world.name, title: `Title of ${world.name}`, version: '1.0.0' },
    { instructions: `Instructions of ${world.name}`, capabilities: { logging: {}, resources: { subscribe: true } } },
  );
  const session = { count: 0, subscribed: new Set() };
  const callOf = (extra) => callOfV1(world, mcp, session, extra);
  const addTool = furnish(mcp, world, { ResourceTemplate, completable, callOf });
  mcp.server.setRequestHandler(SubscribeRequestSchema, ({ params }) => {
    session.subscribed.add(params.uri);
    return {};
  });
  mcp.server.setRequestHandler(UnsubscribeRequestSchema, ({ params }) => {
    session.subscribed.delete(params.uri);
    return {};
  });
  const listener = {
    changed: () => mcp.sendToolListChanged(),
    // Says by itself that there are others now.
    grown: (name, tool) => addTool(name, tool),
    updated: (uri) => {
      if (session.subscribed.has(uri)) mcp.server.sendResourceUpdated({ uri }).catch(() => {});
    },
  };
  world.listeners.add(listener);
  mcp.server.onclose = () => world.listeners.delete(listener);
  return mcp;
}

function callOfV1(world, { server }, session, extra) {
  const { signal, sessionId, _meta, requestInfo, sendNotification } = extra;
  const related = { relatedRequestId: extra.requestId };
  return {
    world,
    signal,
    progress: async (progress, total, message) => {
      const progressToken = _meta?.progressToken;
      if (progressToken === undefined) return;
      await sendNotification({ method: 'notifications/progress', params: { progressToken, progress, total, message } });
    },
    log: async (level, data) => {
      if (server.isMessageIgnored(level, sessionId)) return;
      await sendNotification({ method: 'notifications/message', params: { level, data, logger: world.name } });
    },
    // Apart from the call it goes to the stream that the client has opened with GET.
    ask: (_, question, isApart) => server.elicitInput(questionOf(question), isApart ? {} : related),
    sample: (_, params) => server.createMessage(params, related),
    roots: () => server.listRoots(undefined, related),
    who: () => ({ sdk: 'v1', era: 'legacy', session: sessionId, count: ++session.count }),
    meta: () => ({ keys: Object.keys(_meta ?? {}), envelope: [], headers: headersOf(requestInfo?.headers) }),
  };
}

const headersOf = (headers = {}) => (headers instanceof Headers ? Object.fromEntries(headers) : headers);

/** Enough to go on after a broken stream. */
class EventStore {
  #events = [];

  async storeEvent(streamId, message) {
    return `${this.#events.push({ streamId, message })}`;
  }

  async replayEventsAfter(lastId, { send }) {
    const streamId = this.#events[lastId - 1]?.streamId;
    for (let at = Number(lastId); at < this.#events.length; at++) {
      if (this.#events[at].streamId === streamId) await send(`${at + 1}`, this.#events[at].message);
    }
    return streamId;
  }
}

export function httpV1(world) {
  const sessions = new Map();
  return async (request, response) => {
    const id = request.headers['mcp-session-id'];
    if (id !== undefined) {
      const known = sessions.get(id);
      if (known !== undefined) return known.handleRequest(request, response);
      const error = { code: -32001, message: 'Session not found' };
      return response
        .writeHead(404, { 'content-type': 'application/json' })
        .end(JSON.stringify({ jsonrpc: '2.0', error, id: null }));
    }
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: new EventStore(),
      onsessioninitialized: (session) => void sessions.set(session, transport),
      onsessionclosed: (session) => void sessions.delete(session),
    });
    await serverV1(world).connect(transport);
    await transport.handleRequest(request, response);
    // Nobody will come back to what was not initialised.
    if (transport.sessionId === undefined) await transport.close();
  };
}

export function sseV1(world) {
  const sessions = new Map();
  return async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    if (request.method === 'GET' && pathname === '/sse') {
      const transport = new SSEServerTransport('/messages', response);
      sessions.set(transport.sessionId, transport);
      response.on('close', () => sessions.delete(transport.sessionId));
      return serverV1(world).connect(transport);
    }
    const transport = sessions.get(searchParams.get('sessionId'));
    if (request.method === 'POST' && pathname === '/messages' && transport !== undefined) {
      return transport.handlePostMessage(request, response);
    }
    response.writeHead(404).end();
  };
}
