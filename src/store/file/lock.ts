/** Keeps two writers of one entry out of each other's way. */

import * as fs from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
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

/** How long a lock is waited for, in ms, by someone who then goes on without it. */
const patience = 4_000;

async function acquire(layout: Layout, id: string): Promise<() => Promise<void>> {
  // Imported on first use: the import alone installs signal listeners and replaces `process.emit`.
  const { default: lockfile } = await withoutPatches(() => import('proper-lockfile'));
  const until = performance.now() + patience;
  for (;;) {
    try {
      const release = await lockfile.lock(resolve(layout.entry(id)), {
        realpath: false,
        lockfilePath: join(layout.locks, `${id}.lock`),
        stale: 10_000,
        update: 2_000,
        // Its default throws from a timer and so ends the process. Here a lost lock changes nothing.
        onCompromised: () => {},
        fs: privateFolders,
      });
      // Called without arguments: it takes one for a callback. A late release finds the lock gone; that is all right.
      return () => release().catch(() => {});
    } catch (error) {
      // Its own retries would wait for any error, also where no lock can be made at all. Only a holder is waited for.
      const isHeld = (error as NodeJS.ErrnoException).code === 'ELOCKED';
      if (!isHeld || performance.now() > until) return async () => {};
      await pause(20 + Math.random() * 80);
    }
  }
}

/** A lock is a folder, and ours are 0700 from their first instant. */
const privateFolders = {
  ...fs,
  mkdir: (path: string, done: (error: NodeJS.ErrnoException | null) => void) => fs.mkdir(path, 0o700, done),
};
