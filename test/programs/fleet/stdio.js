// The same servers over stdio, as a host starts them: nothing is registered, and stdout is the protocol's.
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { serverV1 } from './v1.js';
import { serverV2 } from './v2.js';

/** Both eras. One process serves one client, so in the stateless era, too, there is somebody to hear of changes. */
export function stdioV2(world) {
  world.at = 'stdio';
  serveStdio((context) => serverV2(world, { ...context, isSession: true }));
}

export async function stdioV1(world) {
  world.at = 'stdio';
  await serverV1(world).connect(new StdioServerTransport());
}
