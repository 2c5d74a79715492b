/** A server over stdio of our own, started as an entry says. */

import { invalid } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
import { printable } from '../core/printable.js';
import type { Transport } from './client.js';
import type { StdioSdk } from './sdk.js';

/** How a server of the kind is started: in the entry's `metadata`, or beside `type: "stdio"`, as other writers have it. */
interface Started {
  readonly command?: unknown;
  readonly args?: unknown;
}

/**
 * Without a shell, and with the few variables that the SDK passes on. Only for names that the caller has allowed.
 *
 * @throws ROLLCALL_INVALID if the entry names no command.
 */
export function startFrom(sdk: StdioSdk, { id, endpoints, metadata, cwd }: Instance): Transport {
  const beside = endpoints.find(({ type }) => type === 'stdio') as Started | undefined;
  const { command, args = [] } = typeof beside?.command === 'string' ? beside : (metadata as Started);
  if (typeof command !== 'string' || !Array.isArray(args) || !args.every((each) => typeof each === 'string')) {
    const message = 'names no command that could be started (metadata.command, metadata.args), and no address';
    throw invalid('The instance', [{ path: printable(id), message }]);
  }
  return new sdk.StdioClientTransport({ command, args, stderr: 'inherit', ...(cwd !== undefined && { cwd }) });
}
