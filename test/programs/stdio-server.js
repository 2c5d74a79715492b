// An MCP server over stdio that announces itself. Its tool `pid` says which process it is.
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { announceStdio } from '../../dist/mcp/index.js';

const make = () => {
  const server = new McpServer({ name: 'words', title: 'Words', version: '1.2.0' });
  server.registerTool('pid', { description: 'Its pid' }, () => ({
    content: [{ type: 'text', text: `${process.pid}` }],
  }));
  return server;
};
serveStdio(make);
announceStdio({}, { mcp: make() });
