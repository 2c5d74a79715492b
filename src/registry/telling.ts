/** What the registry tells on its channels. Nobody listens, as a rule: then no message is made, and no clock is read. */

import type { Clock } from '../core/clock.js';
import type { Instance } from '../core/instance.js';
import type { Query } from '../core/query.js';
import { channels } from '../process/channels.js';
import type { Sighting } from './sighting.js';

interface Source {
  readonly clock: Clock;
}

export function tellRegister({ clock }: Source, { id, name, process: { pid } }: Instance): void {
  if (channels.register.hasSubscribers) channels.register.publish({ at: clock.now(), id, name, pid });
}

export function tellDeregister({ clock }: Source, { id, name }: Instance): void {
  if (channels.deregister.hasSubscribers) channels.deregister.publish({ at: clock.now(), id, name });
}

export function tellReap({ clock }: Source, { id, verdict, reason, instance }: Sighting): void {
  if (!channels.reap.hasSubscribers || (verdict !== 'dead' && verdict !== 'stale')) return;
  channels.reap.publish({ at: clock.now(), id, name: instance?.name, verdict, reason });
}

/** When a question began, in ms of the monotonic clock, if anyone wants to know how long it takes. */
export function beginning({ clock }: Source): number | undefined {
  return channels.discover.hasSubscribers ? clock.monotonic() : undefined;
}

/** That it has been answered; of a pick, by whom. */
export function tellDiscover(
  { clock }: Source,
  began: number | undefined,
  query: Query = {},
  found = 0,
  pick?: { readonly chosen: Instance | undefined },
): void {
  if (began === undefined) return;
  const method = pick === undefined ? 'discover' : 'pick';
  const took = clock.monotonic() - began;
  channels.discover.publish({ at: clock.now(), took, method, query, found, picked: pick?.chosen?.id });
}
