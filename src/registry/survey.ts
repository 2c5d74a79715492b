/** One look at everything: list → decode → evidence → verdict. Reads and nothing else. */

import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../core/clock.js';
import { type Decoded, decode } from '../core/codec.js';
import { Heartbeats } from '../core/heartbeats.js';
import type { Instance } from '../core/instance.js';
import { type Judgement, judge, type Verdict } from '../core/verdict.js';
import type { Probe } from '../process/probe.js';
import type { Store, StoreEntry } from '../store/store.js';

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

/** Entries decoded and judged in one go, and how long at most, in ms: the worst of 64 KiB takes some 30. */
const slice = 128;
const turn = 2;

/** Takes surveys, and remembers between them what saves work: decoded entries by their text. */
export class Surveyor {
  readonly #world: World;
  #decoded = new Map<string, { readonly body: string; readonly result: Decoded }>();
  /** Only a lasting observer keeps them: between two far-apart looks they say nothing. */
  readonly #heartbeats: Heartbeats | undefined;

  constructor(world: World, options: { readonly isLasting: boolean }) {
    this.#world = world;
    this.#heartbeats = options.isLasting ? new Heartbeats() : undefined;
  }

  /** Every entry with its verdict, in no order. An instance whose entry has not changed is the same object. */
  async survey(): Promise<Sighting[]> {
    const entries = await this.#world.store.list();
    const sightings: Sighting[] = [];
    const { clock } = this.#world;
    let began = clock.monotonic();
    for (const [index, entry] of entries.entries()) {
      if (index > 0 && (index % slice === 0 || clock.monotonic() - began > turn)) {
        await setImmediate();
        began = clock.monotonic();
      }
      sightings.push(this.#judge(entry));
    }
    const ids = new Set(entries.map(({ id }) => id));
    for (const id of this.#decoded.keys()) if (!ids.has(id)) this.#decoded.delete(id);
    this.#heartbeats?.keep(ids);
    return this.#reconsider(entries, sightings);
  }

  /** One entry with its verdict. */
  async look(id: string): Promise<Sighting | undefined> {
    const entry = await this.#world.store.get(id);
    return entry && (await this.#reconsider([entry], [this.#judge(entry)]))[0];
  }

  /** Starts anew, after having been away. */
  forget(): void {
    this.#heartbeats?.clear();
  }

  /** Where start times are slow to tell, they are asked for only when the answer would make a difference. */
  async #reconsider(entries: readonly StoreEntry[], sightings: Sighting[]): Promise<Sighting[]> {
    const { probe } = this.#world;
    if (probe.inquire === undefined) return sightings;
    const doubtful = sightings.filter(({ verdict }) => verdict === 'stale');
    if (doubtful.length === 0) return sightings;
    await probe.inquire(doubtful.flatMap(({ instance }) => (isNear(instance, probe) ? [instance.process.pid] : [])));
    return sightings.map((sighting, index) => {
      const entry = entries[index];
      return sighting.verdict === 'stale' && entry !== undefined ? this.#judge(entry) : sighting;
    });
  }

  #judge(entry: StoreEntry): Sighting {
    const { id, version, renewedAt } = entry;
    const decoded: Decoded =
      entry.problem === undefined ? this.#decode(entry) : { illegible: entry.problem, isNewer: false };
    if (decoded.instance === undefined) {
      return { id, verdict: 'illegible', reason: decoded.illegible, renewedAt, version };
    }
    const { instance } = decoded;
    const { clock, probe } = this.#world;
    const now = clock.now();
    const age = this.#heartbeats?.observe(id, renewedAt, instance.ttl, now, clock.monotonic());
    const heartbeat = { age: age ?? now - renewedAt, ttl: instance.ttl };
    const judgement: Judgement = judge(
      instance.process,
      probe.observer,
      (pid, start) => probe.look(pid, start),
      heartbeat,
    );
    return { id, ...judgement, instance, renewedAt, version };
  }

  #decode({ id, body }: StoreEntry): Decoded {
    const known = this.#decoded.get(id);
    if (known !== undefined && known.body === body) return known.result;
    const result = decode(id, body);
    this.#decoded.set(id, { body, result });
    return result;
  }
}

function isNear(instance: Instance | undefined, { observer }: Probe): instance is Instance {
  return instance !== undefined && instance.process.machine === observer.machine;
}
