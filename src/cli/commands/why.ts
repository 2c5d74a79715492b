/** `rollcall why`: which instance would be picked, and why not the others. */

import { resolve } from 'node:path';
import type { Explanation } from '../../core/explanation.js';
import { printable } from '../../core/printable.js';
import type { Query } from '../../core/query.js';
import type { Registry } from '../../registry/registry.js';
import { exitCodes } from '../failure.js';
import { type Cell, table } from '../table.js';
import type { Terminal } from '../terminal.js';

/** Explains the pick of `query`; with `cwd`, of what is nearest to that folder. Fails if none would be picked. */
export async function why(
  registry: Registry,
  terminal: Terminal,
  query: Query,
  { cwd, json }: { cwd?: string | undefined; json?: boolean | undefined },
): Promise<number | undefined> {
  const explanation = await registry.explain(query, cwd === undefined ? {} : { cwd: resolve(cwd) });
  const isChosen = explanation.some((each) => each.isChosen);
  const exitCode = isChosen ? undefined : exitCodes.failed;
  if (json) {
    terminal.line(JSON.stringify(explanation, undefined, 2));
    return exitCode;
  }
  const others = explanation.filter(({ failed }) => failed === 'name');
  const meant = explanation.filter(({ failed }) => failed !== 'name');
  if (meant.length > 0) for (const line of reasonTable(meant, terminal)) terminal.line(line);
  if (others.length > 0) {
    const names = [...new Set(others.flatMap(({ instance }) => (instance ? [instance.name] : [])))].sort();
    terminal.say(
      printable(`${others.length} of other names: ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}`),
    );
  }
  if (explanation.length === 0) terminal.say('Nothing is registered.');
  return exitCode;
}

function reasonTable(explanation: readonly Explanation[], terminal: Terminal): string[] {
  const dim = (seen: string) => terminal.style('dim', seen);
  const rows: Cell[][] = [['', 'ID', 'PID', 'WHY'].map((text) => ({ text, style: dim }))];
  for (const { id, isChosen, instance, reason } of explanation) {
    rows.push([
      { text: isChosen ? '→' : ' ', style: (seen) => terminal.style('green', seen) },
      { text: printable(id) },
      { text: instance ? String(instance.process.pid) : '-' },
      { text: printable(reason) },
    ]);
  }
  return table(rows, terminal.columns);
}
