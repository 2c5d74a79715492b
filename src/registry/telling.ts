/** What the registry tells on its channels. As a rule nobody listens: then no message is made, and no clock is read. */

import type { Clock } from '../core/clock.js';
import type { Instance } from '../core/instance.js';
import type { Query } from '../core/query.js';
import { channels } from '../process/channels.js';
import type { Sighting } from './sighting.js';

interface Source {
  readonly clock: Clock;
}

export function tellRegister(source: Source, instance: Instance): void {
  if (!channels.register.hasSubscribers) return;
  const { id, name, process } = instance;
  channels.register.publish({ at: source.clock.now(), id, name, pid: process.pid });
}

export function tellDeregister(source: Source, instance: Instance): void {
  if (!channels.deregister.hasSubscribers) return;
  channels.deregister.publish({ at: source.clock.now(), id: instance.id, name: instance.name });
}

export function tellReap(source: Source, sighting: Sighting): void {
  if (!channels.reap.hasSubscribers) return;
  const { id, verdict, reason, instance } = sighting;
  // No other is ever reaped.
  if (verdict !== 'dead' && verdict !== 'stale') return;
  channels.reap.publish({ at: source.clock.now(), id, name: instance?.name, verdict, reason });
}

/** When a question began, in ms of the monotonic clock, if anyone wants to know how long it takes. */
export function beginning(source: Source): number | undefined {
  return channels.discover.hasSubscribers ? source.clock.monotonic() : undefined;
}

/** That a question has been answered which began then. */
export function tellDiscover({ clock }: Source, began: number | undefined, query: Query = {}, found = 0): void {
  if (began === undefined) return;
  const took = clock.monotonic() - began;
  channels.discover.publish({ at: clock.now(), took, method: 'discover', query, found, picked: undefined });
}

/** The same of one that asked for one of them. */
export function tellPick(
  { clock }: Source,
  began: number | undefined,
  query: Query = {},
  found = 0,
  picked?: Instance,
): void {
  if (began === undefined) return;
  const took = clock.monotonic() - began;
  channels.discover.publish({ at: clock.now(), took, method: 'pick', query, found, picked: picked?.id });
}
