// @ts-check
/**
 * An MCP server that makes itself known: the official SDK, Streamable HTTP, on a port nobody chose.
 *
 *   node examples/mcp-server.js weather        or notes, or calculator
 *
 * There is no more to it than `announce`. However the process ends, its entry goes with it.
 */

import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { announce } from 'rollcall/mcp';
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
const tools = services[name] ?? {};
if (!(name in services)) throw new Error(`There is no ${name} here, only ${Object.keys(services).join(', ')}.`);

// 1. An MCP server, as the SDK's guide makes one. It serves the stateless protocol of 2026 and the one before it.
function makeServer() {
  const server = new McpServer({ name, version: '1.0.0' });
  for (const [tool, { run, ...config }] of Object.entries(tools)) {
    server.registerTool(tool, config, (input) => ({ content: [{ type: 'text', text: run(input) }] }));
  }
  return server;
}
const handle = toNodeHandler(createMcpHandler(makeServer));

// 2. It listens where only this machine can reach it. A web page can still try, under a host name that leads to
// 127.0.0.1 (DNS rebinding): then the name it calls gives it away. The guard looks at that, and at the page.
const http = createServer((request, response) => {
  if (announcing.guard.handle(request, response)) void handle(request, response);
});

// 3. As soon as it can be reached, it says so. What it is called, and what its protocol calls its capabilities, is what
// the server says of itself.
const announcing = announce(
  http,
  { capabilities: Object.keys(tools).map((tool) => `${name}.${tool}`), ttl: Number(ttl) },
  { mcp: makeServer, supportedProtocolVersions: ['2026-07-28', '2025-11-25'] },
);
http.listen(0, '127.0.0.1');
const { registration } = await announcing;
console.error(`registered ${registration.id} at ${registration.instance.endpoints[0]?.url}`);

// Whoever started it may have it change what it says of itself: { status: 'draining' } sends clients elsewhere.
process.on('message', (/** @type {import('rollcall').RegistrationPatch} */ patch) => registration.update(patch));
