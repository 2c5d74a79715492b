/** `rollcall hub --print-config`: what makes an MCP host start the hub. */

import type { Query } from '../../core/query.js';
import { callTimeout, type Exposure } from '../../hub/settings.js';
import type { Host } from '../../mcp/host.js';
import { hubConfig, isReplaced } from '../../mcp/host-config.js';
import { factsOf } from '../../mcp/hosts.js';
import type { Terminal } from '../terminal.js';

/** The snippet goes to stdout, with the filters of `query` as the command line takes them; where it belongs, to stderr. */
export function printConfig(
  terminal: Terminal,
  host: Host,
  query: Query,
  { expose, timeout, health, merge }: { expose: Exposure; timeout: number; health?: boolean; merge?: boolean },
): undefined {
  const args = [
    ...argsOf(query),
    ...(expose === 'auto' ? [] : ['--expose', expose]),
    ...(timeout === callTimeout ? [] : ['--timeout', `${timeout}ms`]),
    ...(health === true ? ['--health'] : []),
    ...(merge === true ? ['--merge'] : []),
  ];
  const env = environment();
  terminal.line(hubConfig(host, { args, env, isWindows: process.platform === 'win32' }));
  const { title, file } = factsOf(host);
  for (const text of [...args, ...Object.values(env)]) {
    if (isReplaced(host, text)) terminal.say(`${title} will replace what stands after the $ in ${text}.`);
  }
  terminal.say(`${title} reads this from ${file}.`);
  return undefined;
}

function argsOf({ name, kind, tags = [], capabilities = [], status, cwd }: Query): string[] {
  const options: [string, string][] = [
    ...listOf(name).map((each): [string, string] => ['--name', each]),
    ...listOf(kind).map((each): [string, string] => ['--kind', each]),
    ...tags.map((each): [string, string] => ['--tag', each]),
    ...capabilities.map((each): [string, string] => ['--capability', each]),
    ...listOf(status).map((each): [string, string] => ['--status', each]),
    ...(cwd === undefined ? [] : [['--cwd', cwd] satisfies [string, string]]),
  ];
  return options.flat();
}

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}

/** What decides where the registry is. Hosts start servers with a few variables of their own choice. */
function environment(): Record<string, string> {
  const { ROLLCALL_DIR, XDG_DATA_HOME } = process.env;
  if (ROLLCALL_DIR) return { ROLLCALL_DIR };
  return process.platform === 'linux' && XDG_DATA_HOME ? { XDG_DATA_HOME } : {};
}
