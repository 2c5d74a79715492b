/** One look at everything: list → decode → evidence → verdict. Reads and nothing else. */

import type { Clock } from '../core/clock.js';
import { Heartbeats } from '../core/heartbeats.js';
import type { Instance } from '../core/instance.js';
import { type Heartbeat, judge, type Look } from '../core/verdict.js';
import type { Probe } from '../process/probe.js';
import { nextTurn } from '../process/turns.js';
import type { ListOptions, Store, StoreEntry } from '../store/store.js';
import { type Kept, Records, slice, turn } from './records.js';
import type { Sighting } from './sighting.js';

/** All that a look depends on. */
export interface World {
  readonly store: Store;
  readonly probe: Probe;
  readonly clock: Clock;
  /** Takes the errors of background work. Never throws. */
  report(error: unknown): void;
}

type LookAt = Probe['look'];

/** Takes surveys, and remembers between them what saves work: decoded entries, and what was proved of each. */
export class Surveyor {
  readonly #world: World;
  readonly #records: Records;
  #sightings: readonly Sighting[] = [];
  /** Only a lasting observer keeps them: between two far-apart looks they say nothing. */
  readonly #heartbeats: Heartbeats | undefined;

  constructor(world: World, options: { readonly isLasting: boolean }) {
    this.#world = world;
    this.#records = new Records(world.clock);
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
    const ordered = await this.#records.take(entries);
    this.#heartbeats?.keep(this.#records);
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
      sightings[index] = entry && this.#judge(await this.#records.of(entry), lookAt);
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
    const kept = await this.#records.glimpse(entry);
    const sighting = this.#judge(kept, (pid, start) => probe.look(pid, start));
    return (await this.#reconsider([sighting]))[0];
  }

  /** Starts anew, after having been away. */
  forget(): void {
    this.#heartbeats?.clear();
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

function isNear(instance: Instance | undefined, { observer }: Probe): instance is Instance {
  return instance !== undefined && instance.process.machine === observer.machine;
}
