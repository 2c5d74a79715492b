/** Why an entry is not an answer to a query, in words. */

import { printable } from '../core/printable.js';
import type { Condition } from '../core/query.js';
import type { Sighting } from './sighting.js';

/** How many entries are told of. */
const most = 8;

/** For each entry that is not an answer, `<id>: <why>`; those that come closest first. */
export function whyNot(sightings: readonly Sighting[], conditions: readonly Condition[]): string[] {
  const misses = sightings.map((sighting) => {
    const failed = conditions.filter(({ isMet }) => sighting.instance === undefined || !isMet(sighting.instance));
    const why =
      sighting.verdict !== 'alive' || sighting.instance === undefined
        ? `${sighting.verdict}: ${sighting.reason}`
        : failed[0]?.tell(sighting.instance);
    return { distance: failed.length, line: `${sighting.id}: ${why ?? 'matches now'}` };
  });
  return misses
    .sort((a, b) => a.distance - b.distance)
    .slice(0, most)
    .map(({ line }) => printable(line));
}
