/** `rollcall doctor`. */

import { lstatSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { printable } from '../../core/printable.js';
import type { Registry } from '../../registry/registry.js';
import type { Sighting } from '../../registry/sighting.js';
import type { FileStore } from '../../store/file/file-store.js';
import { exitCodes } from '../failure.js';
import { table } from '../table.js';
import type { Terminal } from '../terminal.js';

/** Numbers that statfs(2) gives for a file system, and the kind of those that send no events of changes. */
const fileSystems: Readonly<Record<number, string>> = {
  61267: 'ext4',
  16914836: 'tmpfs',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  2035054128: 'overlayfs',
  801189825: 'zfs',
  26: 'apfs',
  26985: 'nfs (sends no events: changes are noticed by looking twice a second)',
  4283649346: 'cifs (sends no events: changes are noticed by looking twice a second)',
  4266872130: 'smb (sends no events: changes are noticed by looking twice a second)',
  16914839: '9p (sends no events: changes are noticed by looking twice a second)',
  1702057286: 'fuse (may send no events: changes are noticed by looking twice a second)',
};

/** Says where the registry is and whether all is well. Exits with 1 if something needs a hand. */
export async function doctor(
  registry: Registry,
  terminal: Terminal,
  { json = false }: { json?: boolean },
): Promise<number> {
  const store = registry.store as FileStore;
  const { path, reason } = await store.directory();
  const entries = join(path, 'v1');
  const report = {
    directory: path,
    reason,
    permissions: permissionsOf(entries),
    fileSystem: fileSystemOf(path),
    problem: undefined as string | undefined,
    counts: { alive: 0, stale: 0, dead: 0, illegible: 0 },
    illegible: [] as { file: string; reason: string }[],
    orphans: 0,
  };
  try {
    const sightings: Sighting[] = await registry.inspect();
    for (const { id, verdict, reason: why } of sightings) {
      report.counts[verdict]++;
      if (verdict === 'illegible') report.illegible.push({ file: join(entries, `${id}.json`), reason: why });
    }
    report.orphans = await store.sweep({ dryRun: true });
  } catch (error) {
    report.problem = error instanceof Error ? error.message : String(error);
  }
  const isWell = report.problem === undefined && report.illegible.length === 0;
  const exitCode = isWell ? exitCodes.ok : exitCodes.failed;
  if (json) {
    terminal.json({ ...report, ok: isWell });
    return exitCode;
  }
  const { alive, stale, dead, illegible } = report.counts;
  const rows: [string, string][] = [
    ['directory', `${report.directory} (${reason})`],
    ['permissions', report.permissions],
    ['file system', report.fileSystem],
    ['entries', `${alive} alive, ${stale} stale, ${dead} dead, ${illegible} illegible`],
    ...report.illegible.map((entry): [string, string] => ['  illegible', `${entry.file}: ${entry.reason}`]),
    ['leftovers', `${report.orphans} of crashed writers${report.orphans > 0 ? ' (rollcall prune removes them)' : ''}`],
  ];
  if (report.problem !== undefined) rows.push(['problem', report.problem]);
  for (const line of table(
    rows.map((row) => row.map((text) => ({ text: printable(text) }))),
    Number.POSITIVE_INFINITY,
  )) {
    terminal.line(line);
  }
  terminal.line();
  terminal.line(
    isWell ? terminal.style('green', 'All is well.') : terminal.style('red', 'Something needs a hand, see above.'),
  );
  return exitCode;
}

function permissionsOf(entries: string): string {
  try {
    const { mode, uid } = lstatSync(entries);
    const self = process.getuid?.();
    if (self === undefined) return 'as the folder above has it (no modes on this platform)';
    return `${(mode & 0o7777).toString(8).padStart(4, '0')}, ${uid === self ? 'yours' : `of user ${uid}`}`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? 'not there yet; the first to register makes it' : `cannot be told (${code})`;
  }
}

/** Of the folder, or of the nearest one above that exists. */
function fileSystemOf(path: string): string {
  for (let at = path; ; at = join(at, '..')) {
    try {
      const { type } = statfsSync(at);
      return fileSystems[type] ?? `type 0x${type.toString(16)}`;
    } catch (error) {
      if (at === join(at, '..')) return `cannot be told (${(error as NodeJS.ErrnoException).code})`;
    }
  }
}
