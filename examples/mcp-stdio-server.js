// @ts-check
/**
 * An MCP server over stdio that makes itself known. Its stdout belongs to the protocol: rollcall writes nothing
 * there, and neither may the program itself.
 *
 * Clients cannot connect to it (the host that started it owns its pipes), but everyone sees that it runs, and where.
 */

import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { register } from 'rollcall';
import * as z from 'zod';

serveStdio(() => {
  const server = new McpServer({ name: 'words', version: '1.0.0' });
  server.registerTool(
    'count',
    { description: 'How many words a text has', inputSchema: z.object({ text: z.string() }) },
    ({ text }) => ({ content: [{ type: 'text', text: `${text.split(/\s+/).filter(Boolean).length}` }] }),
  );
  return server;
});

const { id } = await register({
  name: 'words',
  version: '1.0.0',
  kind: 'mcp',
  endpoints: [{ type: 'stdio' }],
  capabilities: ['words.count'],
  mcp: { capabilities: { tools: {} } },
});
console.error(`registered ${id}`);
// Nothing of rollcall keeps it running: when the host closes its stdin it ends, and its entry with it.
