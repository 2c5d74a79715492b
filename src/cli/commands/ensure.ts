/** `rollcall ensure`: an instance, started if there is none. */

import { resolve } from 'node:path';
import { addressOf } from '../../core/address.js';
import { printable } from '../../core/printable.js';
import type { Registry } from '../../registry/registry.js';
import type { Terminal } from '../terminal.js';

/** Prints where it is. What is started goes on when we have ended. */
export async function ensure(
  registry: Registry,
  terminal: Terminal,
  name: string,
  [command = '', ...args]: readonly string[],
  { cwd, timeout }: { cwd?: string; timeout: number },
): Promise<undefined> {
  const instance = await registry.ensure(
    { name },
    { command, args, timeout, outlive: true, ...(cwd !== undefined && { cwd: resolve(cwd) }) },
  );
  terminal.line(printable(addressOf(instance) ?? instance.id));
  return undefined;
}
