/** The embedded default store: one JSON file per entry in a folder of the user's own. */

import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../core/clock.js';
import { RollcallError } from '../../core/errors.js';
import { systemClock } from '../../process/system-clock.js';
import { conflictMessage } from '../memory-store.js';
import type { DeleteCondition, PutCondition, Store, StoreEntry, StoreTraits, Unwatch } from '../store.js';
import { cannot, type Directory, Layout, resolveDirectory } from './directory.js';
import { type FileSystem, systemFileSystem } from './file-system.js';
import { keepWatching } from './keep-watching.js';
import { withLock } from './lock.js';
import { type FileEntry, readEntry } from './read-entry.js';
import { sweepOrphans } from './sweep.js';
import { publishEntry, replaceEntry } from './write-entry.js';

/**
 * Two writes within one tick of the file system's clock may leave the same time, and inodes are reused at once: what was
 * written this recently, in ms, is read again. ext4, XFS and btrfs have ticks of up to 10 ms before Linux 6.13.
 */
const tick = 100;

/** Entries read in one go before others get their turn: 1.5 ms of the event loop. */
const slice = 256;

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
  /** What the last listing gave, so that the next need not read what has not changed. */
  #known = new Map<string, FileEntry>();
  readonly #watching = new Set<Promise<Unwatch>>();

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
    if (condition?.ifAbsent === true) {
      await publishEntry(layout, id, body, this.#now());
    } else if (condition === undefined) {
      await replaceEntry(layout, id, body, this.#now());
    } else {
      await withLock(layout, id, async () => {
        const current = this.#read(layout, id);
        if (current?.version !== condition.ifVersion) {
          throw new RollcallError('ROLLCALL_CONFLICT', conflictMessage(id, condition), { id });
        }
        await replaceEntry(layout, id, body, this.#now());
      });
    }
    return this.#readBack(layout, id) ?? { id, body, version: '', renewedAt: this.#clock.now() };
  }

  async get(id: string): Promise<StoreEntry | undefined> {
    const layout = await this.#open();
    return layout.exists() ? this.#read(layout, id) : undefined;
  }

  async list(): Promise<StoreEntry[]> {
    const layout = await this.#open();
    const ids = this.#ids(layout);
    const found: FileEntry[] = [];
    for (let at = 0; at < ids.length; at += slice) {
      if (at > 0) await setImmediate();
      for (const id of ids.slice(at, at + slice)) {
        const entry = this.#read(layout, id, this.#known.get(id));
        if (entry !== undefined) found.push(entry);
      }
    }
    const settled = found.filter(({ changedAt }) => Date.now() - changedAt > tick);
    this.#known = new Map(settled.map((entry) => [entry.id, entry]));
    return found;
  }

  async touch(id: string): Promise<boolean> {
    const layout = await this.#open();
    const now = new Date(this.#clock.now());
    if (!layout.exists()) return false;
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
    const layout = await this.#open();
    const watching = keepWatching(layout, this.#clock, hint);
    this.#watching.add(watching);
    const forget = () => this.#watching.delete(watching);
    watching.catch(forget);
    const end = await watching;
    return async () => {
      forget();
      await end();
    };
  }

  async sweep(options: { readonly dryRun?: boolean | undefined } = {}): Promise<number> {
    return sweepOrphans(await this.#open(), this.#clock.now(), options.dryRun ?? false);
  }

  async close(): Promise<void> {
    this.#known.clear();
    const watching = [...this.#watching];
    this.#watching.clear();
    // Also those that are only being set up. One that cannot be has nothing to let go of, and its caller knows.
    for (const setUp of await Promise.allSettled(watching)) if (setUp.status === 'fulfilled') await setUp.value();
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
    if (!layout.exists()) return [];
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

  /** What was just written. It is there, so that it cannot be read or is gone again already is no failure to write. */
  #readBack(layout: Layout, id: string): StoreEntry | undefined {
    try {
      const entry = readEntry(layout, id);
      return entry?.problem === undefined ? entry : undefined;
    } catch {
      return undefined;
    }
  }

  #unlink(layout: Layout, id: string): boolean {
    if (!layout.exists()) return false;
    try {
      this.#fs.unlinkSync(layout.entry(id));
      return true;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw cannot('remove the entry', layout.entry(id), cause);
    }
  }
}
