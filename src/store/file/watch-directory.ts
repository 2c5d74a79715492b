/** Hints that something in the entries' folder changed. Hints, not truth: they may be lost, doubled or late. */

import { basename } from 'node:path';
import type { Unwatch } from '../store.js';
import type { Layout } from './directory.js';

/**
 * Calls `hint` for each entry that was made, replaced or removed, as soon as the system tells. Holds two watches,
 * however many entries there are. Rejects if the system has none left; whoever asks must then look by itself.
 */
export async function watchDirectory(layout: Layout, hint: (id?: string) => void): Promise<Unwatch> {
  // Two missing levels leave chokidar deaf, so they are made first.
  layout.prepare();
  const { watch } = await import('chokidar');
  const watcher = watch(layout.root, {
    // The folder above too, or a folder that is removed and made again is never heard of again. Files are ignored:
    // chokidar would hold a watch for each, and its raw events tell of every name in a watched folder anyway.
    ignored: (path) => path !== layout.root && path !== layout.entries,
    depth: 1,
    ignoreInitial: true,
    persistent: false,
    // Would swallow the last of several quick changes, and hold back every removal by 100 ms.
    atomic: false,
    awaitWriteFinish: false,
  });
  const close = () => watcher.close();
  try {
    await new Promise<void>((resolve, reject) => {
      // Before `ready`, or an error in between ends the process.
      watcher.on('error', reject);
      watcher.on('ready', resolve);
    });
  } catch (error) {
    await close();
    throw error;
  }
  watcher.on('raw', (event, path) => {
    // A touch is a heartbeat, of which there are many, and changes nothing that anyone shows.
    if (event === 'change') return;
    const name = typeof path === 'string' ? basename(path) : '';
    if (name.endsWith('.json')) hint(name.slice(0, -'.json'.length));
    else if (name === '' || name === basename(layout.entries)) hint();
  });
  return close;
}
