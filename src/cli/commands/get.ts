/** `rollcall get`. */

import { printable } from '../../core/printable.js';
import { readUsage } from '../../process/usage.js';
import type { Registry } from '../../registry/registry.js';
import { formatDuration } from '../duration.js';
import { find } from '../find.js';
import { table } from '../table.js';
import type { Terminal } from '../terminal.js';
import { toJson } from '../view.js';

/** All about one entry, alive or not. */
export async function get(
  registry: Registry,
  terminal: Terminal,
  word: string,
  { json = false }: { json?: boolean },
): Promise<undefined> {
  const sighting = await find(registry, word, terminal);
  if (json) {
    terminal.json(toJson(sighting));
    return undefined;
  }
  const { instance, verdict, reason, renewedAt } = sighting;
  const rows: [string, string | undefined][] = [
    ['id', sighting.id],
    ['verdict', `${verdict} (${reason})`],
  ];
  if (instance !== undefined) {
    const isHere = verdict === 'alive' && instance.process.machine === registry.probe.observer.machine;
    const usage = isHere ? await readUsage(instance.process.pid) : undefined;
    rows.push(
      ['name', instance.name],
      ['title', instance.title],
      ['version', instance.version],
      ['description', instance.description],
      ['kind', instance.kind],
      ['status', instance.status],
      ...instance.endpoints.flatMap(({ type, url, socketPath, headers = [] }): [string, string][] => [
        ['endpoint', `${type} ${url ?? ''}${socketPath === undefined ? '' : ` ${socketPath}`}`.trimEnd()],
        ...headers.map(({ name, value }): [string, string] => ['  header', `${name}: ${value}`]),
      ]),
      ['capabilities', instance.capabilities.join(', ')],
      ['tags', instance.tags.join(', ')],
      ['metadata', Object.keys(instance.metadata).length === 0 ? undefined : JSON.stringify(instance.metadata)],
      ['cwd', instance.cwd],
      ['pid', String(instance.process.pid)],
      ['host', instance.process.host],
      ['usage', usage && `${usage.cpu.toFixed(1)} % of a core, ${(usage.memory / 2 ** 20).toFixed(1)} MiB`],
      [
        'registered',
        `${instance.registeredAt} (${formatDuration(Date.now() - Date.parse(instance.registeredAt))} ago)`,
      ],
      ['updated', instance.updatedAt],
    );
  }
  if (renewedAt > 0) rows.push(['renewed', new Date(renewedAt).toISOString()]);
  const cells = rows.flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[{ text: name }, { text: printable(value) }]],
  );
  for (const line of table(cells, Number.POSITIVE_INFINITY)) terminal.line(line);
  return undefined;
}
