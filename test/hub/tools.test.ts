/** The hub's own tools, as a model uses them: with mistakes that it can mend. */

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { connect } from '../../src/mcp/connect.js';
import { Registry } from '../../src/registry/registry.js';
import { eventually } from '../support/eventually.js';
import { type FleetOptions, startFleet, startMember } from '../support/fleet.js';
import type { Host } from '../support/host.js';
import { startHub } from '../support/hub.js';
import { tempFolder } from '../support/temp.js';

let stage: FleetOptions;
beforeEach(() => {
  stage = { directory: `${tempFolder()}/registry` };
});

const toolsOf = async (host: Host, args: Record<string, unknown> = {}) =>
  JSON.parse(await host.say('rollcall_tools', args)) as {
    tools: { name: string; inputSchema?: object }[];
    note?: string;
  };

test('what is wrong with a call is said, so that a model can mend it', async () => {
  await startFleet(stage, ['v2-http', 'v1-http']);
  const host = await startHub('v2', stage);
  const call = (args: Record<string, unknown>) => host.callTool('rollcall_call', args);
  const good = { instance: 'v1_http', tool: 'echo', arguments: { text: 'hi' } };
  for (const [args, message] of [
    [{ tool: 'echo' }, /^`instance` is missing/],
    [{ instance: 'v1_http' }, /^`tool` is missing/],
    [{ ...good, instance: 'nobody' }, /^There is no instance nobody\. What runs: v1_http, v2_http\.$/],
    [{ ...good, instance: 'v' }, /^There are several of v\./],
    [{ ...good, tool: 'nope' }, /^There is no tool nope of v1_http\. It has: add, ask,/],
    [{ instance: 'v1_http', tool: 'echo', text: 'hi' }, /^text: what the tool takes belongs into `arguments`\.$/],
    [{ ...good, arguments: [1] }, /^`arguments` must be an object\.$/],
    [{ ...good, arguments: 'no json' }, /^`arguments` must be an object\.$/],
  ] as const) {
    const { isError, content } = await call(args);
    expect([isError, content]).toEqual([true, [{ type: 'text', text: expect.stringMatching(message) }]]);
  }
  expect(await host.say('rollcall_call', good)).toBe('hi');
  expect(await host.say('rollcall_call', { ...good, arguments: '{"text":"as a text"}' })).toBe('as a text');
  expect(await host.say('rollcall_call', { ...good, tool: 'v1_http__echo' })).toBe('hi');
});

test('tools are found by any of their words, and by what they take', async () => {
  await startFleet(stage, ['v2-http', 'v1-http']);
  const host = await startHub('v1', stage);
  const names = async (args: Record<string, unknown>) => (await toolsOf(host, args)).tools.map(({ name }) => name);
  expect(await names({ instance: 'v1_http', query: 'question user' })).toEqual(['ask', 'ask_twice']);
  expect(await names({ query: 'level' })).toEqual(['log', 'log']);
  expect(await toolsOf(host, { query: 'nonsense' })).toMatchObject({
    tools: [],
    note: '36 tools in all, of: v1_http, v2_http.'.replace(/^/, 'Nothing matches. '),
  });
  const instances = await host.say('rollcall_instances', { query: 'v1' });
  expect(JSON.parse(instances).instances).toMatchObject([
    { label: 'v1_http', tools: 18, instructions: 'Instructions of v1-http', status: 'ready' },
  ]);
});

test('of very many only the names are told', async () => {
  await startMember(stage, { flavour: 'huge', env: { COUNT: '700' } });
  const host = await startHub('v2', stage);
  const { tools, note } = await toolsOf(host);
  expect(tools).toHaveLength(500);
  expect(tools[0]?.inputSchema).toBeUndefined();
  expect(note).toMatch(/^700 tools; ask for an instance, or with a query/);
  const some = await toolsOf(host, { query: 'tool_69' });
  expect(some.tools).toHaveLength(11);
  expect(some.tools[0]?.inputSchema).toBeDefined();
});

test('of more than it takes the hub says so', async () => {
  await startMember(stage, { flavour: 'huge', env: { COUNT: '1200' } });
  const host = await startHub('v2', stage);
  expect(await host.say('rollcall_instances')).toMatch(/"tools":1000,.*"problem":"lists more than the hub takes/);
});

test('a resource that a result names is asked of whoever named it', async () => {
  await startFleet(stage, ['v2-http', 'v1-http']);
  const host = await startHub('v2', stage, ['--expose', 'direct']);
  const uri = 'test://v1-http/embedded';
  await expect(host.readResource(uri)).rejects.toThrow(/There is no resource/);
  await host.callTool('v1_http__image');
  // It is not there, but that is for its server to say.
  await expect(host.readResource(uri)).rejects.toThrow(/Resource test:\/\/v1-http\/embedded not found/);
  expect((await host.readResource('test://v1-http/static/1')).contents).toHaveLength(1);
});

test('a server that keeps sessions and has no stream to listen to is connected to once', async () => {
  const { registry, opened } = await forgetful({ get: 404 });
  const host = await startHub('v1', stage);
  expect(await host.say('forgetful__count')).toBe('1');
  await using connection = await connect({ name: 'forgetful' }, { registry });
  for (let call = 2; call < 6; call++) {
    expect(await connection.client.callTool({ name: 'count' })).toMatchObject({ content: [{ text: `${call}` }] });
  }
  expect(opened()).toBe(2);
});

test.each([
  [400, 'your AWS session has expired'],
  [404, 'Session not found'],
  [404, '{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}'],
  [500, ''],
])('what may have been done is not done again: %i %s', async (status, body) => {
  let calls = 0;
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    const { id, method } = JSON.parse(text || '{}');
    const answer = (result: object) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
    };
    if (request.method !== 'POST') response.writeHead(405).end();
    else if (id === undefined) response.writeHead(202).end();
    else if (method === 'initialize') {
      const serverInfo = { name: 'pay', version: '1' };
      answer({ protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo });
    } else if (method === 'tools/list') answer({ tools: [{ name: 'pay', inputSchema: { type: 'object' } }] });
    else if (method === 'tools/call') {
      calls++;
      response.writeHead(status).end(body);
    } else response.writeHead(400).end('{"jsonrpc":"2.0","id":null,"error":{"code":-32601,"message":"no"}}');
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await using registry = new Registry({ directory: stage.directory });
  await registry.register({
    name: 'pay',
    endpoints: [{ type: 'streamable-http', url: `http://127.0.0.1:${port}/mcp` }],
  });
  const host = await startHub('v1', stage);
  expect(await host.callTool('pay__pay')).toMatchObject({ isError: true });
  expect(calls).toBe(1);
});

test('a host that cancels while its user thinks is heard by the server', async () => {
  const log = `${stage.directory}-log`;
  await startMember({ ...stage, log }, 'v1-http');
  for (const kind of ['v1', 'v2-legacy'] as const) {
    const controller = new AbortController();
    const host = await startHub(kind, stage, [], { elicit: () => new Promise(() => {}) });
    const asking = host.callTool('v1_http__ask', { question: 'Hm?' }, { signal: controller.signal });
    asking.catch(() => {});
    await eventually('the user is asked', () => host.asked.length > 0);
    controller.abort(new Error('no more'));
    await expect(asking).rejects.toThrow();
    // Its session with the server is free for others.
    expect(await host.say('v1_http__echo', { text: 'on' })).toBe('on');
  }
});

/** A server of 2025 that can forget its sessions while it goes on. `get`: what it says to who wants to listen. */
async function forgetful({ get }: { get?: number } = {}) {
  let opened = 0;
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  let calls = 0;
  const server = createServer(async (request, response) => {
    if (get !== undefined && request.method === 'GET') return response.writeHead(get).end();
    const id = request.headers['mcp-session-id'];
    const known = typeof id === 'string' ? sessions.get(id) : undefined;
    if (known !== undefined) return known.handleRequest(request, response);
    if (id !== undefined)
      return response.writeHead(404).end('{"jsonrpc":"2.0","error":{"code":-32001,"message":"?"},"id":null}');
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized(session) {
        opened++;
        sessions.set(session, transport);
      },
    });
    const mcp = new McpServer({ name: 'forgetful', version: '1' });
    mcp.registerTool('count', {}, () => ({ content: [{ type: 'text', text: `${++calls}` }] }));
    await mcp.connect(transport);
    return transport.handleRequest(request, response);
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const registry = new Registry({ directory: stage.directory });
  onTestFinished(() => registry.close());
  const url = `http://127.0.0.1:${port}/mcp`;
  await registry.register({ name: 'forgetful', endpoints: [{ type: 'streamable-http', url }] });
  return { registry, forget: () => sessions.clear(), opened: () => opened };
}

test('a session that was forgotten is opened anew within the same call, which is made once', async () => {
  const { registry, forget } = await forgetful();
  const host = await startHub('v1', stage);
  expect(await host.say('forgetful__count')).toBe('1');
  forget();
  expect(await host.say('forgetful__count')).toBe('2');
  forget();
  const calls = await Promise.all([1, 2, 3].map(() => host.say('forgetful__count')));
  expect(calls.sort()).toEqual(['3', '4', '5']);
  await using connection = await connect({ name: 'forgetful' }, { registry });
  forget();
  await expect(connection.client.callTool({ name: 'count' })).rejects.toThrow();
  await connection.connected();
  expect(await connection.client.callTool({ name: 'count' })).toMatchObject({ content: [{ text: '6' }] });
});
