/** Tools of real MCP servers: who is asked, connections that are kept, and calls that go elsewhere. */

import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { Registry } from '../../src/registry/registry.js';
import { createRouter, type RouterOptions } from '../../src/route/index.js';
import { eventually } from '../support/eventually.js';
import { type FleetOptions, kill, startFleet, startMember } from '../support/fleet.js';
import { tempFolder } from '../support/temp.js';

let stage: FleetOptions & { log: string };
let registry: Registry;
beforeEach(() => {
  const folder = tempFolder();
  stage = { directory: `${folder}/registry`, log: `${folder}/log` };
  const opened = new Registry({ directory: stage.directory, onError: () => {} });
  registry = opened;
  onTestFinished(() => opened.close());
});

function open(options: RouterOptions = {}) {
  const router = createRouter(registry, { timeout: 10_000, ...options });
  onTestFinished(() => router.close());
  return router;
}

type Router = ReturnType<typeof open>;

async function say(router: Router, name: string, args = {}, options = {}): Promise<string> {
  const { content } = await router.callTool(name, args, options);
  const [first] = content as { text?: string }[];
  return first?.text ?? '';
}

const who = async (router: Router, name: string, options = {}) =>
  JSON.parse(await say(router, name, {}, options)) as { name: string; pid: number; session?: string; count: number };

const capable = (...capabilities: string[]) => ({ ENTRY: JSON.stringify({ capabilities }) });
const logged = () => (existsSync(stage.log) ? readFileSync(stage.log, 'utf8').trim().split('\n') : []);

test.each(['v2-http', 'v2-unix', 'v1-http', 'v1-sse'])('calls a tool of whoever has it: %s', async (flavour) => {
  await startMember(stage, { flavour, name: 'weather' });
  const router = open();
  expect(await say(router, 'echo', { text: 'hello' })).toBe('hello');
  expect(await say(router, 'weather.echo', { text: 'by its name' })).toBe('by its name');
  expect((await router.callTool('add', { a: 1, b: 2 })).structuredContent).toEqual({ sum: 3 });
});

test('those that have the capability come first, then those whose name it begins with, then all others', async () => {
  await startFleet(stage, [
    { flavour: 'v2-http', name: 'echo-server', env: capable('who') },
    { flavour: 'v2-http', name: 'weather' },
    { flavour: 'v2-http', name: 'another' },
  ]);
  const router = open({ strategy: 'newest' });
  for (let count = 0; count < 3; count++) {
    expect((await who(router, 'who')).name).toBe('echo-server');
    expect((await who(router, 'weather.who')).name).toBe('weather');
  }
  expect((await who(router, 'who', { query: { name: 'another' } })).name).toBe('another');
});

test('who says that it can and has no such tool is passed over, which is no attempt', async () => {
  await startFleet(stage, [
    { flavour: 'v2-http', name: 'boaster', env: capable('current', 'nothing.of.this') },
    { flavour: 'v2-http', name: 'other' },
  ]);
  const router = open({ attempts: 1 });
  const error = await router.callTool('nothing.of.this').catch((thrown) => thrown);
  expect(error.code).toBe('ROLLCALL_UNANSWERED');
  expect(error.details.attempts).toEqual([]);
  expect(error.details.leftOut.map(({ reason }: { reason: string }) => reason)).toEqual([
    'has no tool nothing.of.this',
    'has no tool nothing.of.this',
  ]);
  expect(error.message).toMatch(/^No answer to nothing\.of\.this \(\{\}\): there is no instance/);
});

test('a result that is an error is an answer, and so is an error of the protocol', async () => {
  await startFleet(stage, [
    { flavour: 'v2-http', name: 'one' },
    { flavour: 'v2-http', name: 'other' },
  ]);
  const router = open();
  expect(await router.callTool('fail', { message: 'no' })).toMatchObject({ isError: true, content: [{ text: 'no' }] });
  const asked: string[] = [];
  await registry.register({
    name: 'strict',
    kind: 'mcp',
    endpoints: [{ type: 'streamable-http', url: await refusing(asked) }],
  });
  for (const idempotent of [true, false]) {
    asked.length = 0;
    const refused = router.callTool('strict.do', {}, { idempotent });
    await expect(refused).rejects.toMatchObject({ name: 'ProtocolError', code: -32602, message: 'not like this' });
    expect(asked.filter((method) => method === 'tools/call')).toHaveLength(1);
  }
});

/** A server of 2025 that refuses every call. */
async function refusing(asked: string[]): Promise<string> {
  const results: Record<string, object> = {
    initialize: { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 's', version: '1' } },
    'tools/list': { tools: [{ name: 'do', inputSchema: { type: 'object' } }] },
  };
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    if (request.method !== 'POST') return response.writeHead(405).end();
    const { id, method } = JSON.parse(body);
    asked.push(method);
    if (id === undefined) return response.writeHead(202).end();
    const result = results[method];
    const error = { code: method === 'tools/call' ? -32602 : -32601, message: 'not like this' };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id, ...(result ? { result } : { error }) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as { port: number }).port}/mcp`;
}

test('tells of progress, and is ended by the signal of its caller', async () => {
  await startMember(stage, { flavour: 'v2-http', name: 'weather' });
  const router = open();
  const steps: number[] = [];
  await router.callTool('wait', { ms: 60, steps: 3 }, { onProgress: ({ progress }) => void steps.push(progress) });
  expect(steps).toEqual([1, 2, 3]);
  const controller = new AbortController();
  const reason = new Error('enough');
  const waiting = router.callTool('wait', { ms: 60_000 }, { signal: controller.signal });
  waiting.catch(() => {});
  await eventually('it has begun', () => logged().length === 3);
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  await eventually('its server hears of it', () => logged().at(-1) === 'cancelled weather');
  await expect(router.callTool('wait', { ms: 60_000 }, { timeout: 300 })).rejects.toMatchObject({
    code: 'ROLLCALL_UNANSWERED',
    details: { attempts: [{ reason: 'no answer within 300 ms' }] },
  });
});

describe('connections', () => {
  test('one to each instance, shared by all calls, and closed with the router', async () => {
    await startMember(stage, { flavour: 'v1-http', name: 'weather' });
    const router = open();
    const seen = await Promise.all(Array.from({ length: 10 }, () => who(router, 'who')));
    expect(new Set(seen.map(({ session }) => session)).size).toBe(1);
    expect(Math.max(...seen.map(({ count }) => count))).toBe(10);
    await router.close();
    await expect(router.callTool('who')).rejects.toMatchObject({ code: 'ROLLCALL_CLOSED' });
    const again = await who(open(), 'who');
    expect(again.session).not.toBe(seen[0]?.session);
  });

  test.each(['v2-http', 'v1-http'])('a tool that comes later is found: %s', async (flavour) => {
    await startMember(stage, { flavour, name: 'weather' });
    const router = open();
    await say(router, 'echo', { text: 'x' });
    const grown = (await say(router, 'grow')).match(/grown_\d+/)?.[0] ?? 'grown_1';
    await eventually('it is known', async () => (await router.callTool(grown, {}, { timeout: 1_000 })) !== undefined);
  });
});

describe('elsewhere', () => {
  test('whoever cannot be connected to is passed on from, whatever the reason', async () => {
    const url = 'http://127.0.0.1:1/mcp';
    const endpoints = [{ type: 'streamable-http', url }];
    await startMember(stage, { flavour: 'v2-http', name: 'weather', env: capable('who') });
    await startMember(stage, { flavour: 'not-mcp', name: 'page', env: capable('who') });
    await startMember(stage, { flavour: '401', name: 'closed', env: capable('who') });
    await registry.register({ name: 'none', kind: 'mcp', endpoints, capabilities: ['who'] });
    const router = open({ strategy: 'newest', attempts: 4 });
    expect((await who(router, 'who')).name).toBe('weather');
    const error = await router
      .callTool('who', {}, { query: { name: ['none', 'closed', 'page'] } })
      .catch((thrown) => thrown);
    expect(error.details.attempts.map(({ name }: { name: string }) => name).slice(0, 3)).toEqual([
      'none',
      'closed',
      'page',
    ]);
    expect(error.message).toContain('ECONNREFUSED');
  });

  test.each(['v2-http', 'v1-http'])('a server that has been killed and is not known to be: %s', async (flavour) => {
    const [one, other] = await startFleet(stage, [
      { flavour, name: 'one', env: capable('who') },
      { flavour, name: 'other', env: capable('who') },
    ]);
    const router = open({ strategy: 'round-robin' });
    await who(router, 'who');
    await who(router, 'who');
    for (const member of [one, other]) {
      if (member === undefined) continue;
      await kill(member);
      for (let count = 0; count < 4; count++) {
        const rest = member === one ? 'other' : undefined;
        if (rest !== undefined) expect((await who(router, 'who')).name).toBe(rest);
      }
    }
    await expect(router.callTool('who')).rejects.toMatchObject({ code: 'ROLLCALL_UNANSWERED' });
  });

  test('a server that was started anew at the same port does not know the session: that is no attempt lost', async () => {
    const port = await freePort();
    const member = await startMember(stage, { flavour: 'v1-http', name: 'weather', env: { PORT: port } });
    // Behind one entry that is not its own, so that only the server changes.
    const url = `http://127.0.0.1:${port}/mcp`;
    await registry.register({ name: 'stable', kind: 'mcp', endpoints: [{ type: 'streamable-http', url }] });
    const router = open();
    const query = { name: 'stable' };
    const before = await who(router, 'who', { query });
    await kill(member);
    await startMember(stage, { flavour: 'v1-http', name: 'weather', env: { PORT: port } });
    const after = await who(router, 'who', { query });
    expect(after.pid).not.toBe(before.pid);
  });

  test('a call that breaks off in the middle is not made again, unless it is idempotent', async () => {
    const start = () => startMember(stage, { flavour: 'v2-http', name: 'weather' });
    const router = open({ strategy: 'newest' });
    await start();
    let member = await start();
    const once = router.callTool('wait', { ms: 60_000 });
    once.catch(() => {});
    await eventually('it has begun', () => logged().includes('started weather'));
    await kill(member);
    await expect(once).rejects.toMatchObject({
      code: 'ROLLCALL_UNANSWERED',
      message: expect.stringContaining('not said that it is idempotent'),
      details: { attempts: [{ id: member.instance.id }] },
    });
    expect(logged()).toEqual(['started weather']);
    member = await start();
    appendFileSync(stage.log, '--\n');
    const twice = router.callTool('wait', { ms: 300 }, { idempotent: true });
    await eventually('it has begun', () => logged().at(-1) === 'started weather');
    await kill(member);
    expect((await twice).isError).not.toBe(true);
    expect(logged().slice(2)).toEqual(['started weather', 'started weather', 'done weather']);
  });
});

async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return `${port}`;
}

test('the SDK is needed for tools alone', async () => {
  await expect(open().callTool('')).rejects.toThrow(/must be a string that is not empty/);
  await expect(open().callTool('x', {}, { onprogress: 1 } as never)).rejects.toMatchObject({
    code: 'ROLLCALL_INVALID',
  });
  await expect(open().callTool('x', {}, { query: { nmae: 1 } as never })).rejects.toMatchObject({
    code: 'ROLLCALL_INVALID',
  });
});
