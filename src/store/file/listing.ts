/** All entries of a folder. Those that the caller has, and that have not changed, are not read again. */

import { sep } from 'node:path';
import { systemClock } from '../../process/system-clock.js';
import { nextTurn } from '../../process/turns.js';
import type { ListedEntry, ListOptions, StoreEntry } from '../store.js';
import { cannot, type Layout } from './directory.js';
import { type FileMark, isMarked, isSettled, readEntry } from './read-entry.js';

/** After how many entries it is seen whether others are to have their turn, and how long the loop is held, in ms. */
const slice = 32;
const turn = 2;

/** See `Store.stamp`. A name that is made, replaced or removed moves the folder's time of change. */
export function stampOf(layout: Layout): string | undefined {
  const folder = layout.look();
  if (folder === undefined || !isSettled(folder.ctimeMs, Date.now())) return undefined;
  return `${folder.dev}-${folder.ino}-${folder.ctimeMs}`;
}

/** See `Store.list`. */
export async function listEntries(layout: Layout, { last }: ListOptions = {}): Promise<readonly ListedEntry[]> {
  if (layout.look() === undefined) return [];
  const names = namesIn(layout);
  const found: ListedEntry[] = [];
  let began = systemClock.monotonic();
  for (let index = 0; index < names.length; index++) {
    if (index % slice === slice - 1 && systemClock.monotonic() - began > turn) {
      await nextTurn();
      began = systemClock.monotonic();
    }
    const name = names[index] as string;
    const id = name.slice(0, -extension.length);
    const before = last?.(id);
    const mark = before?.mark as FileMark | undefined;
    const isSame = mark !== undefined && isMarked(layout.fs, `${layout.entries}${sep}${name}`, mark);
    const entry = isSame ? before : read(layout, id);
    if (entry !== undefined) found.push(entry);
  }
  return found;
}

const extension = '.json';

function namesIn({ fs, entries }: Layout): string[] {
  try {
    return fs.readdirSync(entries).filter((name) => name.endsWith(extension) && !name.startsWith('.'));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw cannot('read the folder', entries, cause);
  }
}

function read(layout: Layout, id: string): StoreEntry | undefined {
  try {
    return readEntry(layout, id);
  } catch (cause) {
    throw cannot('read the entry', layout.entry(id), cause);
  }
}
