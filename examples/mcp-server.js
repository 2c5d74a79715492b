// @ts-check
/**
 * An MCP server that makes itself known: the official SDK, Streamable HTTP, on a port nobody chose.
 *
 *   node examples/mcp-server.js weather        or notes, or calculator
 *
 * There is no more to it than `register`. However the process ends, its entry goes with it.
 */

import { once } from 'node:events';
import { createServer } from 'node:http';
import { localhostHostValidation, localhostOriginValidation, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { register } from 'rollcall';
import * as z from 'zod';

/** @typedef {{ description: string, inputSchema: z.ZodObject, run: (input: any) => string }} Tool */

/** @type {string[]} */
const notes = [];

/** @type {Record<string, Record<string, Tool>>} */
const services = {
  weather: {
    current: {
      description: 'The weather in a city, now',
      inputSchema: z.object({ city: z.string() }),
      run: ({ city }) => `${city}: ${['sunny', 'cloudy', 'windy'][city.length % 3]}, ${10 + city.length} °C`,
    },
    forecast: {
      description: 'The weather in a city, tomorrow',
      inputSchema: z.object({ city: z.string() }),
      run: ({ city }) => `${city}, tomorrow: ${['cloudy', 'windy', 'sunny'][city.length % 3]}`,
    },
  },
  notes: {
    add: {
      description: 'Keeps a note',
      inputSchema: z.object({ text: z.string() }),
      run: ({ text }) => `note ${notes.push(text)} kept`,
    },
    search: {
      description: 'The notes that contain a word',
      inputSchema: z.object({ word: z.string() }),
      run: ({ word }) => notes.filter((note) => note.includes(word)).join('\n'),
    },
  },
  calculator: {
    add: {
      description: 'The sum of numbers',
      inputSchema: z.object({ numbers: z.array(z.number()) }),
      run: ({ numbers }) => `${numbers.reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b, 0)}`,
    },
    multiply: {
      description: 'The product of numbers',
      inputSchema: z.object({ numbers: z.array(z.number()) }),
      run: ({ numbers }) => `${numbers.reduce((/** @type {number} */ a, /** @type {number} */ b) => a * b, 1)}`,
    },
  },
};

const [name = 'weather', ttl = '45000'] = process.argv.slice(2);
const tools = services[name];
if (tools === undefined) throw new Error(`There is no ${name} here, only ${Object.keys(services).join(', ')}.`);

// 1. An MCP server, as the SDK's guide makes one. It serves the stateless protocol of 2026 and the sessions before it.
const handle = toNodeHandler(
  createMcpHandler(() => {
    const server = new McpServer({ name, version: '1.0.0' });
    for (const [tool, { run, ...config }] of Object.entries(tools)) {
      server.registerTool(tool, config, (input) => ({ content: [{ type: 'text', text: run(input) }] }));
    }
    return server;
  }),
);

// 2. It listens where only this machine can reach it. A web page can still try, under a host name that leads to
// 127.0.0.1 (DNS rebinding): then the name it calls gives it away.
const isHostLocal = localhostHostValidation();
const isOriginLocal = localhostOriginValidation();
const http = createServer((request, response) => {
  if (isHostLocal(request, response) && isOriginLocal(request, response)) void handle(request, response);
});
await once(http.listen(0, '127.0.0.1'), 'listening');
const { port } = /** @type {import('node:net').AddressInfo} */ (http.address());

// 3. Now that it can be reached, it says so.
const registration = await register({
  name,
  version: '1.0.0',
  kind: 'mcp',
  endpoints: [
    {
      type: 'streamable-http',
      url: `http://127.0.0.1:${port}/mcp`,
      supportedProtocolVersions: ['2026-07-28', '2025-11-25'],
    },
  ],
  capabilities: Object.keys(tools).map((tool) => `${name}.${tool}`),
  mcp: { capabilities: { tools: {} } },
  ttl: Number(ttl),
});
console.error(`registered ${registration.id} on port ${port}`);

// Whoever started it may have it change what it says of itself: { status: 'draining' } sends clients elsewhere.
process.on('message', (/** @type {import('rollcall').RegistrationPatch} */ patch) => registration.update(patch));
