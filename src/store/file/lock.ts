/** Keeps two writers of one entry out of each other's way. */

import * as fs from 'node:fs';
import { join, resolve } from 'node:path';
import { withoutPatches } from '../../process/patches.js';
import type { Layout } from './directory.js';

/**
 * Runs `act` while holding the lock of `id`, or without it if none can be had within some seconds: a lock reduces
 * contention and nothing more. Every act must be right without it.
 *
 * The lock of a holder that is stopped for 10 s is taken over; the holder is not told and does not fail.
 */
export async function withLock<T>(layout: Layout, id: string, act: () => Promise<T>): Promise<T> {
  const release = await acquire(layout, id);
  try {
    return await act();
  } finally {
    await release();
  }
}

async function acquire(layout: Layout, id: string): Promise<() => Promise<void>> {
  // Imported on first use: the import alone installs signal listeners and replaces `process.emit`.
  const { default: lockfile } = await withoutPatches(() => import('proper-lockfile'));
  try {
    const release = await lockfile.lock(resolve(layout.entry(id)), {
      realpath: false,
      lockfilePath: join(layout.locks, `${id}.lock`),
      stale: 10_000,
      update: 2_000,
      retries: { retries: 20, factor: 1.3, minTimeout: 20, maxTimeout: 250, randomize: true },
      // Its default throws from a timer and so ends the process. Here a lost lock changes nothing.
      onCompromised: () => {},
      fs: privateFolders,
    });
    // Called without arguments: it takes one for a callback. A late release finds the lock gone; that is all right.
    return () => release().catch(() => {});
  } catch {
    // Held by someone who hangs, or no lock can be made there at all: go on without.
    return async () => {};
  }
}

/** A lock is a folder, and ours are 0700 from their first instant. */
const privateFolders = {
  ...fs,
  mkdir: (path: string, done: (error: NodeJS.ErrnoException | null) => void) => fs.mkdir(path, 0o700, done),
};
