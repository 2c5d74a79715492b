/** Reads one file of the entries' folder, whatever it may be. */

import { join } from 'node:path';
import { LARGEST_ENTRY } from '../../core/codec.js';
import { fs as nodeFs } from '../../process/builtins.js';
import type { StoreEntry } from '../store.js';
import type { Layout } from './directory.js';
import type { FileStats, FileSystem } from './file-system.js';

/** One byte more than an entry may have, to see that there is more. Shared: reading is synchronous. */
let buffer: Buffer | undefined;

// A link is not followed, and opening a FIFO does not wait for a writer: four of them planted in the folder
// would otherwise stop all file and DNS work of the process. Windows has neither flag.
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = nodeFs.constants;
const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

/**
 * The entry `id`, or `undefined` if there is no such file. Never blocks and never reads more than an entry may
 * have. A file that is no entry comes back with its problem.
 */
export function readEntry(layout: Layout, id: string): StoreEntry | undefined {
  const { fs } = layout;
  const path = layout.entry(id);
  // Before it is looked at: what changes from now on is later than that.
  const began = Date.now();
  try {
    const file = fs.openSync(path, flags);
    try {
      const stats = fs.fstatSync(file);
      const problem = problemOf(stats, layout, id);
      const body = problem === undefined ? readBody(fs, file, stats.size) : '';
      return entryOf(id, stats, began, body ?? '', body === undefined ? tooLarge : problem);
    } finally {
      fs.closeSync(file);
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    // What is wrong with this process or machine is no fault of the file's.
    if (code === undefined || general.has(code)) throw cause;
    const problem = problems[code] ?? `cannot be opened (${code})`;
    return entryOf(id, { ino: 0, size: 0, ctimeMs: 0, mtimeMs: 0 }, began, '', problem);
  }
}

/** The version of the entry `id`, whatever is in its file. `undefined` if there is none, or it cannot be told. */
export function versionAt(layout: Layout, id: string): string | undefined {
  const path = layout.entry(id);
  try {
    return versionOf(layout.fs.lstatSync(path));
  } catch {
    return undefined;
  }
}

/**
 * The entry that was just written to this inode, unread. `undefined` if it cannot be told, or another is there by now:
 * that it is gone again is no failure to write.
 */
export function writtenEntry(layout: Layout, id: string, body: string, inode: number): StoreEntry | undefined {
  const began = Date.now();
  try {
    const stats = layout.fs.lstatSync(layout.entry(id));
    return stats.ino === inode ? entryOf(id, stats, began, body) : undefined;
  } catch {
    return undefined;
  }
}

function entryOf(id: string, stats: FileMark & { mtimeMs: number }, began: number, body: string, problem?: string) {
  const { ino, size, ctimeMs, mtimeMs } = stats;
  const mark: FileMark | undefined = isSettled(ctimeMs, began) ? { ino, size, ctimeMs } : undefined;
  const entry: StoreEntry = { id, body, version: versionOf(stats), renewedAt: inMs(mtimeMs), mark };
  // One shape for all entries that are right: 10,000 of them are gone through in each look.
  return problem === undefined ? entry : { ...entry, mark: undefined, problem };
}

/** Whether the file at `path` is in the state of that mark. */
export function isMarked(fs: FileSystem, path: string, mark: FileMark): boolean {
  try {
    const now = fs.lstatSync(path);
    return now.ctimeMs === mark.ctimeMs && now.ino === mark.ino && now.size === mark.size;
  } catch {
    // Gone, or out of reach: reading it says which.
    return false;
  }
}

/**
 * Two writes within one tick of the file system's clock may leave the same time, and inodes are reused at once: what was
 * written this recently, in ms, is read again. ext4, XFS and btrfs have ticks of up to 10 ms before Linux 6.13.
 */
const tick = 100;

/** The same where times come in whole seconds, or in two of them (FAT, HFS+). */
const coarseTick = 2_500;

/** Whether what changed last at `changedAt` (ms since 1970) will have another time if it changes at `now` or later. */
export function isSettled(changedAt: number, now: number): boolean {
  return now - changedAt > (changedAt % 1_000 === 0 ? coarseTick : tick);
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

/** What moves with every change to a file. */
export type FileMark = Pick<FileStats, 'ino' | 'size' | 'ctimeMs'>;

/**
 * Inode, time of change and size together: ext4 reuses inodes at once, and two writes may share a tick of the clock. The
 * time of change and not that of modification: nobody can set it, and whatever happens to a file moves it. As a double
 * it is good to a quarter of a µs.
 */
function versionOf({ ino, size, ctimeMs }: FileMark): string {
  // Joined and not a template, which V8 keeps as a chain of parts: 120 bytes in place of 60.
  return [ino, ctimeMs, size].join('-');
}

/** The last instant a `Date` can tell. A tmpfs keeps later ones, of which `toISOString` would throw. */
const lastInstant = 8.64e15;

function inMs(time: number): number {
  // Node sets times in seconds, as doubles: a ms may come back as 0.999999.
  return Math.min(Math.max(Math.round(time), -lastInstant), lastInstant);
}

function problemOf(stats: FileStats, layout: Layout, id: string): string | undefined {
  if (stats.isDirectory()) return 'is a folder';
  if (!stats.isFile()) return 'is not a regular file';
  const { self } = layout;
  if (self !== undefined && stats.uid !== self) return `belongs to the user with id ${stats.uid}`;
  if (stats.nlink > 1 && !isBeingPublished(stats, layout, id)) return 'has a second name (hard link)';
  if (stats.size > LARGEST_ENTRY) return tooLarge;
  return undefined;
}

/** A new entry has two names, here and among the drafts, between the link that publishes it and the unlink. */
function isBeingPublished(stats: FileStats, layout: Layout, id: string): boolean {
  const { fs, drafts } = layout;
  try {
    const names = fs.readdirSync(drafts).filter((name) => name.startsWith(`${id}.`));
    if (stats.nlink === 2 && names.some((name) => isSameFile(stats, fs, join(drafts, name)))) return true;
  } catch {
    // No drafts, or none any more.
  }
  try {
    // The draft is gone: either it was published just now, or the second name is elsewhere. Look once more.
    return fs.lstatSync(layout.entry(id)).nlink === 1;
  } catch {
    // Gone altogether: what was read of it is as good as any.
    return true;
  }
}

function isSameFile(stats: FileStats, fs: FileSystem, path: string): boolean {
  const { ino, dev } = fs.lstatSync(path);
  return ino === stats.ino && dev === stats.dev;
}

const tooLarge = `is larger than ${LARGEST_ENTRY} bytes`;

/** The text of the file, or `undefined` if there is more than an entry may have: it grew since it was looked at. */
function readBody(fs: FileSystem, file: number, size: number): string | undefined {
  buffer ??= Buffer.allocUnsafe(LARGEST_ENTRY + 1);
  let length = 0;
  // Up to its size: to ask for more costs a system call, and if it has grown meanwhile, the next look sees that.
  while (length < buffer.length && (length < size || size === 0)) {
    const read = fs.readSync(file, buffer, length, buffer.length - length, length);
    if (read === 0) break;
    length += read;
  }
  return length > LARGEST_ENTRY ? undefined : buffer.toString('utf8', 0, length);
}
