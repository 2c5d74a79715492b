/** A watch that outlives the folder: one that was removed and made again is watched anew. */

import type { Clock, Timer } from '../../core/clock.js';
import type { Layout } from './directory.js';
import { watchDirectory } from './watch-directory.js';

/** Between two looks at whether the folder is still the one that is watched, in ms. */
const interval = 1_000;

/**
 * As `watchDirectory`, for as long as it is not taken back.
 *
 * @throws as `watchDirectory`, if the first watch cannot be had.
 */
export function keepWatching(layout: Layout, clock: Clock, hint: (id?: string) => void): () => void {
  let watched: string | undefined;
  const lose = () => {
    watched = undefined;
  };
  let unwatch = watchDirectory(layout, hint, lose);
  watched = identityOf(layout);
  let timer: Timer;

  // A watch on a folder that was removed and made again is deaf and says nothing: compare, and watch anew.
  const check = () => {
    if (watched !== undefined && identityOf(layout) === watched) return;
    unwatch();
    unwatch = lose;
    lose();
    unwatch = watchDirectory(layout, hint, lose);
    watched = identityOf(layout);
    hint();
  };
  const plan = () => {
    timer = clock.after(interval, () => {
      plan();
      try {
        check();
      } catch {
        // It cannot be made or watched at the moment. Looked at again in a second; meanwhile the caller looks.
      }
    });
  };
  plan();
  return () => {
    timer.cancel();
    unwatch();
  };
}

/** Which folders these are, beyond their names. */
function identityOf(layout: Layout): string | undefined {
  try {
    return (
      [layout.root, layout.entries]
        .map((path) => layout.fs.statSync(path, { bigint: true }))
        // ext4 gives the inode of a folder that was removed to the next that is made: the time it was made differs.
        .map(({ dev, ino, birthtimeNs }) => `${dev}-${ino}-${birthtimeNs}`)
        .join()
    );
  } catch {
    // Gone, or out of reach: in either case not what was watched.
    return undefined;
  }
}
