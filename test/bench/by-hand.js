/** The little that everyone writes who keeps one file per server by hand. */

import { closeSync, openSync, readdirSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** @param {string} folder */
export const entriesIn = (folder) => readdirSync(folder).filter((name) => name.endsWith('.json'));

/** @param {number} pid */
export function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/**
 * The least that puts a file into place whole.
 *
 * @param {string} draft
 * @param {string} target
 * @param {string} text
 */
export function writeAndRename(draft, target, text) {
  const file = openSync(draft, 'wx', 0o600);
  writeSync(file, text);
  closeSync(file);
  renameSync(draft, target);
}

/** What a server says of itself; as an entry, some 700 bytes. @param {number} n */
export const server = (n) => ({
  name: `server-${n % 40}`,
  version: '2.1.0',
  kind: 'mcp',
  endpoints: [{ type: 'streamable-http', url: `http://127.0.0.1:${20_000 + (n % 40_000)}/mcp` }],
  capabilities: ['weather.current', 'weather.forecast'],
  tags: ['gpu'],
  metadata: { region: 'us-west-2', priority: n % 10, n },
  cwd: join('/home/me/projects', `server-${n}`),
  // A heartbeat in the middle of a round would be another measurement.
  ttl: 86_400_000,
});
