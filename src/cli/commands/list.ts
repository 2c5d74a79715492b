/** `rollcall list`. */

import { compileQuery, isMatch, parseQuery, type Query } from '../../core/query.js';
import type { Registry } from '../../registry/registry.js';
import type { Terminal } from '../terminal.js';
import { instanceTable, toJson } from '../view.js';

/** Lists the live instances; with `all` every entry, with the reason for its verdict. */
export async function list(
  registry: Registry,
  terminal: Terminal,
  query: Query,
  { json = false, all = false }: { json?: boolean; all?: boolean },
): Promise<undefined> {
  const conditions = await compileQuery(parseQuery(query));
  // An illegible entry cannot meet a condition, and is shown only where there is none.
  const shown = (await registry.inspect()).filter(({ verdict, instance }) => {
    if (verdict !== 'alive' && !all) return false;
    return instance === undefined ? conditions.length === 0 : isMatch(instance, conditions);
  });
  if (json) terminal.json(shown.map(toJson));
  else if (shown.length > 0) for (const line of instanceTable(shown, terminal, all)) terminal.line(line);
  else terminal.say(conditions.length > 0 ? 'Nothing that runs matches.' : 'Nothing is running.');
  return undefined;
}
