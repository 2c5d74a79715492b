/** Sightings as the command line shows them: as rows, and as JSON. */

import { homedir } from 'node:os';
import { addressOf } from '../core/address.js';
import { printable } from '../core/printable.js';
import type { Sighting } from '../registry/sighting.js';
import { formatDuration } from './duration.js';
import { type Cell, table } from './table.js';
import type { Terminal } from './terminal.js';

const header = ['NAME', 'STATUS', 'KIND', 'URL', 'PID', 'UPTIME', 'CWD'];

const colors = {
  ready: 'green',
  starting: 'yellow',
  draining: 'yellow',
  stopping: 'yellow',
  stale: 'yellow',
  dead: 'red',
  illegible: 'red',
} as const;

/** The table of `rollcall list`; with `withReasons` each line says why its verdict is what it is. */
export function instanceTable(sightings: readonly Sighting[], terminal: Terminal, withReasons = false): string[] {
  const titles = withReasons ? [...header, 'REASON'] : header;
  const rows: Cell[][] = [titles.map((text) => ({ text, style: (seen) => terminal.style('dim', seen) }))];
  for (const sighting of sightings) {
    const { instance, verdict, id } = sighting;
    const state = verdict === 'alive' ? (instance?.status ?? 'ready') : verdict;
    const texts = [
      instance?.name ?? id,
      state,
      instance?.kind ?? '-',
      (instance && addressOf(instance)) ?? '-',
      instance ? String(instance.process.pid) : '-',
      instance ? formatDuration(Date.now() - Date.parse(instance.registeredAt)) : '-',
      shortened(instance?.cwd ?? instance?.workspaceFolders?.[0] ?? '-'),
      ...(withReasons ? [sighting.reason] : []),
    ];
    const cells = texts.map((text): Cell => ({ text: printable(text) }));
    cells[1] = { text: state, style: (seen) => terminal.style(colors[state], seen) };
    rows.push(cells);
  }
  return table(rows, terminal.columns);
}

/** A sighting as JSON: the entry's own fields, and what is thought of it. Secrets show as `[secret]`. */
export function toJson({ instance, id, verdict, reason, renewedAt }: Sighting): Record<string, unknown> {
  return {
    ...(instance ?? { id }),
    verdict,
    reason,
    ...(renewedAt > 0 && { renewedAt: new Date(renewedAt).toISOString() }),
  };
}

function shortened(folder: string): string {
  const home = homedir();
  return home.length > 1 && (folder === home || folder.startsWith(`${home}/`))
    ? `~${folder.slice(home.length)}`
    : folder;
}
