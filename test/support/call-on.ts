/** A host that calls a tool again and again. */

import type { McpClient } from './mcp-client.js';

/** Calls a tool again and again until it is told to stop; what came of it, and how long the longest call took, in ms. */
export function callOn(host: McpClient, name: string, args: Record<string, unknown>) {
  let isOver = false;
  const texts: string[] = [];
  const failures: string[] = [];
  let longest = 0;
  const calling = (async () => {
    while (!isOver) {
      const start = performance.now();
      const { content, isError } = await host.callTool(name, args);
      longest = Math.max(longest, performance.now() - start);
      const [first] = content;
      (isError === true ? failures : texts).push(first?.type === 'text' ? first.text : '');
      // Others have their turn, as between the calls of a model.
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  // Where the test has failed already, it is that which is told.
  calling.catch(() => {});
  return {
    texts,
    failures,
    stop: async () => {
      isOver = true;
      await calling;
      return longest;
    },
  };
}
