/** What a server has in hand: it refuses an answer in the middle of it, or deregisters before it answers. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Registry } from '../../src/registry/registry.js';
import { eventually } from '../support/eventually.js';
import { startHub } from '../support/hub.js';
import { tempFolder } from '../support/temp.js';

/**
 * A server of 2025 whose tool `work` counts, pings its client, and is gone from the session when that answers; its tool
 * `think` answers when it is told to.
 */
async function serve(registry: Registry) {
  let done = 0;
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    if (request.method !== 'POST') return response.writeHead(405).end();
    const { id, method, params } = JSON.parse(text) as { id?: unknown; method?: string; params?: { name?: string } };
    const json = (message: object) =>
      response
        .writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 'one' })
        .end(JSON.stringify({ jsonrpc: '2.0', id, ...message }));
    switch (method) {
      case 'initialize':
        return json({
          result: {
            protocolVersion: '2025-06-18',
            capabilities: { tools: {} },
            serverInfo: { name: 'worker', version: '1' },
          },
        });
      case 'tools/list':
        return json({
          result: { tools: ['work', 'think'].map((name) => ({ name, inputSchema: { type: 'object' } })) },
        });
      case 'tools/call': {
        done++;
        if (params?.name === 'think') {
          await once(server, 'answer');
          return json({ result: { content: [{ type: 'text', text: 'thought' }] } });
        }
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(`event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', id: 99, method: 'ping' })}\n\n`);
        const [answer] = await once(server, 'forgotten');
        // The session is gone, and so is the stream.
        answer.writeHead(404).end();
        return response.destroy();
      }
      case undefined:
        return server.emit('forgotten', response);
      default:
        return id === undefined
          ? response.writeHead(202).end()
          : json({ error: { code: -32_601, message: 'no such method' } });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const endpoints = [{ type: 'streamable-http', url: `http://127.0.0.1:${port}/mcp` }];
  const registration = await registry.register({ name: 'worker', kind: 'mcp', endpoints });
  return { registration, done: () => done, answer: () => server.emit('answer') };
}

test.each([[[]], [['--merge']]])(
  'its call is not made again: hub %j',
  async (options) => {
    const stage = { directory: `${tempFolder()}/registry` };
    await using registry = new Registry({ directory: stage.directory });
    const servers = [await serve(registry), await serve(registry)];
    const host = await startHub('v1', stage, ['--expose', 'meta', ...options]);
    const result = await host.callTool('rollcall_call', { instance: 'worker', tool: 'work', arguments: {} });
    expect(result.isError).toBe(true);
    expect(servers.reduce((sum, { done }) => sum + done(), 0)).toBe(1);
  },
  60_000,
);

test('one that has deregistered, and runs still, answers what it has in hand', async () => {
  const stage = { directory: `${tempFolder()}/registry` };
  await using registry = new Registry({ directory: stage.directory });
  const server = await serve(registry);
  const host = await startHub('v1', stage, ['--expose', 'meta']);
  const calling = host.callTool('rollcall_call', { instance: 'worker', tool: 'think', arguments: {} });
  calling.catch(() => {});
  await eventually('it has begun', () => server.done() === 1);
  await server.registration.deregister();
  await eventually('the hub knows', async () => !(await host.say('rollcall_instances')).includes('worker'));
  // Longer than it takes to hear of a connection that was refused.
  const until = performance.now() + 400;
  await eventually('a moment has passed', () => performance.now() > until);
  server.answer();
  expect((await calling).content).toEqual([{ type: 'text', text: 'thought' }]);
}, 60_000);
