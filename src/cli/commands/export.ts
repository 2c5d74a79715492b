/** `rollcall export`: the live MCP servers as static configuration for a host. */

import type { Query } from '../../core/query.js';
import { hubKind } from '../../hub/settings.js';
import type { Host } from '../../mcp/host.js';
import { exportConfig } from '../../mcp/host-config.js';
import { factsOf } from '../../mcp/hosts.js';
import { isMcp } from '../../mcp/remote.js';
import type { Registry } from '../../registry/registry.js';
import { exitCodes } from '../failure.js';
import type { Terminal } from '../terminal.js';

/** The configuration goes to stdout, to be redirected, and what it leaves out to stderr. Fails if none of those named is in it. */
export async function exportServers(
  registry: Registry,
  terminal: Terminal,
  query: Query,
  { client, secrets = false }: { client: Host; secrets?: boolean },
): Promise<number | undefined> {
  const found = await registry.discover(query);
  // Who names servers, or a kind, means those, and is told why one of them cannot be had.
  const isNamed = query.name !== undefined || query.kind !== undefined;
  // A hub among them would give a host everything twice.
  const instances = isNamed ? found : found.filter((each) => isMcp(each) && each.kind !== hubKind);
  const { text, left } = exportConfig(client, instances, { secrets, isWindows: process.platform === 'win32' });
  if (text !== '') terminal.line(text);

  const { title, file, remark } = factsOf(client);
  for (const { instance, header, reason } of left) {
    const what = header === undefined ? instance.id : `The header ${header} of ${instance.id}`;
    terminal.say(`${what} is left out: it ${reason}.`);
  }
  if (left.some(({ isSecret }) => isSecret)) terminal.say('Secret headers are written with --secrets.');
  const count = instances.length - left.filter(({ header }) => header === undefined).length;
  if (count === 0) {
    terminal.say(left.length > 0 ? 'None can be written.' : 'No MCP server that runs matches.');
    return isNamed ? exitCodes.failed : undefined;
  }
  if (remark !== undefined) terminal.say(remark);
  terminal.say(`${title} reads this from ${file}.${secrets ? ' It may hold secrets now: keep it to yourself.' : ''}`);
  return undefined;
}
