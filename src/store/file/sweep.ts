/** Removes what crashed writers left behind. Never an entry. */

import { lstatSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Layout } from './directory.js';

/** Far longer than any write or lock takes (a held lock is renewed every 2 s), in ms. */
const orphanAge = 60_000;

/** write-file-atomic puts its temporary beside the target. */
const temporary = /\.json\.\d+$/;

/**
 * Removes temporaries, drafts and locks that nobody has touched for a minute; with `dryRun` only counts them.
 * What cannot be looked at or removed is left for the next sweep.
 */
export function sweepOrphans(layout: Layout, now: number, dryRun: boolean): number {
  // Refuses a folder that is not ours, or not a folder, as every other operation does.
  if (!layout.exists()) return 0;
  let found = 0;
  for (const [folder, isOrphan] of [
    [layout.entries, (name: string) => temporary.test(name)],
    [layout.drafts, () => true],
    [layout.locks, (name: string) => name.endsWith('.lock')],
  ] as const) {
    for (const name of namesIn(folder)) {
      if (isOrphan(name) && removeIfOld(join(folder, name), now, dryRun)) found++;
    }
  }
  return found;
}

function namesIn(folder: string): string[] {
  try {
    // Whatever a link leads to is none of ours.
    return lstatSync(folder).isDirectory() ? readdirSync(folder) : [];
  } catch {
    // Not there, so nothing is left behind in it.
    return [];
  }
}

function removeIfOld(path: string, now: number, dryRun: boolean): boolean {
  try {
    const stats = lstatSync(path);
    if (now - stats.mtimeMs < orphanAge) return false;
    if (!dryRun) stats.isDirectory() ? rmdirSync(path) : unlinkSync(path);
    return true;
  } catch {
    // Someone else was faster, or it cannot be removed; in either case not ours to report.
    return false;
  }
}
