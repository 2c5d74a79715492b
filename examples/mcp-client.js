// @ts-check
/** Discovers MCP servers, picks one by what it can do, and calls its tools with the official clients, new and old. */

import assert from 'node:assert/strict';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Registry, urlOf } from 'rollcall';
import { ending, start, useRegistry } from './support.js';

const registry = new Registry({ directory: useRegistry() });
const servers = [start('mcp-server.js', ['calculator']), start('mcp-server.js', ['notes'])];

// No port, no URL, no order: it is there as soon as it says so.
const calculator = await registry.waitFor(
  { kind: 'mcp', capabilities: ['calculator.add', 'calculator.multiply'] },
  { timeout: 10_000 },
);
assert.equal(calculator.name, 'calculator');
assert.deepEqual(calculator.mcp, { capabilities: { tools: { listChanged: true } } });

// The client of SDK v2 asks for the newest protocol both sides speak.
const url = new URL(urlOf(calculator, 'streamable-http'));
const client = new Client({ name: 'mcp-client', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
await client.connect(new StreamableHTTPClientTransport(url));
assert.equal(client.getNegotiatedProtocolVersion(), '2026-07-28');
const sum = await client.callTool({ name: 'add', arguments: { numbers: [19, 23] } });
assert.deepEqual(sum.content, [{ type: 'text', text: '42' }]);
// What the entry says and what the server says is the same.
const { tools } = await client.listTools();
assert.deepEqual(
  tools.map((tool) => `calculator.${tool.name}`),
  calculator.capabilities,
);
await client.close();

// The client of SDK v1 speaks a protocol of 2025, and reaches the same server.
const clientV1 = new ClientV1({ name: 'mcp-client', version: '1.0.0' });
await clientV1.connect(new TransportV1(url));
const product = await clientV1.callTool({ name: 'multiply', arguments: { numbers: [6, 7] } });
assert.deepEqual(product.content, [{ type: 'text', text: '42' }]);
await clientV1.close();

// Others are found in the same way: here all that can add something, whatever they are.
await registry.waitFor({ name: 'notes' }, { timeout: 10_000 });
const adders = await registry.discover({ kind: 'mcp', capability: '*.add' });
const started = adders.filter(({ process: { pid } }) => servers.some((server) => server.pid === pid));
assert.deepEqual(started.map(({ name }) => name).sort(), ['calculator', 'notes']);

// SIGTERM ends them as it would without rollcall, and takes their entries along.
for (const server of servers) server.kill('SIGTERM');
for (const server of servers) assert.equal(await ending(server), 'SIGTERM');
for (const { id } of started) assert.equal(await registry.get(id), undefined);
await registry.close();
console.log('called one MCP server with two clients, 2026-07-28 and 2025');
