// A server that writes down each call before it does anything else, and then takes its time. argv: `http` or `mcp`, then
// its name. From the environment: ROLLCALL_DIR; LOG, the file to which it adds a line for each call: the call's own id.
// Prints `registered <id>`.
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { Registry } from '../../dist/index.js';

const [kind, name] = process.argv.slice(2);
const { LOG } = process.env;

async function count(call) {
  // One write of one short line: the lines of several processes do not mix.
  appendFileSync(LOG, `${call}\n`);
  await pause(Math.random() * 100);
  return call;
}

async function overHttp(request, response) {
  let call = '';
  for await (const chunk of request.setEncoding('utf8')) call += chunk;
  response.end(await count(call));
}

async function overMcp() {
  const { toNodeHandler } = await import('@modelcontextprotocol/node');
  const { createMcpHandler, McpServer } = await import('@modelcontextprotocol/server');
  const z = await import('zod');
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name, version: '1' });
    const inputSchema = z.object({ call: z.string() });
    server.registerTool('count', { inputSchema }, async ({ call }) => ({
      content: [{ type: 'text', text: await count(call) }],
    }));
    return server;
  });
  return toNodeHandler(handler);
}

const server = createServer(kind === 'http' ? overHttp : await overMcp());
server.listen(0, '127.0.0.1', async () => {
  const [type, path] = kind === 'http' ? ['http', '/'] : ['streamable-http', '/mcp'];
  const url = `http://127.0.0.1:${server.address().port}${path}`;
  const { id } = await new Registry().register({ name, kind, endpoints: [{ type, url }] });
  console.log(`registered ${id}`);
});
