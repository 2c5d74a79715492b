/** Servers that do what servers must not, beside one that is as it should be: calls of tools go on. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { Registry } from '../../src/registry/registry.js';
import { createRouter, type Router } from '../../src/route/index.js';
import { eventually } from '../support/eventually.js';
import { type FleetOptions, startMember } from '../support/fleet.js';
import { tempFolder } from '../support/temp.js';

let stage: FleetOptions;
let registry: Registry;
let router: Router;

beforeEach(() => {
  stage = { directory: `${tempFolder()}/registry` };
  registry = new Registry({ directory: stage.directory });
  router = createRouter(registry);
  return async () => {
    await router.close();
    await registry.close();
  };
});

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly name?: string; readonly cursor?: string };
}

type Answer = (message: Message, response: ServerResponse, request: IncomingMessage) => unknown;

/** A server of 2025, as far as `answer` has it; registered under this name. */
async function serve(name: string, answer: Answer): Promise<string> {
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    if (request.method !== 'POST') return response.writeHead(405).end();
    const message: Message = JSON.parse(text);
    const result = (value: unknown) =>
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: value }));
    const given = answer(message, response, request);
    if (given !== undefined) return given === null ? undefined : result(given);
    if (message.id === undefined) return response.writeHead(202).end();
    if (message.method === 'initialize') {
      const capabilities = { tools: {} };
      return result({ protocolVersion: '2025-06-18', capabilities, serverInfo: { name, version: '1' } });
    }
    const error = { code: -32601, message: 'no such method' };
    return response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ jsonrpc: '2.0', id: message.id, error }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return register(name, port);
}

async function register(name: string, port: number): Promise<string> {
  const endpoints = [{ type: 'streamable-http', url: `http://127.0.0.1:${port}/mcp` }];
  return (await registry.register({ name, kind: 'mcp', endpoints })).id;
}

async function listenAndSayNothing(name: string): Promise<void> {
  const sockets = new Set<import('node:net').Socket>();
  const server = createTcpServer((socket) => void sockets.add(socket.on('error', () => {}))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await register(name, (server.address() as AddressInfo).port);
}

const echo = { name: 'echo', inputSchema: { type: 'object' } };

test('a named instance that has no such tool: it is said so, at once', async () => {
  const { instance } = await startMember(stage, { flavour: 'v2-http', name: 'weather' });
  await expect(router.callTool('nope', {}, { id: instance.id, timeout: 10_000 })).rejects.toMatchObject({
    code: 'ROLLCALL_UNANSWERED',
    message: expect.stringContaining(`${instance.id}, which was named, has no tool nope.`),
  });
});

test('one that hangs does not keep a call from who has the tool, and the next call does not wait for it', async () => {
  await listenAndSayNothing('hung');
  await startMember(stage, { flavour: 'v2-http', name: 'good' });
  // Less than it takes to find out that the other does not answer.
  for (let call = 0; call < 2; call++) {
    expect((await router.callTool('echo', { text: 'x' }, { timeout: 4_000 })).content).toEqual([
      { type: 'text', text: 'x' },
    ]);
  }
});

test('a list without end is read up to some pages, and only as far as it brings something new', async () => {
  let pages = 0;
  await serve('endless', ({ method, params }) => {
    if (method !== 'tools/list') return undefined;
    pages++;
    return { tools: [echo], nextCursor: `${Number(params?.cursor ?? 0) + 1}` };
  });
  let fresh = 0;
  await serve('fertile', ({ method }) => {
    if (method !== 'tools/list') return undefined;
    fresh++;
    return { tools: [{ ...echo, name: `t${fresh}` }], nextCursor: `${fresh}` };
  });
  await expect(router.callTool('nope', {}, { timeout: 20_000 })).rejects.toMatchObject({ code: 'ROLLCALL_UNANSWERED' });
  expect(pages).toBe(2);
  expect(fresh).toBe(100);
});

test('one that has deregistered answers what it has in hand', async () => {
  let release = () => {};
  const called = new Promise<void>((resolve) => {
    release = resolve;
  });
  let answer = () => {};
  const id = await serve('leaving', ({ method, id: request }, response) => {
    if (method === 'tools/list') return { tools: [echo] };
    if (method !== 'tools/call') return undefined;
    release();
    answer = () =>
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ jsonrpc: '2.0', id: request, result: { content: [{ type: 'text', text: 'done' }] } }));
    return null;
  });
  const calling = router.callTool('echo');
  await called;
  const watcher = registry.watch();
  const gone = new Promise<void>((resolve) => {
    watcher.on('remove', (instance) => instance.id === id && resolve());
  });
  await eventually('it is watched', () => watcher.isReady);
  await registry.store.delete(id);
  await gone;
  answer();
  expect((await calling).content).toEqual([{ type: 'text', text: 'done' }]);
});

test('one that has done something, and says 400 in words like those of an unknown session, is not asked again', async () => {
  let done = 0;
  await serve('rude', ({ method, id }, response) => {
    if (method === 'initialize') response.setHeader('mcp-session-id', 'one');
    if (method === 'tools/list') return { tools: [echo] };
    if (method !== 'tools/call') return undefined;
    done++;
    const error = { code: -32000, message: 'Bad Request: No valid session ID in your input, said the tool' };
    response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, error }));
    return null;
  });
  await expect(router.callTool('echo')).rejects.toThrow();
  expect(done).toBe(1);
});

test('what is no object is no argument', async () => {
  for (const args of [5, null, [], 'x']) {
    await expect(router.callTool('x', args as never)).rejects.toMatchObject({ code: 'ROLLCALL_INVALID' });
  }
});
