/** `rollcall prune`. */

import { printable } from '../../core/printable.js';
import type { Registry } from '../../registry/registry.js';
import type { Terminal } from '../terminal.js';
import { toJson } from '../view.js';

/** Removes what is provably dead, or says what that would be. */
export async function prune(
  registry: Registry,
  terminal: Terminal,
  { dryRun = false, json = false }: { dryRun?: boolean; json?: boolean },
): Promise<undefined> {
  const { removed, kept, illegible, orphans } = await registry.reap({ dryRun });
  if (json) {
    terminal.json(removed.map(toJson));
    return undefined;
  }
  const verb = dryRun ? 'would remove' : 'removed';
  for (const { id, reason } of removed) terminal.line(printable(`${verb} ${id}: ${reason}`));
  const leftovers = orphans > 0 ? ` ${verb} ${orphans} leftovers of crashed writers.` : '';
  terminal.say(`${removed.length} dead, ${kept.length} kept, ${illegible.length} illegible (kept).${leftovers}`);
  return undefined;
}
