/** One look at everything: list → decode → evidence → verdict. Reads and nothing else. */

import type { Clock } from '../core/clock.js';
import type { Decoded } from '../core/codec.js';
import { Heartbeats } from '../core/heartbeats.js';
import type { Instance } from '../core/instance.js';
import { read } from '../core/read.js';
import { type Heartbeat, judge, type Look, type Verdict } from '../core/verdict.js';
import type { Probe } from '../process/probe.js';
import { nextTurn } from '../process/turns.js';
import type { ListOptions, Store, StoreEntry } from '../store/store.js';

/** All that a look depends on. */
export interface World {
  readonly store: Store;
  readonly probe: Probe;
  readonly clock: Clock;
  /** Takes the errors of background work. Never throws. */
  report(error: unknown): void;
}

/** One entry, and what is to be thought of it. */
export interface Sighting {
  readonly id: string;
  readonly verdict: Verdict;
  /** Why, in words a person understands. */
  readonly reason: string;
  /** Missing if and only if the entry is illegible. */
  readonly instance?: Instance | undefined;
  /** Last heartbeat, in ms since 1970; 0 if it cannot be told. */
  readonly renewedAt: number;
  /** The store's version of the entry when it was looked at. */
  readonly version: string;
}

/** Entries decoded or judged in one go, and how long at most, in ms: the worst of 64 KiB takes some 30. */
const slice = 128;
const turn = 2;

/** What is kept of an entry between two looks. */
interface Kept {
  readonly entry: StoreEntry;
  readonly decoded: Decoded;
  /** When it registered, in ms since 1970: the first key of the order. */
  readonly at: number;
  /** What was seen of its process, if that alone decided, and what was made of it. */
  proof?: { readonly seen: Look; readonly sighting: Sighting } | undefined;
}

type LookAt = Probe['look'];

/** Takes surveys, and remembers between them what saves work: decoded entries, and what was proved of each. */
export class Surveyor {
  readonly #world: World;
  #kept = new Map<string, Kept>();
  /** The same of entries that were looked at alone since. */
  readonly #glimpsed = new Map<string, Kept>();
  /** The last listing, and what was made of it: the store gives the same array while it knows of no change. */
  #last: { readonly entries: readonly StoreEntry[]; readonly ordered: readonly Kept[] } | undefined;
  #sightings: readonly Sighting[] = [];
  /** Only a lasting observer keeps them: between two far-apart looks they say nothing. */
  readonly #heartbeats: Heartbeats | undefined;

  constructor(world: World, options: { readonly isLasting: boolean }) {
    this.#world = world;
    this.#heartbeats = options.isLasting ? new Heartbeats() : undefined;
  }

  /**
   * Every entry with its verdict: oldest registration first, the illegible before all. An instance whose entry has
   * not changed is the same object, and if nothing is known to have changed at all, so is the array. With `mayLag`,
   * versions and renewal times may be those of an earlier look; the verdicts are of now.
   */
  async survey(options: ListOptions = {}): Promise<readonly Sighting[]> {
    const { store, probe, clock } = this.#world;
    const entries = await store.list(options);
    const ordered = this.#last?.entries === entries ? this.#last.ordered : await this.#keep(entries);
    const lookAt = probe.round?.() ?? ((pid, start) => probe.look(pid, start));
    const isLagging = options.mayLag === true;
    const sightings: (Sighting | undefined)[] = [];
    const unproved: number[] = [];
    let began = clock.monotonic();
    for (let index = 0; index < ordered.length; index++) {
      if (index > 0 && index % slice === 0 && clock.monotonic() - began > turn) {
        await nextTurn();
        began = clock.monotonic();
      }
      const kept = ordered[index] as Kept;
      sightings.push(this.#judge(kept, lookAt, isLagging));
      if (isLagging && kept.proof === undefined && kept.decoded.instance !== undefined) unproved.push(index);
    }
    // Judged by its heartbeat, of which a listing that may lag does not know.
    for (const index of unproved) {
      const entry = await store.get((ordered[index] as Kept).entry.id);
      sightings[index] = entry && this.#judge(await this.#keptOf(entry), lookAt);
    }
    const found = unproved.length === 0 ? sightings : sightings.filter((sighting) => sighting !== undefined);
    const last = this.#sightings;
    if (found.length === last.length && found.every((sighting, index) => sighting === last[index])) return last;
    this.#sightings = await this.#reconsider(found as Sighting[]);
    return this.#sightings;
  }

  /** One entry with its verdict. */
  async look(id: string): Promise<Sighting | undefined> {
    const { store, probe } = this.#world;
    const entry = await store.get(id);
    if (entry === undefined) return undefined;
    const kept = await this.#keptOf(entry);
    this.#glimpsed.set(id, kept);
    const sighting = this.#judge(kept, (pid, start) => probe.look(pid, start));
    return (await this.#reconsider([sighting]))[0];
  }

  /** Starts anew, after having been away. */
  forget(): void {
    this.#heartbeats?.clear();
  }

  /** Decodes what is new among `entries`, and puts all in order. */
  async #keep(entries: readonly StoreEntry[]): Promise<readonly Kept[]> {
    const { clock } = this.#world;
    const before = this.#last?.ordered ?? [];
    const next = new Map<string, Kept>();
    const others: Kept[] = [];
    let began = clock.monotonic();
    for (let index = 0; index < entries.length; index++) {
      if (index > 0 && (index % slice === 0 || clock.monotonic() - began > turn)) {
        await nextTurn();
        began = clock.monotonic();
      }
      const entry = entries[index] as StoreEntry;
      const kept = this.#keptOf(entry);
      const settled = kept instanceof Promise ? await kept : kept;
      next.set(entry.id, settled);
      if (!this.#kept.has(entry.id)) others.push(settled);
    }
    // From the last order, which is nearly the new one: sorting that is quick.
    const ordered = [...before.flatMap(({ entry }) => next.get(entry.id) ?? []), ...others];
    ordered.sort((a, b) => a.at - b.at || (a.entry.id < b.entry.id ? -1 : 1));
    this.#kept = next;
    this.#glimpsed.clear();
    this.#heartbeats?.keep(next);
    this.#last = { entries, ordered };
    return ordered;
  }

  #keptOf(entry: StoreEntry): Kept | Promise<Kept> {
    const { id, body, problem } = entry;
    const known = this.#glimpsed.get(id) ?? this.#kept.get(id);
    if (known?.entry === entry) return known;
    if (problem !== undefined) return keep(entry, { illegible: problem, isNewer: false });
    if (known !== undefined && known.entry.problem === undefined && known.entry.body === body) {
      return keep(entry, known.decoded);
    }
    const decoded = read(id, body);
    return decoded instanceof Promise ? decoded.then((result) => keep(entry, result)) : keep(entry, decoded);
  }

  /** Where start times are slow to tell, they are asked for only when the answer would make a difference. */
  async #reconsider(sightings: readonly Sighting[]): Promise<readonly Sighting[]> {
    const { probe } = this.#world;
    if (probe.inquire === undefined) return sightings;
    const doubtful = sightings.filter(({ verdict }) => verdict === 'stale');
    if (doubtful.length === 0) return sightings;
    await probe.inquire(doubtful.flatMap(({ instance }) => (isNear(instance, probe) ? [instance.process.pid] : [])));
    return sightings.map((sighting) => {
      const { instance, ...entry } = sighting;
      if (sighting.verdict !== 'stale' || instance === undefined) return sighting;
      return this.#judgeInstance(entry, instance, (pid, start) => probe.look(pid, start)).sighting;
    });
  }

  #judge(kept: Kept, lookAt: LookAt, isLagging = false): Sighting {
    const { entry, decoded, proof } = kept;
    const { instance } = decoded;
    if (instance === undefined) {
      const { id, version, renewedAt } = entry;
      return { id, verdict: 'illegible', reason: decoded.illegible, renewedAt, version };
    }
    if (proof !== undefined && lookAt(instance.process.pid, instance.process.start) === proof.seen) {
      return proof.sighting;
    }
    const { sighting, seen } = this.#judgeInstance(entry, instance, lookAt, isLagging);
    kept.proof = seen && { seen, sighting };
    return sighting;
  }

  /** With what was `seen` of the process, if nothing but that was needed. */
  #judgeInstance(
    entry: Pick<StoreEntry, 'id' | 'version' | 'renewedAt'>,
    instance: Instance,
    lookAt: LookAt,
    isLagging = false,
  ) {
    const { id, version, renewedAt } = entry;
    const { clock, probe } = this.#world;
    const { ttl } = instance;
    const heartbeats = this.#heartbeats;
    let seen: Look | undefined;
    const heartbeat: Heartbeat = {
      ttl,
      get age() {
        seen = undefined;
        // What is made of it is not used then, and an old renewal must not be taken for a new one.
        if (isLagging) return 0;
        const now = clock.now();
        return heartbeats?.observe(id, renewedAt, ttl, now, clock.monotonic()) ?? now - renewedAt;
      },
    };
    const judgement = judge(
      instance.process,
      probe.observer,
      (pid, start) => {
        seen = lookAt(pid, start);
        return seen;
      },
      heartbeat,
    );
    const sighting: Sighting = { id, ...judgement, instance, renewedAt, version };
    return { sighting, seen };
  }
}

function keep(entry: StoreEntry, decoded: Decoded): Kept {
  return {
    entry,
    decoded,
    at: decoded.instance === undefined ? 0 : Date.parse(decoded.instance.registeredAt),
    proof: undefined,
  };
}

function isNear(instance: Instance | undefined, { observer }: Probe): instance is Instance {
  return instance !== undefined && instance.process.machine === observer.machine;
}
