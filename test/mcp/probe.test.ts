/** Whether an MCP server answers: asked of real ones, and of what is none. */

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { Instance } from '../../src/core/instance.js';
import { probe } from '../../src/mcp/probe.js';
import { eventually } from '../support/eventually.js';
import { type FleetOptions, kill, startMember } from '../support/fleet.js';
import { makeInstance } from '../support/make-instance.js';
import { tempFolder } from '../support/temp.js';

let stage: FleetOptions;
beforeEach(() => {
  stage = { directory: `${tempFolder()}/registry` };
});

test.each([
  ['v2-http', 'modern'],
  ['v2-unix', 'modern'],
  ['v2-stateless', 'modern'],
  ['v1-http', 'legacy'],
  ['v1-sse', 'legacy'],
  ['everything', 'legacy'],
  ['slow-list', 'legacy'],
])('%s is a server of the era %s, until it is dead', async (flavour, era) => {
  const member = await startMember(stage, { flavour });
  const found = await probe(member.instance);
  expect(found).toMatchObject({ isServer: true, era, versions: era === 'modern' ? ['2026-07-28'] : [] });
  expect(found.took).toBeGreaterThan(0);
  await kill(member);
  expect(await probe(member.instance)).toMatchObject({ isServer: false, reason: 'refused' });
});

test.each([
  ['hung', 'timeout', undefined],
  ['401', 'unauthorized', 401],
  ['not-mcp', 'not-mcp', 200],
  ['redirect', 'not-mcp', 302],
  ['broken', 'broken', undefined],
])('%s is none: %s', async (flavour, reason, status) => {
  const { instance, running } = await startMember(stage, flavour);
  const found = await probe(instance, { timeout: 300 });
  expect(found).toMatchObject({ isServer: false, reason });
  expect('status' in found ? found.status : undefined).toBe(status);
  expect(running.lines.filter((line) => line.startsWith('got'))).toEqual([]);
});

test('each has its own deadline: one that hangs does not hold up the others', async () => {
  const [hung, well] = await Promise.all([startMember(stage, 'hung'), startMember(stage, 'v2-http')]);
  const answers: string[] = [];
  const ask = async (instance: Instance, timeout: number) => {
    const { isServer } = await probe(instance, { timeout });
    answers.push(`${instance.name} ${isServer}`);
  };
  await Promise.all([ask(hung.instance, 1_000), ask(hung.instance, 500), ask(well.instance, 1_000)]);
  expect(answers).toEqual(['v2-http true', 'hung false', 'hung false']);
});

test('an abort ends it with its reason; what has no endpoint for MCP is an error', async () => {
  const { instance } = await startMember(stage, 'hung');
  const reason = new Error('no more');
  const controller = new AbortController();
  const probing = probe(instance, { timeout: 60_000, signal: controller.signal });
  setImmediate(() => controller.abort(reason));
  await expect(probing).rejects.toBe(reason);
  await expect(probe(instance, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  await expect(probe(makeInstance({ endpoints: [{ type: 'stdio' }] }))).rejects.toMatchObject({
    code: 'ROLLCALL_INVALID',
  });
});

test('no session is left behind, over either transport of before', async () => {
  const opened: string[] = [];
  let streams = 0;
  const server = createServer((request, response) => {
    if (request.url === '/sse') {
      const transport = new SSEServerTransport('/messages', response);
      streams++;
      response.once('close', () => streams--);
      return void new McpServer({ name: 'old', version: '1' }).connect(transport);
    }
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void opened.push(id),
    });
    return void new McpServer({ name: 'old', version: '1' })
      .connect(transport)
      .then(() => transport.handleRequest(request, response));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const at = (type: string, path: string) =>
    makeInstance({ kind: 'mcp', endpoints: [{ type, url: `http://127.0.0.1:${port}${path}` }] });
  expect(await probe(at('streamable-http', '/mcp'))).toMatchObject({ isServer: true, era: 'legacy' });
  expect(await probe(at('sse', '/sse'))).toMatchObject({ isServer: true, era: 'legacy' });
  expect(opened).toEqual([]);
  await eventually('the stream is closed', () => streams === 0);
});
