/** Hints that something in the entries' folder changed. Hints, not truth: they may be lost, doubled or late. */

import type { FSWatcher } from 'node:fs';
import { basename } from 'node:path';
import { fs } from '../../process/builtins.js';
import type { Layout } from './directory.js';

/**
 * Calls `hint` for each entry that was made, replaced or removed, as soon as the system tells. Holds two watches,
 * however many entries there are; `lose` if a watch broke. A folder that is removed and made again is not heard of
 * again: see `keepWatching`.
 *
 * `fs.watch` and not chokidar, which lists the folder at every event (10 ms with 10,000 entries) and keeps the process
 * alive for a second after it (chokidar 5.0, its throttles).
 *
 * @throws ROLLCALL_STORE, or the system's error if it has no watch left; whoever asks must then look by itself.
 */
export function watchDirectory(layout: Layout, hint: (id?: string) => void, lose: () => void): () => void {
  layout.prepare();
  const watchers: FSWatcher[] = [];
  const close = () => {
    for (const watcher of watchers) watcher.close();
  };
  const listen = (folder: string, hear: (name: string) => void) => {
    const watcher = fs.watch(folder, { persistent: false });
    watchers.push(watcher);
    // A touch is a `change`: a heartbeat, of which there are many, and which changes nothing that anyone shows.
    watcher.on('change', (event, name) => {
      if (event === 'rename') hear(typeof name === 'string' ? name : '');
    });
    // Windows tells so when the folder is removed. It is watched anew when it is there again.
    watcher.on('error', lose);
  };
  try {
    listen(layout.entries, (name) => {
      if (name.endsWith('.json') && !name.startsWith('.')) hint(name.slice(0, -'.json'.length));
      // The folder itself, or a system that gives no names.
      else if (name === '' || name === basename(layout.entries)) hint();
    });
    listen(layout.root, (name) => {
      if (name === '' || name === basename(layout.entries) || name === basename(layout.root)) hint();
    });
  } catch (error) {
    close();
    throw error;
  }
  return close;
}
