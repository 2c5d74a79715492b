// Servers of SDK v2: of the stateless protocol of 2026, and of the sessions before it.
import { randomUUID } from 'node:crypto';
import { toNodeHandler } from '@modelcontextprotocol/node';
import {
  completable,
  createMcpHandler,
  inputRequired,
  isLegacyRequest,
  McpServer,
  ResourceTemplate,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { furnish } from './furnish.js';
import { questionOf } from './tools.js';

/** A server for one session, or for one request: then nobody is there to hear of changes. */
export function serverV2(world, { era, isSession = era === 'legacy' } = { era: 'legacy' }) {
  const mcp = new McpServer(
    { name: world.name, title: `Title of ${world.name}`, version: '2.0.0' },
    { instructions: `Instructions of ${world.name}`, capabilities: { logging: {}, resources: { subscribe: true } } },
  );
  const session = { count: 0, subscribed: new Set() };
  const callOf = (ctx) => callOfV2(world, era, session, ctx);
  const addTool = furnish(mcp, world, { ResourceTemplate, completable, callOf, settle });
  if (!isSession) return mcp;
  mcp.server.setRequestHandler('resources/subscribe', ({ params }) => {
    session.subscribed.add(params.uri);
    return {};
  });
  mcp.server.setRequestHandler('resources/unsubscribe', ({ params }) => {
    session.subscribed.delete(params.uri);
    return {};
  });
  const listener = {
    changed: () => mcp.sendToolListChanged(),
    grown: (name, tool) => addTool(name, tool),
    // Of the modern era the SDK knows who has subscribed.
    updated: (uri) => {
      if (era === 'modern' || session.subscribed.has(uri)) mcp.server.sendResourceUpdated({ uri }).catch(() => {});
    },
  };
  world.listeners.add(listener);
  mcp.server.onclose = () => world.listeners.delete(listener);
  return mcp;
}

/** Thrown by a tool that must ask: its call ends here, and begins again once there is an answer. */
class Asking {
  constructor(answers, key, request) {
    this.result = inputRequired({ inputRequests: { [key]: request }, requestState: JSON.stringify(answers) });
  }
}

async function settle(run) {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Asking) return error.result;
    throw error;
  }
}

function callOfV2(world, era, session, { mcpReq, sessionId, http }) {
  // Each round brings the last answers only; what was answered before travels in the state.
  const answers = { ...JSON.parse(mcpReq.requestState() ?? '{}'), ...mcpReq.inputResponses };
  const need = async (key, request) => {
    if (key in answers) return answers[key];
    throw new Asking(answers, key, request);
  };
  return {
    world,
    signal: mcpReq.signal,
    progress: async (progress, total, message) => {
      const progressToken = mcpReq._meta?.progressToken;
      if (progressToken === undefined) return;
      await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total, message } });
    },
    log: (level, data) => mcpReq.log(level, data, world.name),
    ask: (key, question) => need(key, inputRequired.elicit(questionOf(question))),
    sample: (key, params) => need(key, inputRequired.createMessage(params)),
    roots: (key) => need(key, inputRequired.listRoots()),
    who: () => ({ sdk: 'v2', era, session: sessionId, count: ++session.count }),
    meta: () => ({
      keys: Object.keys(mcpReq._meta ?? {}),
      envelope: Object.keys(mcpReq.envelope ?? {}),
      headers: http?.req === undefined ? {} : Object.fromEntries(http.req.headers),
    }),
  };
}

/** Both eras as `createMcpHandler` serves them by itself: the older one without sessions, so it can ask nothing. */
export function statelessV2(world) {
  const handler = createMcpHandler((context) =>
    serverV2(world, context.era === 'modern' ? context : { era: 'stateless' }),
  );
  world.listeners.add(listenerOf(handler));
  return toNodeHandler(handler);
}

/** Both eras, the older one with sessions, routed as the SDK advises. */
export function httpV2(world) {
  const handler = createMcpHandler((context) => serverV2(world, context), { legacy: 'reject' });
  world.listeners.add(listenerOf(handler));
  const legacy = sessionsV2(world);
  const fetch = async (request) => ((await isLegacyRequest(request)) ? legacy(request) : handler.fetch(request));
  return toNodeHandler({ fetch });
}

const listenerOf = ({ notify }) => ({
  changed: () => notify.toolsChanged(),
  grown: () => notify.toolsChanged(),
  updated: (uri) => notify.resourceUpdated(uri),
});

function sessionsV2(world) {
  const sessions = new Map();
  return async (request) => {
    const id = request.headers.get('mcp-session-id');
    if (id !== null) {
      const error = { code: -32001, message: 'Session not found' };
      return (
        sessions.get(id)?.handleRequest(request) ?? Response.json({ jsonrpc: '2.0', error, id: null }, { status: 404 })
      );
    }
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (session) => void sessions.set(session, transport),
      onsessionclosed: (session) => void sessions.delete(session),
    });
    await serverV2(world).connect(transport);
    const response = await transport.handleRequest(request);
    if (transport.sessionId === undefined) await transport.close();
    return response;
  };
}
