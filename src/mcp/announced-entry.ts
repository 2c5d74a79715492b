/** An announcement, without what is found out. */

import { invalid } from '../core/errors.js';
import type { RegistrationInput } from '../core/instance.js';
import type { Introduction } from './introduction.js';

/** What is said of the server beside its address. */
export interface AnnouncedEntry extends Omit<RegistrationInput, 'name' | 'endpoints'> {
  /** That of the MCP server, unless given. */
  readonly name?: string | undefined;
}

/** @throws ROLLCALL_INVALID if neither says it. */
export function nameOf(entry: AnnouncedEntry, introduced: Introduction): string {
  const name = entry.name ?? introduced.name;
  if (name !== undefined) return name;
  throw invalid('The announcement', [{ path: 'name', message: 'must be given, or `mcp`, a server that has one' }]);
}

/** Its address is found out; what is said of that would be lost. @throws ROLLCALL_INVALID */
export function refuseEndpoints(entry: object): void {
  if (!('endpoints' in entry)) return;
  const message = 'are found out: the address is that of the server; see the options path, type and token';
  throw invalid('The announcement', [{ path: 'endpoints', message }]);
}
