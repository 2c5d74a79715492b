/** Removes what crashed writers left behind. Never an entry. */

import { join } from 'node:path';
import { isId } from '../../core/id.js';
import type { Layout } from './directory.js';
import type { FileSystem } from './file-system.js';

/** Far longer than any write or lock takes, in ms. */
const orphanAge = 60_000;

// Nothing of another name is removed: whoever may rename a folder above could put a link to files of ours in the
// place of one that was looked at just before.
const draftName = /^(.+)\.json\.[^.]+$/;
const lockName = /^(.+)\.lock$/;
const lifelineName = /^[0-9a-z]{26}$/;

/**
 * Removes drafts, locks and lifelines that nobody has touched for a minute; with `dryRun` only counts them. What cannot be
 * looked at or removed is left for the next sweep.
 */
export function sweepOrphans(layout: Layout, now: number, dryRun: boolean): number {
  // Refuses a folder that is not ours, or not a folder, as every other operation does.
  if (layout.look() === undefined) return 0;
  let found = sweepLifelines(layout, now, dryRun);
  for (const [folder, named] of [
    [layout.drafts, draftName],
    [layout.locks, lockName],
  ] as const) {
    for (const name of namesIn(layout.fs, folder)) {
      const id = named.exec(name)?.[1];
      if (id !== undefined && isId(id) && removeIfOld(layout.fs, join(folder, name), now, dryRun)) found++;
    }
  }
  return found;
}

/** Removes what is left of lifelines: sockets for which there is no entry any more. */
function sweepLifelines(layout: Layout, now: number, dryRun: boolean): number {
  const names = namesIn(layout.fs, layout.lifelines);
  if (names.length === 0) return 0;
  const kept = new Set(
    namesIn(layout.fs, layout.entries).map((name) => name.slice(-'.json'.length - 26, -'.json'.length)),
  );
  const orphans = names.filter((name) => lifelineName.test(name) && !kept.has(name));
  return orphans.filter((name) => removeIfOld(layout.fs, join(layout.lifelines, name), now, dryRun)).length;
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
