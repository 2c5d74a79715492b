/** A program that was started for all who ask, has not registered in time, and whose starter is dead: nobody else ends it. */

import type { Instance } from '../core/instance.js';
import { signalAll } from '../process/launch.js';
import { pause } from '../process/turns.js';
import { holdingOf } from './claim-record.js';
import { verdictOn } from './ownership.js';
import type { Sighting } from './sighting.js';
import type { World } from './world.js';

/** Between SIGTERM and SIGKILL, in ms, and between two looks. */
const grace = 2_000;
const attention = 50;

interface Source extends World {
  inspect(): Promise<Sighting[]>;
}

/** Whether that is so of the program that holds this claim. */
export function isOverdue(record: Instance | undefined, { probe, clock }: World): record is Instance {
  const { keeper, isReleased, about } = holdingOf(record);
  if (record === undefined || keeper === undefined || isReleased === true) return false;
  const isLate = typeof about?.until === 'number' && clock.now() > about.until;
  return isLate && verdictOn(keeper, probe) === 'dead' && verdictOn(record.process, probe) === 'alive';
}

/** Ends it; before each signal it is proved that it is that process. One that has an entry is left alone. */
export async function endOverdue(record: Instance, registry: Source): Promise<void> {
  const { pid, start } = record.process;
  const sightings = await registry.inspect();
  if (sightings.some(({ instance }) => instance?.process.pid === pid && instance.process.start === start)) return;
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!isOverdue(record, registry)) return;
    signalAll(pid, signal);
    for (let left = grace; left > 0 && verdictOn(record.process, registry.probe) === 'alive'; left -= attention) {
      await pause(attention);
    }
  }
}
