// @ts-check
/** A host starts an MCP server over stdio; it shows up in the registry, and its stdout carries the protocol alone. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Registry } from 'rollcall';
import { ending, useRegistry } from './support.js';

const directory = useRegistry();
const registry = new Registry({ directory });
const args = [fileURLToPath(new URL('mcp-stdio-server.js', import.meta.url))];
// A host passes on only a few variables by itself.
const env = { ...getDefaultEnvironment(), ROLLCALL_DIR: directory };

// As a host does it. With `auto` the client starts the server twice, first only to ask which protocol it speaks, so
// that two instances may be there for a moment; the pid tells which one is the session's.
const transport = new StdioClientTransport({ command: process.execPath, args, env, stderr: 'inherit' });
const client = new Client({ name: 'mcp-stdio-client', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
await client.connect(transport);
const answer = await client.callTool({ name: 'count', arguments: { text: 'who is there' } });
assert.deepEqual(answer.content, [{ type: 'text', text: '3' }]);

const words = await registry.waitFor(
  { capability: 'words.*', where: { 'process.pid': transport.pid, 'endpoints.type': 'stdio' } },
  { timeout: 10_000 },
);
assert.equal(words.name, 'words');

// The host goes: the server's stdin ends, the server ends, and its entry is gone.
await client.close();
assert.equal(await registry.get(words.id), undefined);

// Once more without an SDK between, to see every byte of its stdout from the first to the last.
const server = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
process.once('exit', () => server.kill('SIGKILL'));
/** @param {object} message */
const send = (message) => server.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const clientInfo = { name: 'by hand', version: '1.0.0' };
send({ id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo } });

/** @type {any[]} */
const messages = [];
for await (const line of createInterface({ input: server.stdout })) {
  const message = JSON.parse(line);
  assert.equal(message.jsonrpc, '2.0');
  messages.push(message);
  if (message.id === 1) {
    // Not before it is registered, so that what that might write would be seen.
    await registry.waitFor({ where: { 'process.pid': server.pid } }, { timeout: 10_000 });
    send({ method: 'notifications/initialized' });
    send({ id: 2, method: 'tools/call', params: { name: 'count', arguments: { text: 'only this' } } });
  }
  if (message.id === 2) server.stdin.end();
}
assert.deepEqual(
  messages.map(({ id }) => id),
  [1, 2],
);
assert.equal(messages[1].result.content[0].text, '2');
assert.equal(await ending(server), 0);
assert.deepEqual(await registry.discover({ where: { 'process.pid': server.pid } }), []);

await registry.close();
console.log('its stdout carried 2 messages and nothing else');
