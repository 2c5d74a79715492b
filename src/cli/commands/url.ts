/** `rollcall url`. */

import { urlOf } from '../../core/address.js';
import { printable } from '../../core/printable.js';
import type { Registry } from '../../registry/registry.js';
import { Failure } from '../failure.js';
import { find } from '../find.js';
import type { Terminal } from '../terminal.js';

/** Just the URL, for `curl $(rollcall url api)`: of an instance that is alive. */
export async function url(
  registry: Registry,
  terminal: Terminal,
  word: string,
  { type }: { type?: string },
): Promise<undefined> {
  const picked = await registry.pick({ name: word });
  const count = picked && (await registry.discover({ name: word, status: 'ready' })).length;
  if (count !== undefined && count > 1 && !process.env.ROLLCALL_INSTANCE) {
    terminal.say(`${count} instances are named ${word}; this is the newest. The others: rollcall list ${word}`);
  }
  const { instance, verdict, reason } = picked
    ? { instance: picked, verdict: 'alive', reason: '' }
    : await find(registry, word, terminal);
  if (verdict !== 'alive' || instance === undefined) throw new Failure(`${word} is ${verdict}: ${reason}.`);
  terminal.line(printable(urlOf(instance, type)));
  return undefined;
}
