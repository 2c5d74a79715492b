/** `rollcall wait`. */

import { addressOf } from '../../core/address.js';
import { namePattern } from '../../core/id.js';
import { printable } from '../../core/printable.js';
import type { Registry } from '../../registry/registry.js';
import { exitCodes, Failure } from '../failure.js';
import type { Terminal } from '../terminal.js';

/** Waits until an instance of this name is ready, and prints where it is. */
export async function wait(
  registry: Registry,
  terminal: Terminal,
  name: string,
  { timeout }: { timeout: number },
): Promise<undefined> {
  // A `*` stands for any characters a name may have.
  if (!namePattern.test(name.replaceAll('*', 'x'))) {
    throw new Failure(
      `No instance can ever be named ${name}: letters, digits, ".", "_" and "-" only.`,
      exitCodes.usage,
    );
  }
  const instance = await registry.waitFor({ name }, { timeout });
  terminal.line(printable(addressOf(instance) ?? instance.id));
  return undefined;
}
