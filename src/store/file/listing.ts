/** All entries of a folder, and what is remembered of them to spare the next listing work. */

import { sep } from 'node:path';
import type { Clock } from '../../core/clock.js';
import { systemClock } from '../../process/system-clock.js';
import { nextTurn } from '../../process/turns.js';
import type { ListOptions } from '../store.js';
import { cannot, type Layout } from './directory.js';
import type { FileStats } from './file-system.js';
import { type FileEntry, readEntry } from './read-entry.js';

/**
 * Two writes within one tick of the file system's clock may leave the same time, and inodes are reused at once: what was
 * written this recently, in ms, is read again. ext4, XFS and btrfs have ticks of up to 10 ms before Linux 6.13.
 */
const tick = 100;

/** The same where times come in whole seconds, or in two of them (FAT, HFS+). */
const coarseTick = 2_500;

/** After how many entries it is seen whether others are to have their turn, and how long the loop is held, in ms. */
const slice = 32;
const turn = 2;

/** How long a listing may be shown again while nothing was made, renamed or removed in the folder, in ms. */
const lag = 2_000;

/** A listing, and the folder as it was just before. */
interface Last {
  readonly folder: FileStats;
  readonly began: number;
  readonly entries: readonly FileEntry[];
}

export class Listing {
  readonly #clock: Clock;
  /** Entries by the names of their files: one that has not changed is not read again. */
  readonly #known = new Map<string, FileEntry>();
  #last: Last | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** See `Store.list`. */
  async take(layout: Layout, { mayLag = false }: ListOptions = {}): Promise<readonly FileEntry[]> {
    const folder = layout.look();
    if (folder === undefined) return [];
    const isStill = isSettled(folder.ctimeMs);
    const began = this.#clock.monotonic();
    const last = this.#last;
    if (mayLag && last !== undefined && began - last.began <= lag && isUnchanged(folder, last.folder)) {
      return last.entries;
    }
    const entries = await this.#readAll(layout);
    // What is wrong with a file may pass without a trace: a lease, a second name.
    const isSound = isStill && entries.every(({ problem }) => problem === undefined);
    this.#last = isSound ? { folder, began, entries } : undefined;
    return entries;
  }

  forget(): void {
    this.#known.clear();
    this.#last = undefined;
  }

  async #readAll(layout: Layout): Promise<readonly FileEntry[]> {
    const names = namesIn(layout);
    const found: FileEntry[] = [];
    let began = systemClock.monotonic();
    for (let index = 0; index < names.length; index++) {
      if (index % slice === slice - 1 && systemClock.monotonic() - began > turn) {
        await nextTurn();
        began = systemClock.monotonic();
      }
      const name = names[index] as string;
      const known = this.#known.get(name);
      // A file with a problem is looked at anew: a second name goes away without a trace in the file.
      if (known !== undefined && known.problem === undefined && isAsRead(layout, name, known)) {
        found.push(known);
        continue;
      }
      const entry = read(layout, name.slice(0, -extension.length));
      if (entry !== undefined) found.push(entry);
      if (entry !== undefined && isSettled(entry.changedAt)) this.#known.set(name, entry);
      else if (known !== undefined) this.#known.delete(name);
    }
    if (this.#known.size > names.length) {
      const present = new Set(names);
      for (const name of this.#known.keys()) if (!present.has(name)) this.#known.delete(name);
    }
    return found;
  }
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

/** Whether the file is in the state it was read in. */
function isAsRead({ fs, entries }: Layout, name: string, known: FileEntry): boolean {
  try {
    const { ino, size, ctimeMs } = fs.lstatSync(`${entries}${sep}${name}`);
    return ctimeMs === known.changedAt && ino === known.inode && size === known.size;
  } catch {
    // Gone, or out of reach: reading it says which.
    return false;
  }
}

function read(layout: Layout, id: string): FileEntry | undefined {
  try {
    return readEntry(layout, id);
  } catch (cause) {
    throw cannot('read the entry', layout.entry(id), cause);
  }
}

/** Whether what changed last at `changedAt` (ms since 1970) will have another time when it changes again. */
function isSettled(changedAt: number): boolean {
  return Date.now() - changedAt > (changedAt % 1_000 === 0 ? coarseTick : tick);
}

/** A name that is made, replaced or removed moves the folder's time of change; a file that is written in place does not. */
function isUnchanged(now: FileStats, then: FileStats): boolean {
  return now.ctimeMs === then.ctimeMs && now.ino === then.ino && now.dev === then.dev;
}
