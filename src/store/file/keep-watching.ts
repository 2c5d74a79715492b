/** A watch that outlives the folder: one that was removed and made again is watched anew. */

import type { Clock, Timer } from '../../core/clock.js';
import type { Unwatch } from '../store.js';
import type { Layout } from './directory.js';
import { watchDirectory } from './watch-directory.js';

/** Between two looks at whether the folder is still the one that is watched, in ms. */
const interval = 1_000;

/** As `watchDirectory`, for as long as it is not taken back. Rejects if the first watch cannot be had. */
export async function keepWatching(layout: Layout, clock: Clock, hint: (id?: string) => void): Promise<Unwatch> {
  let unwatch = await watchDirectory(layout, hint);
  let watched = identityOf(layout);
  let isOver = false;
  let checking: Promise<void> = Promise.resolve();
  let timer: Timer;

  // A watch on a folder that was removed and made again is deaf and says nothing: compare, and watch anew.
  const check = async () => {
    const now = identityOf(layout);
    if (now !== undefined && now === watched) return;
    watched = undefined;
    const old = unwatch;
    unwatch = async () => {};
    await old();
    if (isOver) return;
    unwatch = await watchDirectory(layout, hint);
    watched = identityOf(layout);
    hint();
  };
  const plan = () => {
    timer = clock.after(interval, () => {
      checking = check()
        .catch(() => {
          // It cannot be made or watched at the moment. Looked at again in a second; meanwhile the caller looks.
        })
        .then(() => {
          if (!isOver) plan();
        });
    });
  };
  plan();
  return async () => {
    isOver = true;
    timer.cancel();
    await checking;
    await unwatch();
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
