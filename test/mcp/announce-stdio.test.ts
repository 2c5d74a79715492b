/** Servers over stdio that make themselves known. */

import { PassThrough } from 'node:stream';
import { Client } from '@modelcontextprotocol/client';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport as StdioServerTransportV1 } from '@modelcontextprotocol/sdk/server/stdio.js';
import { McpServer, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { expect, onTestFinished, test } from 'vitest';
import { announce, type StdioTransport } from '../../src/mcp/announce.js';
import { announceStdio } from '../../src/mcp/announce-stdio.js';
import { Registry } from '../../src/registry/registry.js';
import { createCluster } from '../../src/testing/cluster.js';
import { eventually } from '../support/eventually.js';
import { root } from '../support/processes.js';
import { tempFolder } from '../support/temp.js';

test('a client that starts it twice, first only to ask, sees one come and go', async () => {
  const directory = tempFolder();
  const registry = new Registry({ directory });
  const watcher = registry.watch();
  const pids: number[] = [];
  watcher.on('add', ({ process }) => pids.push(process.pid));
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: ['test/programs/stdio-server.js'],
    cwd: root,
    env: { ...getDefaultEnvironment(), ROLLCALL_DIR: directory },
    stderr: 'inherit',
  });
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(transport);
  const { content } = await client.callTool({ name: 'pid', arguments: {} });
  const instance = await registry.waitFor({ name: 'words' });
  expect(content).toEqual([{ type: 'text', text: `${instance.process.pid}` }]);
  expect(instance).toMatchObject({
    title: 'Words',
    version: '1.2.0',
    kind: 'mcp',
    endpoints: [{ type: 'stdio' }],
    mcp: { capabilities: { tools: {} } },
  });
  await client.close();
  await eventually('it is gone', () => (watcher.instances.length === 0 && pids.length > 0) || undefined);
  expect(pids).toEqual([instance.process.pid]);
  await registry.close();
});

async function simulated() {
  const cluster = await createCluster();
  onTestFinished(() => cluster.close());
  const server = await cluster.start({ name: 'host' });
  return { cluster, registry: server.registry };
}

test('it is registered after a second, and not if it was taken back before', async () => {
  const { cluster, registry } = await simulated();
  const kept = announceStdio({ name: 'kept' }, { registry });
  const dropped = announceStdio({ name: 'dropped' }, { registry });
  await cluster.advance(900);
  expect(await cluster.registry.discover({ name: ['kept', 'dropped'] })).toEqual([]);
  await dropped[Symbol.asyncDispose]();
  expect(await dropped.registered).toBeUndefined();
  await cluster.advance(200);
  expect((await cluster.registry.discover({ name: ['kept', 'dropped'] })).map(({ name }) => name)).toEqual(['kept']);
  expect((await kept.registered)?.instance.endpoints).toEqual([{ type: 'stdio' }]);
  await kept[Symbol.asyncDispose]();
  expect(await cluster.registry.discover({ name: 'kept' })).toEqual([]);
});

test('it must have a name', async () => {
  const { registry } = await simulated();
  expect(() => announceStdio({}, { registry })).toThrow(expect.objectContaining({ code: 'ROLLCALL_INVALID' }));
});

test('the transport of the SDK, of either version, is announced for as long as it is open', async () => {
  for (const [Transport, Server] of [
    [StdioServerTransport, McpServer],
    [StdioServerTransportV1, McpServerV1],
  ] as const) {
    const { cluster, registry } = await simulated();
    const [stdin, stdout] = [new PassThrough(), new PassThrough()];
    const transport = new Transport(stdin, stdout);
    const mcp = new Server({ name: 'words', version: '1.0.0' });
    const announcing = announce(transport as StdioTransport, {}, { mcp, registry });
    await mcp.connect(transport as never);
    await cluster.advance(1_100);
    const { registration } = await announcing;
    expect(registration.instance).toMatchObject({ name: 'words', version: '1.0.0', endpoints: [{ type: 'stdio' }] });
    stdin.end();
    await transport.close();
    await eventually('it is gone', async () => (await cluster.registry.get(registration.id)) === undefined);
  }
});

test('one that is closed at once is never registered; one over HTTP does not know where it is', async () => {
  const { cluster, registry } = await simulated();
  const transport = new StdioServerTransport(new PassThrough(), new PassThrough());
  const announcing = announce(transport, { name: 'early' }, { registry });
  const failing = expect(announcing).rejects.toMatchObject({ code: 'ROLLCALL_CLOSED' });
  await transport.close();
  transport.onclose?.();
  await cluster.advance(2_000);
  await failing;
  expect(await cluster.registry.discover({ name: 'early' })).toEqual([]);
  const http = new WebStandardStreamableHTTPServerTransport();
  await expect(announce(http as never, { name: 'x' }, { registry })).rejects.toThrow(
    /the server of node:http that gives/,
  );
});
