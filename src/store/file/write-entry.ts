/** Writes one entry, whole or not at all. */

import { RollcallError } from '../../core/errors.js';
import { randomBytes } from '../../process/random.js';
import { systemClock } from '../../process/system-clock.js';
import { pause } from '../../process/turns.js';
import { conflictMessage } from '../memory-store.js';
import { cannot, type Layout } from './directory.js';
import { type FileSystem, isThere } from './file-system.js';

/**
 * Publishes a new entry: written among the drafts, then linked into place, which fails if the name is taken. It is
 * there completely or not at all, and no other user could ever open it. Prepares the folders if they are missing.
 * `at` is its time of renewal; now, by the kernel's clock, unless given. Resolves with the inode of the file.
 *
 * @throws ROLLCALL_CONFLICT if there is an entry of this id.
 * @throws ROLLCALL_STORE if it cannot be written.
 */
export function publishEntry(layout: Layout, id: string, body: string, at?: Date): Promise<number> {
  return write(layout, id, body, at, async (draft, target) => {
    try {
      layout.fs.linkSync(draft, target);
    } catch (cause) {
      const { code = '' } = cause as NodeJS.ErrnoException;
      if (code === 'EEXIST') throw conflict(id, cause);
      if (!withoutHardLinks.has(code)) throw cause;
      // There, a look and a rename must do: ids are random, so nobody else is about to take this one.
      if (isThere(layout.fs, target)) throw conflict(id, cause);
      await rename(layout.fs, draft, target);
    }
  });
}

/**
 * Replaces an entry in one step, by renaming over it. Whatever stands in its place is replaced, a link too: it is
 * never followed.
 *
 * Up to the rename nothing is awaited, so within a process nothing comes between a look before this call and it.
 *
 * @throws ROLLCALL_STORE if it cannot be written; the previous entry is then as it was.
 */
export function replaceEntry(layout: Layout, id: string, body: string, at?: Date): Promise<number> {
  return write(layout, id, body, at, (draft, target) => rename(layout.fs, draft, target));
}

type Place = (draft: string, target: string) => Promise<void>;

/** How often to begin again when the folders vanish under a write. */
const attempts = 5;

/** What makes the drafts of this process its own. */
let mark: string | undefined;
let drafts = 0;

async function write(layout: Layout, id: string, body: string, at: Date | undefined, place: Place): Promise<number> {
  const target = layout.entry(id);
  for (let attempt = 1; ; attempt++) {
    // A name of its own for each attempt: with one name for all, a writer could put another's half draft into place.
    mark ??= Buffer.from(randomBytes(6)).toString('hex');
    const draft = layout.draft(id, `${mark}${drafts++}`);
    try {
      layout.prepare();
      const inode = writeDraft(layout.fs, draft, Buffer.from(body, 'utf8'));
      if (at !== undefined) layout.fs.lutimesSync(draft, at, at);
      await place(draft, target);
      return inode;
    } catch (error) {
      const { code } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
      // Someone removed the folders, or swept the draft of a writer that was stopped for a minute.
      if (code === 'ENOENT' && attempt < attempts) continue;
      throw error instanceof RollcallError ? error : cannot('write the entry', target, error);
    } finally {
      discard(layout.fs, draft);
    }
  }
}

function writeDraft(fs: FileSystem, path: string, bytes: Buffer): number {
  const file = fs.openSync(path, 'wx', 0o600);
  try {
    let written = 0;
    // A disk that fills up may take a part first; the next write then says ENOSPC.
    while (written < bytes.length) {
      const more = fs.writeSync(file, bytes, written);
      if (more === 0) throw Object.assign(new Error('Nothing was written.'), { code: 'EIO' });
      written += more;
    }
    // A umask may have taken away what we need ourselves. No fsync: after a power loss every entry is void anyway.
    const { mode, ino } = fs.fstatSync(file);
    if ((mode & 0o600) !== 0o600) fs.fchmodSync(file, 0o600);
    return ino;
  } finally {
    fs.closeSync(file);
  }
}

function discard(fs: FileSystem, path: string): void {
  try {
    fs.unlinkSync(path);
  } catch {
    // Not there any more, or not removable: a sweep looks after it, and the entry itself is as it should be.
  }
}

/** What `link` fails with on file systems that have none: FAT, some network and FUSE file systems. */
const withoutHardLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']);

function conflict(id: string, cause: unknown): RollcallError {
  return new RollcallError('ROLLCALL_CONFLICT', conflictMessage(id, { ifAbsent: true }), { id }, { cause });
}

/** Virus scanners and indexers on Windows hold a file open for moments; all else is an error at once. */
const busy = new Set(process.platform === 'win32' ? ['EPERM', 'EACCES', 'EBUSY'] : []);
const busyFor = 2_000;

async function rename(fs: FileSystem, from: string, to: string): Promise<void> {
  const until = systemClock.monotonic() + busyFor;
  for (;;) {
    try {
      fs.renameSync(from, to);
      return;
    } catch (error) {
      if (!busy.has((error as NodeJS.ErrnoException).code ?? '') || systemClock.monotonic() > until) throw error;
      await pause(10 + Math.random() * 50);
    }
  }
}
