// An MCP server over HTTP whose tool says what it is told, with the official SDK and nothing else between; registered.
// argv: the directory of the registry, its name.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { Registry } from 'rollcall';
import { announce } from 'rollcall/mcp';
import * as z from 'zod';
import { answer } from './answer.js';

const [directory, name] = process.argv.slice(2);
const handle = toNodeHandler(
  createMcpHandler(() => {
    const server = new McpServer({ name, version: '1.0.0' });
    const inputSchema = z.object({ text: z.string() });
    server.registerTool('echo', { inputSchema }, ({ text }) => ({ content: [{ type: 'text', text }] }));
    return server;
  }),
);
const http = createServer((request, response) => void handle(request, response));

answer({
  async live() {
    await once(http.listen(0, '127.0.0.1'), 'listening');
    const { registration } = await announce(http, { name }, { registry: new Registry({ directory }) });
    return { url: registration.instance.endpoints[0].url };
  },
});
