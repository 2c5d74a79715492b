/** Removes what crashed writers left behind. Never an entry. */

import { join } from 'node:path';
import type { Layout } from './directory.js';
import type { FileSystem } from './file-system.js';

/** Far longer than any write or lock takes (a held lock is renewed every 2 s), in ms. */
const orphanAge = 60_000;

/**
 * Removes drafts and locks that nobody has touched for a minute; with `dryRun` only counts them. What cannot be
 * looked at or removed is left for the next sweep.
 */
export function sweepOrphans(layout: Layout, now: number, dryRun: boolean): number {
  // Refuses a folder that is not ours, or not a folder, as every other operation does.
  if (!layout.exists()) return 0;
  let found = 0;
  for (const [folder, ending] of [
    [layout.drafts, ''],
    [layout.locks, '.lock'],
  ] as const) {
    for (const name of namesIn(layout.fs, folder)) {
      if (name.endsWith(ending) && removeIfOld(layout.fs, join(folder, name), now, dryRun)) found++;
    }
  }
  return found;
}

function namesIn(fs: FileSystem, folder: string): string[] {
  try {
    // Whatever a link leads to is none of ours.
    return fs.lstatSync(folder).isDirectory() ? fs.readdirSync(folder) : [];
  } catch {
    // Not there, so nothing is left behind in it.
    return [];
  }
}

function removeIfOld(fs: FileSystem, path: string, now: number, dryRun: boolean): boolean {
  try {
    const stats = fs.lstatSync(path);
    if (now - stats.mtimeMs < orphanAge) return false;
    if (!dryRun) stats.isDirectory() ? fs.rmdirSync(path) : fs.unlinkSync(path);
    return true;
  } catch {
    // Someone else was faster, or it cannot be removed; in either case not ours to report.
    return false;
  }
}
