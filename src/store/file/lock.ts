/** Keeps two writers of one entry out of each other's way. */

import { systemClock } from '../../process/system-clock.js';
import { pause } from '../../process/turns.js';
import type { Layout } from './directory.js';

/**
 * Runs `act` while holding the lock of `id`: a file that only one can make. A lock reduces contention and nothing
 * more; every act must be right without it. So it runs without one where none can be made, and the lock of a holder
 * that is dead or stopped is taken over; the holder is not told and does not fail.
 */
export async function withLock<T>(layout: Layout, id: string, act: () => Promise<T>): Promise<T> {
  const release = await acquire(layout, id);
  try {
    return await act();
  } finally {
    release();
  }
}

/** A holder needs a fraction of a millisecond. A lock that is the same for this long, in ms, is nobody's any more. */
const abandonedAfter = 4_000;
/** How long to wait at all, in ms, however busy it is. */
const patience = 10_000;

async function acquire(layout: Layout, id: string): Promise<() => void> {
  const path = layout.lock(id);
  const began = systemClock.monotonic();
  let seen: { readonly lock: string; readonly since: number } | undefined;
  for (;;) {
    const { lock, isTaken } = make(layout, path);
    if (lock !== undefined) return () => remove(layout, path, lock);
    const now = systemClock.monotonic();
    if (isTaken !== true || now - began > patience) return () => {};
    const there = look(layout, path);
    // By our own clock alone: the time on the file says nothing after someone has set the clock.
    if (there !== undefined && there !== seen?.lock) seen = { lock: there, since: now };
    else if (there !== undefined && seen !== undefined && now - seen.since > abandonedAfter) {
      remove(layout, path, there);
    }
    await pause(1 + Math.random() * 10);
  }
}

function make(layout: Layout, path: string): { readonly lock?: string; readonly isTaken?: boolean } {
  const { fs } = layout;
  try {
    // Through a link in its place, files of others would be taken for locks, and removed in the end.
    if (!fs.lstatSync(layout.locks).isDirectory()) return {};
    const file = fs.openSync(path, 'wx', 0o600);
    try {
      return { lock: identify(fs.fstatSync(file, { bigint: true })) };
    } finally {
      fs.closeSync(file);
    }
  } catch (cause) {
    return { isTaken: (cause as NodeJS.ErrnoException).code === 'EEXIST' };
  }
}

function look({ fs }: Layout, path: string): string | undefined {
  try {
    return identify(fs.lstatSync(path, { bigint: true }));
  } catch {
    // Released since.
    return undefined;
  }
}

function remove(layout: Layout, path: string, lock: string): void {
  // Another's by now, if ours was taken over while we were stopped.
  if (look(layout, path) !== lock) return;
  try {
    layout.fs.unlinkSync(path);
  } catch {
    // A folder in its place, or a file system that is read-only by now: nobody waits for it for ever.
  }
}

const identify = ({ ino, birthtimeNs }: { readonly ino: bigint; readonly birthtimeNs: bigint }) =>
  `${ino}-${birthtimeNs}`;
