/** A second thought on what is stale: what is slow to find out is asked for only when it would make a difference. */

import type { Instance } from '../core/instance.js';
import type { Probe } from '../process/probe.js';
import type { Follower } from '../store/store.js';
import { find, type Kept } from './kept.js';
import type { World } from './world.js';

type Judge = (kept: Kept, lookAt: Probe['look']) => void;

/** Judges anew those of `all` that are stale, and of this machine. Says whether it found one not to be. */
export async function reconsider(world: World, all: readonly Kept[], judge: Judge): Promise<boolean> {
  const { machine } = world.probe.observer;
  const isDoubtful = ({ sighting: { verdict, instance } }: Kept) =>
    verdict === 'stale' && instance?.process.machine === machine;
  const doubtful = all.filter(isDoubtful);
  if (doubtful.length === 0) return false;
  await inquire(world.probe, doubtful, judge);
  for (const kept of doubtful.filter(isDoubtful)) await askLifeline(world, kept);
  return !doubtful.every(isDoubtful);
}

/** Start times, where they are slow to tell. */
async function inquire(probe: Probe, doubtful: readonly Kept[], judge: Judge): Promise<void> {
  if (probe.inquire === undefined) return;
  await probe.inquire(doubtful.map(({ reading }) => (reading.instance as Instance).process.pid));
  for (const kept of doubtful) judge(kept, (pid, start) => probe.look(pid, start));
}

/** Who holds its lifeline lives, although its heartbeat has lapsed. */
async function askLifeline({ store, probe, clock }: World, kept: Kept): Promise<void> {
  const { reading } = kept;
  const { id, instance, reason } = kept.sighting;
  if (instance === undefined || instance.process.boot !== probe.observer.boot) return;
  let follower: Follower | undefined;
  try {
    follower = await store.follow?.(id, () => {});
  } catch {
    // As good as none.
  }
  follower?.stop();
  // Or another state of the entry was read meanwhile.
  if (follower?.wasHeld !== true || kept.reading !== reading) return;
  find(kept, 'alive', `${reason}; it holds its lifeline`, kept.seen, clock.monotonic() + instance.ttl / 4);
}
