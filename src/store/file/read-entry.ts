/** Reads one file of the entries' folder, whatever it may be. */

import { constants } from 'node:fs';
import { join } from 'node:path';
import { LARGEST_ENTRY } from '../../core/codec.js';
import type { StoreEntry } from '../store.js';
import type { Layout } from './directory.js';
import type { ExactFileStats, FileSystem } from './file-system.js';

/** An entry, and when anything of its file changed last, in ms since 1970 by the kernel's clock. */
export interface FileEntry extends StoreEntry {
  readonly changedAt: number;
}

/** One byte more than an entry may have, to see that there is more. Shared: reading is synchronous. */
const buffer = Buffer.allocUnsafe(LARGEST_ENTRY + 1);

// A link is not followed, and opening a FIFO does not wait for a writer: four of them planted in the folder
// would otherwise stop all file and DNS work of the process. Windows has neither flag.
const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * The entry `id`, or `undefined` if there is no such file. Never blocks and never reads more than an entry may
 * have. A file that is no entry comes back with its problem.
 *
 * `known` is what an earlier call gave: if the file has not changed since, it comes back as it is, unread.
 */
export function readEntry(layout: Layout, id: string, known?: FileEntry): FileEntry | undefined {
  const { fs } = layout;
  const path = layout.entry(id);
  try {
    // A file with a problem is looked at anew: a second name goes away without a trace in the file.
    if (known !== undefined && known.problem === undefined) {
      const stats = fs.lstatSync(path, { bigint: true });
      if (versionOf(stats) === known.version) return known;
    }
    const file = fs.openSync(path, flags);
    try {
      const stats = fs.fstatSync(file, { bigint: true });
      const problem = problemOf(stats, layout, id);
      return {
        id,
        version: versionOf(stats),
        changedAt: Number(stats.ctimeMs),
        renewedAt: inMs(stats.mtimeNs),
        ...(problem ? { body: '', problem } : readBody(fs, file)),
      };
    } finally {
      fs.closeSync(file);
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    // What is wrong with this process or machine is no fault of the file's.
    if (code === undefined || general.has(code)) throw cause;
    const problem = problems[code] ?? `cannot be opened (${code})`;
    return { id, body: '', version: '', renewedAt: 0, changedAt: 0, problem };
  }
}

/** Not enough files, memory or time: it would meet every other file as well. */
const general = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'ENOTDIR', 'EINTR']);

/** What opening it fails with when the fault is the file's own, and none of ours or the folder's. */
const problems: Readonly<Record<string, string>> = {
  ELOOP: 'is a symbolic link',
  EMLINK: 'is a symbolic link',
  ENXIO: 'is a socket or a device without a driver',
  ENODEV: 'is a device without a driver',
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
  EISDIR: 'is a folder',
  EIO: 'cannot be read: the disk reports an error',
  // fcntl(2), F_SETLEASE: with O_NONBLOCK we are told so instead of waiting.
  EAGAIN: 'is held by another program (lease)',
  EBUSY: 'is in use by another program',
  ETXTBSY: 'is in use by another program',
  ENOTCONN: 'is on a file system that has ended',
};

/**
 * Inode, time of change and size together: ext4 reuses inodes at once, and two writes may share a tick of the clock. The
 * time of change and not that of modification: nobody can set it, and whatever happens to a file moves it.
 */
function versionOf(stats: ExactFileStats): string {
  return `${stats.ino.toString(36)}-${stats.ctimeNs.toString(36)}-${stats.size.toString(36)}`;
}

/** The last instant a `Date` can tell. A tmpfs keeps later ones, of which `toISOString` would throw. */
const lastInstant = 8.64e15;

function inMs(ns: bigint): number {
  // Node sets times in seconds, as doubles: a ms may come back as 0.999999.
  const ms = Math.round(Number(ns) / 1e6);
  return Math.min(Math.max(ms, -lastInstant), lastInstant);
}

function problemOf(stats: ExactFileStats, layout: Layout, id: string): string | undefined {
  if (stats.isDirectory()) return 'is a folder';
  if (!stats.isFile()) return 'is not a regular file';
  const self = process.getuid?.();
  if (self !== undefined && Number(stats.uid) !== self) return `belongs to the user with id ${stats.uid}`;
  if (stats.nlink > 1n && !isBeingPublished(stats, layout, id)) return 'has a second name (hard link)';
  if (stats.size > BigInt(LARGEST_ENTRY)) return `is larger than ${LARGEST_ENTRY} bytes`;
  return undefined;
}

/** A new entry has two names, here and among the drafts, between the link that publishes it and the unlink. */
function isBeingPublished(stats: ExactFileStats, layout: Layout, id: string): boolean {
  const { fs, drafts } = layout;
  try {
    const names = fs.readdirSync(drafts).filter((name) => name.startsWith(`${id}.`));
    if (stats.nlink === 2n && names.some((name) => isSameFile(stats, fs, join(drafts, name)))) return true;
  } catch {
    // No drafts, or none any more.
  }
  try {
    // The draft is gone: either it was published just now, or the second name is elsewhere. Look once more.
    return fs.lstatSync(layout.entry(id), { bigint: true }).nlink === 1n;
  } catch {
    // Gone altogether: what was read of it is as good as any.
    return true;
  }
}

function isSameFile(stats: ExactFileStats, fs: FileSystem, path: string): boolean {
  const { ino, dev } = fs.lstatSync(path, { bigint: true });
  return ino === stats.ino && dev === stats.dev;
}

function readBody(fs: FileSystem, file: number): Pick<StoreEntry, 'body' | 'problem'> {
  let length = 0;
  while (length < buffer.length) {
    const read = fs.readSync(file, buffer, length, buffer.length - length, length);
    if (read === 0) break;
    length += read;
  }
  if (length > LARGEST_ENTRY) return { body: '', problem: `is larger than ${LARGEST_ENTRY} bytes` };
  return { body: buffer.toString('utf8', 0, length) };
}
