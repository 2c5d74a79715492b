/** What is kept of entries between two looks: how they were decoded, in the order of their age, and what was proved. */

import type { Clock } from '../core/clock.js';
import type { Decoded } from '../core/codec.js';
import { read } from '../core/read.js';
import type { Look } from '../core/verdict.js';
import { nextTurn } from '../process/turns.js';
import type { StoreEntry } from '../store/store.js';
import type { Sighting } from './sighting.js';

/** Entries decoded or judged in one go, and how long at most, in ms: the worst of 64 KiB takes some 30. */
export const slice = 128;
export const turn = 2;

/** What is kept of an entry between two looks. */
export interface Kept {
  readonly entry: StoreEntry;
  readonly decoded: Decoded;
  /** When it registered, in ms since 1970: the first key of the order. */
  readonly at: number;
  /** What was seen of its process, if that alone decided, and what was made of it. */
  proof?: { readonly seen: Look; readonly sighting: Sighting } | undefined;
}

/** The last listing, and what was made of it: the store gives the same array while it knows of no change. */
interface Last {
  readonly entries: readonly StoreEntry[];
  /** Oldest registration first. */
  readonly ordered: readonly Kept[];
  /** Where each is in that order. */
  readonly places: ReadonlyMap<string, number>;
}

export class Records {
  readonly #clock: Clock;
  #last: Last = { entries: [], ordered: [], places: new Map() };
  /** Of entries that were looked at alone since. */
  readonly #glimpsed = new Map<string, Kept>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  has(id: string): boolean {
    return this.#last.places.has(id);
  }

  /** An entry that is looked at alone. */
  async glimpse(entry: StoreEntry): Promise<Kept> {
    const kept = await this.of(entry);
    this.#glimpsed.set(entry.id, kept);
    return kept;
  }

  /** Decodes what is new among `entries`, and puts all in order. */
  async take(entries: readonly StoreEntry[]): Promise<readonly Kept[]> {
    if (entries === this.#last.entries) return this.#last.ordered;
    const clock = this.#clock;
    const { ordered: before, places } = this.#last;
    const changed: [place: number, kept: Kept][] = [];
    const added: Kept[] = [];
    let began = clock.monotonic();
    for (let index = 0; index < entries.length; index++) {
      const entry = entries[index] as StoreEntry;
      const place = places.get(entry.id);
      if (place !== undefined && before[place]?.entry === entry) continue;
      const made = this.of(entry, place === undefined ? undefined : before[place]);
      const kept = made instanceof Promise ? await made : made;
      if (place === undefined) added.push(kept);
      else changed.push([place, kept]);
      if ((added.length + changed.length) % slice === 0 || clock.monotonic() - began > turn) {
        await nextTurn();
        began = clock.monotonic();
      }
    }
    const ordered = changed.length === 0 ? before : [...before];
    for (const [place, kept] of changed) (ordered as Kept[])[place] = kept;
    const isSame = added.length === 0 && entries.length === before.length;
    const isOrdered = changed.every(([place, { at }]) => at === before[place]?.at);
    this.#glimpsed.clear();
    this.#last = isSame && isOrdered ? { entries, ordered, places } : arrange(entries, [...ordered, ...added]);
    return this.#last.ordered;
  }

  /** What is kept of this entry, or would be. */
  of(entry: StoreEntry, before = this.#known(entry.id)): Kept | Promise<Kept> {
    const { id, body, problem } = entry;
    const known = this.#glimpsed.get(id) ?? before;
    if (known?.entry === entry) return known;
    if (problem !== undefined) return keep(entry, { illegible: problem, isNewer: false });
    if (known !== undefined && known.entry.problem === undefined && known.entry.body === body) {
      return keep(entry, known.decoded);
    }
    const decoded = read(id, body);
    return decoded instanceof Promise ? decoded.then((result) => keep(entry, result)) : keep(entry, decoded);
  }

  #known(id: string): Kept | undefined {
    const { ordered, places } = this.#last;
    return ordered[places.get(id) ?? -1];
  }
}

/** In order, and without those that are not among `entries`. */
function arrange(entries: readonly StoreEntry[], kept: Kept[]): Last {
  const present = kept.length === entries.length ? undefined : new Set(entries.map(({ id }) => id));
  const ordered = present === undefined ? kept : kept.filter(({ entry }) => present.has(entry.id));
  // Nearly in order, as a rule: that is quick.
  ordered.sort((a, b) => a.at - b.at || (a.entry.id < b.entry.id ? -1 : 1));
  return { entries, ordered, places: new Map(ordered.map(({ entry }, place) => [entry.id, place])) };
}

function keep(entry: StoreEntry, decoded: Decoded): Kept {
  return {
    entry,
    decoded,
    at: decoded.instance === undefined ? 0 : Date.parse(decoded.instance.registeredAt),
    proof: undefined,
  };
}
