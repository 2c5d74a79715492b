/** The embedded default store: one JSON file per entry in a folder of the user's own. */

import type { Clock } from '../../core/clock.js';
import { RollcallError } from '../../core/errors.js';
import { systemClock } from '../../process/system-clock.js';
import { nextTurn } from '../../process/turns.js';
import { conflictMessage } from '../memory-store.js';
import type { DeleteCondition, ListOptions, PutCondition, Store, StoreEntry, StoreTraits, Unwatch } from '../store.js';
import { cannot, type Directory, Layout, resolveDirectory } from './directory.js';
import { type FileStats, type FileSystem, systemFileSystem } from './file-system.js';
import { keepWatching } from './keep-watching.js';
import { withLock } from './lock.js';
import { type FileEntry, readEntry, writtenEntry } from './read-entry.js';
import { sweepOrphans } from './sweep.js';
import { publishEntry, replaceEntry } from './write-entry.js';

/**
 * Two writes within one tick of the file system's clock may leave the same time, and inodes are reused at once: what was
 * written this recently, in ms, is read again. ext4, XFS and btrfs have ticks of up to 10 ms before Linux 6.13.
 */
const tick = 100;

/** The same where times come in whole seconds, or in two of them (FAT, HFS+). */
const coarseTick = 2_500;

/** Entries read in one go before others get their turn: 1.5 ms of the event loop. */
const slice = 256;

/** How long a listing may be shown again while nothing was made, renamed or removed in the folder, in ms. */
const lag = 2_000;

export interface FileStoreOptions {
  /** An absolute path. `ROLLCALL_DIR`, or the platform's data folder, unless given. */
  readonly directory?: string | undefined;
  readonly clock?: Clock | undefined;
  /** Instead of node:fs: for tests in which the n-th call fails. Watching for hints does not go through it. */
  readonly fs?: FileSystem | undefined;
}

/**
 * Keeps each entry in `<directory>/v1/<id>.json`, mode 0600 in folders of mode 0700; its mtime is the heartbeat.
 *
 * Files are read synchronously in slices: that is 5 to 20 times faster than asynchronously, and the event loop is
 * never held for more than a millisecond or two.
 */
export class FileStore implements Store {
  readonly traits: StoreTraits = { reach: 'host', expiry: false, hints: true };
  readonly #explicit: string | undefined;
  readonly #clock: Clock;
  readonly #fs: FileSystem;
  #directory: Promise<Directory> | undefined;
  #layout: Layout | undefined;
  /** Entries by id, so that the next listing need not read what has not changed. */
  readonly #known = new Map<string, FileEntry>();
  /** The last listing, with the folder as it was just before. */
  #listing: { readonly folder: FileStats; readonly began: number; readonly entries: readonly FileEntry[] } | undefined;
  readonly #watching = new Set<() => void>();
  /** How often it was closed: what was begun before is not to be held. */
  #closed = 0;

  constructor(options: FileStoreOptions = {}) {
    this.#explicit = options.directory;
    this.#clock = options.clock ?? systemClock;
    this.#fs = options.fs ?? systemFileSystem;
  }

  /** Where the entries are, and why there. Resolved on first use and not again. */
  directory(): Promise<Directory> {
    this.#directory ??= resolveDirectory(this.#explicit);
    return this.#directory;
  }

  async put(id: string, body: string, condition?: PutCondition): Promise<StoreEntry> {
    const layout = await this.#open();
    let inode = 0;
    if (condition?.ifAbsent === true) {
      inode = await publishEntry(layout, id, body, this.#now());
    } else if (condition === undefined) {
      inode = await replaceEntry(layout, id, body, this.#now());
    } else {
      await withLock(layout, id, async () => {
        const current = this.#read(layout, id);
        if (current?.version !== condition.ifVersion) {
          throw new RollcallError('ROLLCALL_CONFLICT', conflictMessage(id, condition), { id });
        }
        inode = await replaceEntry(layout, id, body, this.#now());
      });
    }
    return writtenEntry(layout, id, body, inode) ?? { id, body, version: '', renewedAt: this.#clock.now() };
  }

  async get(id: string): Promise<StoreEntry | undefined> {
    const layout = await this.#open();
    return layout.look() === undefined ? undefined : this.#read(layout, id);
  }

  async list({ mayLag = false }: ListOptions = {}): Promise<readonly StoreEntry[]> {
    const layout = await this.#open();
    const folder = layout.look();
    if (folder === undefined) return [];
    const began = this.#clock.monotonic();
    const last = this.#listing;
    if (mayLag && last !== undefined && began - last.began <= lag && isUnchanged(folder, last.folder)) {
      return last.entries;
    }
    const entries = await this.#readAll(layout);
    // What is wrong with a file may pass without a trace: a lease, a second name.
    const isSound = isSettled(folder.ctimeMs) && entries.every(({ problem }) => problem === undefined);
    this.#listing = isSound ? { folder, began, entries } : undefined;
    return entries;
  }

  async #readAll(layout: Layout): Promise<readonly FileEntry[]> {
    const ids = this.#ids(layout);
    const found: FileEntry[] = [];
    for (const [index, id] of ids.entries()) {
      if (index > 0 && index % slice === 0) await nextTurn();
      const known = this.#known.get(id);
      const entry = this.#read(layout, id, known);
      if (entry !== undefined) found.push(entry);
      if (entry === known) continue;
      if (entry !== undefined && isSettled(entry.changedAt)) this.#known.set(id, entry);
      else this.#known.delete(id);
    }
    if (this.#known.size > ids.length) {
      const present = new Set(ids);
      for (const id of this.#known.keys()) if (!present.has(id)) this.#known.delete(id);
    }
    return found;
  }

  async touch(id: string): Promise<boolean> {
    const layout = await this.#open();
    const now = new Date(this.#clock.now());
    if (layout.look() === undefined) return false;
    try {
      // Not what a link leads to, should one stand in the entry's place.
      this.#fs.lutimesSync(layout.entry(id), now, now);
      return true;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw cannot('renew the entry', layout.entry(id), cause);
    }
  }

  async delete(id: string, condition?: DeleteCondition): Promise<boolean> {
    const layout = await this.#open();
    // Compared and removed without a pause: a lock would gain nothing.
    if (condition !== undefined && this.#read(layout, id)?.version !== condition.ifVersion) return false;
    return this.#unlink(layout, id);
  }

  deleteNow(id: string, isOwn: (body: string) => boolean): boolean {
    // Not opened yet means nothing was ever put from here.
    const layout = this.#layout;
    if (layout === undefined) return false;
    const entry = this.#read(layout, id);
    return entry !== undefined && isOwn(entry.body) && this.#unlink(layout, id);
  }

  async watch(hint: (id?: string) => void): Promise<Unwatch> {
    const closed = this.#closed;
    const layout = await this.#open();
    if (this.#closed !== closed) return async () => {};
    const end = keepWatching(layout, this.#clock, hint);
    this.#watching.add(end);
    return async () => {
      if (this.#watching.delete(end)) end();
    };
  }

  async sweep(options: { readonly dryRun?: boolean | undefined } = {}): Promise<number> {
    return sweepOrphans(await this.#open(), this.#clock.now(), options.dryRun ?? false);
  }

  async close(): Promise<void> {
    this.#known.clear();
    this.#listing = undefined;
    this.#closed++;
    for (const end of this.#watching) end();
    this.#watching.clear();
  }

  async #open(): Promise<Layout> {
    this.#layout ??= new Layout((await this.directory()).path, this.#fs);
    return this.#layout;
  }

  /** By a clock of the caller's own. The kernel stamps what is written by itself, and more finely. */
  #now(): Date | undefined {
    return this.#clock === systemClock ? undefined : new Date(this.#clock.now());
  }

  #ids(layout: Layout): string[] {
    try {
      const names = this.#fs
        .readdirSync(layout.entries)
        .filter((name) => name.endsWith('.json') && !name.startsWith('.'));
      return names.map((name) => name.slice(0, -'.json'.length));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw cannot('read the folder', layout.entries, cause);
    }
  }

  #read(layout: Layout, id: string, known?: FileEntry): FileEntry | undefined {
    try {
      return readEntry(layout, id, known);
    } catch (cause) {
      throw cannot('read the entry', layout.entry(id), cause);
    }
  }

  #unlink(layout: Layout, id: string): boolean {
    if (layout.look() === undefined) return false;
    try {
      this.#fs.unlinkSync(layout.entry(id));
      return true;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw cannot('remove the entry', layout.entry(id), cause);
    }
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
