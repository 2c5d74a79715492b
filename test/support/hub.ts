/** `rollcall hub`, started as a host starts it. */

import { join } from 'node:path';
import type { FleetOptions } from './fleet.js';
import { connectHost, type Host, type HostOptions } from './host.js';
import type { Kind } from './mcp-client.js';
import { root } from './processes.js';

export const hubProgram = join(root, 'dist/cli/main.js');

export interface HubHostOptions extends HostOptions {
  /** Arguments of node's own. */
  readonly node?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** A host that has started the hub. Both are gone when the running test ends. */
export function startHub(
  kind: Kind,
  { directory }: FleetOptions,
  args: readonly string[] = [],
  { node = [], env = {}, ...options }: HubHostOptions = {},
): Promise<Host> {
  const program = [...node, hubProgram, 'hub', ...args];
  return connectHost(kind, process.execPath, program, { ROLLCALL_DIR: directory, ...env }, options);
}
