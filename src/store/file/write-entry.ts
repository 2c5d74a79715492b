/** Writes one entry, whole or not at all. */

import { closeSync, linkSync, openSync, renameSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { RollcallError } from '../../core/errors.js';
import { withoutPatches } from '../../process/patches.js';
import { conflictMessage } from '../memory-store.js';
import { cannot, type Layout } from './directory.js';

/**
 * Publishes a new entry: written among the drafts, then linked into place, which fails if the name is taken. It is
 * there completely or not at all, and no other user could ever open it. Prepares the folders if they are missing.
 *
 * @throws ROLLCALL_CONFLICT if there is an entry of this id.
 * @throws ROLLCALL_STORE if it cannot be written.
 */
export function publishEntry(layout: Layout, id: string, body: string, attempts = 3): void {
  layout.prepare();
  const draft = layout.draft(id);
  const target = layout.entry(id);
  try {
    writeDraft(draft, Buffer.from(body, 'utf8'));
    try {
      linkSync(draft, target);
    } catch (cause) {
      const { code = '' } = cause as NodeJS.ErrnoException;
      if (code === 'EEXIST') {
        const message = conflictMessage(id, { ifAbsent: true });
        throw new RollcallError('ROLLCALL_CONFLICT', message, { id }, { cause });
      }
      if (!withoutHardLinks.has(code)) throw cause;
      publishWithoutLinks(draft, target, id);
      return;
    }
  } catch (cause) {
    discard(draft);
    if (cause instanceof RollcallError) throw cause;
    // Someone removed the folder, or swept the draft of a writer that was stopped for a minute: begin again.
    const isWorthAnother = (cause as NodeJS.ErrnoException).code === 'ENOENT' && attempts > 1;
    if (!isWorthAnother) throw cannot('write the entry', target, cause);
    publishEntry(layout, id, body, attempts - 1);
    return;
  }
  discard(draft);
}

/** What `link` fails with on file systems that have none: FAT, some network and FUSE file systems. */
const withoutHardLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']);

/** There, a look and a rename must do: ids are random, so nobody else is about to take this one. */
function publishWithoutLinks(draft: string, target: string, id: string): void {
  if (statSync(target, { throwIfNoEntry: false }) !== undefined) {
    throw new RollcallError('ROLLCALL_CONFLICT', conflictMessage(id, { ifAbsent: true }), { id });
  }
  renameSync(draft, target);
}

function writeDraft(path: string, bytes: Buffer): void {
  // A draft of this id is what a writer left that was killed in between; nobody else writes under our id.
  discard(path);
  const file = openSync(path, 'wx', 0o600);
  try {
    let written = 0;
    // A disk that fills up may take a part first; the next write then says ENOSPC.
    while (written < bytes.length) written += writeSync(file, bytes, written);
  } finally {
    closeSync(file);
  }
}

function discard(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Not there, or not removable: a sweep looks after it, and the entry itself is as it should be.
  }
}

/**
 * Replaces an entry in one step by renaming over it.
 *
 * @throws ROLLCALL_STORE if it cannot be written; the previous entry is then as it was.
 */
export async function replaceEntry(layout: Layout, id: string, body: string): Promise<void> {
  layout.prepare();
  const { default: writeFileAtomic } = await import('write-file-atomic');
  const target = layout.entry(id);
  const bytes = Buffer.from(body, 'utf8');
  await retryWhileBusy(async () => {
    // Its own writing takes a short write for success and renames a truncated file into place when the disk is
    // full. Written through this hook, ENOSPC is an error before anything is renamed. The options are a fresh
    // object each time because it changes them. No fsync: after a power loss every entry is void anyway.
    // Loads signal-exit while it writes, and cannot unload it while another copy is in use.
    await withoutPatches(() =>
      writeFileAtomic(target, null as unknown as Buffer, {
        mode: 0o600,
        fsync: false,
        tmpfileCreated: (async (draft: string) => {
          await writeFile(draft, bytes);
          if (statSync(draft).size !== bytes.length) throw new Error('The draft is incomplete.');
        }) as unknown as () => void,
      }),
    );
  }).catch((cause) => {
    throw cannot('write the entry', target, cause);
  });
}

/** Virus scanners and indexers on Windows hold a file open for moments; all else is an error at once. */
const busy = new Set(process.platform === 'win32' ? ['EPERM', 'EACCES', 'EBUSY'] : []);
const busyFor = 2_000;

async function retryWhileBusy(act: () => Promise<void>): Promise<void> {
  const until = performance.now() + busyFor;
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (!busy.has((error as NodeJS.ErrnoException).code ?? '') || performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10 + Math.random() * 50));
    }
  }
}
