/** `rollcall wait`. */

import { addressOf } from '../../core/address.js';
import { printable } from '../../core/printable.js';
import type { Registry } from '../../registry/registry.js';
import type { Terminal } from '../terminal.js';

/** Waits until an instance of this name is ready, and prints where it is. */
export async function wait(
  registry: Registry,
  terminal: Terminal,
  name: string,
  { timeout }: { timeout: number },
): Promise<undefined> {
  const instance = await registry.waitFor({ name }, { timeout });
  terminal.line(printable(addressOf(instance) ?? instance.id));
  return undefined;
}
