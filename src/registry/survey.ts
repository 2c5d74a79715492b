/** One look at everything: list → decode → evidence → verdict. Reads and nothing else. */

import { Heartbeats } from '../core/heartbeats.js';
import { byHeartbeat, prove } from '../core/verdict.js';
import type { Probe } from '../process/probe.js';
import { nextTurn } from '../process/turns.js';
import type { ListedEntry } from '../store/store.js';
import { find, inOrder, type Kept, keep, stands, witnessesOf } from './kept.js';
import { Queue } from './queue.js';
import { type Reading, type Readings, readingsOf } from './readings.js';
import { reconsider } from './reconsider.js';
import type { Sighting } from './sighting.js';
import type { Verdicts } from './verdicts.js';
import type { World } from './world.js';

export interface SurveyOptions {
  /**
   * The listing may be an earlier one if nothing was put or deleted since: what somebody overwrote in place, and
   * renewal times, may then be as they were. The verdicts are of now.
   */
  readonly mayLag?: boolean | undefined;
}

type LookAt = Probe['look'];

/** Entries decoded or judged in one go, and how long at most, in ms: the worst of 64 KiB takes some 30. */
const slice = 128;
const turn = 2;

/** How long a listing that may lag is good for, in ms. */
const lag = 2_000;

/** For who looks all the time, that many times what it took: a thousandth of the time goes into listing. */
const lastingLag = 1_000;

/** Takes surveys, and remembers between them what saves work: what was proved of each entry, and in which order they are. */
export class Surveyor {
  readonly #world: World;
  readonly #readings: Readings;
  /** Only a lasting observer keeps them: between two far-apart looks they say nothing. */
  readonly #heartbeats: Heartbeats | undefined;
  readonly #verdicts: Verdicts | undefined;
  /** One survey at a time: an older listing must not overtake a newer one. */
  readonly #queue = new Queue();
  readonly #kept = new Map<string, Kept>();
  #ordered: readonly Kept[] = [];
  /** Whose lifelines have ended: by id, the version they had then. */
  readonly #ended = new Map<string, string>();
  /** The store's stamp before the last listing, when that was, and how long it is good for. */
  #listed = { stamp: undefined as string | undefined, at: 0, lag };
  #sightings: readonly Sighting[] = [];
  /** One entry of each process: while these are seen as they were, before `#until`, so are all. */
  #witnesses: readonly Kept[] | undefined;
  #until = 0;

  /** What it finds is told by `verdicts`. */
  constructor(world: World, options: { readonly isLasting: boolean; readonly verdicts?: Verdicts | undefined }) {
    this.#world = world;
    this.#readings = readingsOf(world.store);
    this.#heartbeats = options.isLasting ? new Heartbeats() : undefined;
    this.#verdicts = options.verdicts;
  }

  /**
   * Every entry with its verdict: oldest registration first, the illegible before all. An instance whose entry has
   * not changed is the same object, and if nothing is known to have changed at all, so is the array.
   */
  survey(options: SurveyOptions = {}): Promise<readonly Sighting[]> {
    return this.#queue.add(() => this.#survey(options));
  }

  /** One entry with its verdict. */
  async look(id: string): Promise<Sighting | undefined> {
    const { store, probe } = this.#world;
    const entry = await store.get(id);
    if (entry === undefined) {
      this.#verdicts?.tellOne(this.#sightings, id, undefined);
      return undefined;
    }
    const reading = await this.#readings.of(entry);
    const kept = this.#keep(reading);
    // Kept and judged in one go: a survey may be under way.
    this.#judge(kept, (pid, start) => probe.look(pid, start));
    await this.#reconsider([kept]);
    this.#verdicts?.tellOne(this.#sightings, id, kept.sighting);
    return kept.sighting;
  }

  /** Notes that the process is proved to have ended by its lifeline, where it cannot be looked at itself. */
  async bury(id: string): Promise<void> {
    const entry = await this.#world.store.get(id);
    // Should it be renewed after this, that was no proof.
    if (entry !== undefined) this.#ended.set(id, entry.version);
  }

  /** Starts anew, after having been away. */
  forget(): void {
    this.#heartbeats?.clear();
  }

  async #survey({ mayLag = false }: SurveyOptions): Promise<readonly Sighting[]> {
    const { store, clock } = this.#world;
    const stamp = await store.stamp?.();
    const began = clock.monotonic();
    const listed = this.#listed;
    const isLagging = mayLag && stamp !== undefined && stamp === listed.stamp && began - listed.at <= listed.lag;
    if (!isLagging) {
      const entries = await store.list({ last: this.#readings.last });
      await this.#take(entries);
      const took = clock.monotonic() - began;
      // What is wrong with an entry may pass without a trace: a lease, a second name.
      const isSound = entries.every(({ problem }) => problem === undefined);
      const longest = this.#heartbeats === undefined ? lag : Math.max(lag, took * lastingLag);
      this.#listed = { stamp: isSound ? stamp : undefined, at: began, lag: longest };
    }
    const lookAt = this.#round();
    return isLagging && this.#isAsBefore(lookAt) ? this.#sightings : this.#judgeAll(lookAt, isLagging);
  }

  /** Reads what is new among all entries there are, and forgets what is gone. */
  async #take(entries: readonly ListedEntry[]): Promise<void> {
    const { clock } = this.#world;
    const kept = this.#kept;
    let isOrdered = kept.size === this.#ordered.length;
    let read = 0;
    let began = clock.monotonic();
    for (const entry of entries) {
      const known = kept.get(entry.id);
      if (known !== undefined && known.reading === entry) continue;
      const before = known?.reading.instance?.registeredAt;
      const given = this.#readings.of(entry);
      const reading = given instanceof Promise ? await given : given;
      const now = this.#keep(reading, known);
      if (known === undefined) kept.set(reading.id, now);
      isOrdered &&= now === known && reading.instance?.registeredAt === before;
      if (++read % slice === 0 || clock.monotonic() - began > turn) {
        await nextTurn();
        began = clock.monotonic();
      }
    }
    if (kept.size > entries.length) {
      const present = new Set(entries.map(({ id }) => id));
      for (const id of kept.keys()) if (!present.has(id)) kept.delete(id);
      isOrdered = false;
    }
    this.#readings.keep(kept);
    this.#heartbeats?.keep(kept);
    for (const id of this.#ended.keys()) if (!kept.has(id)) this.#ended.delete(id);
    if (isOrdered) return;
    this.#witnesses = undefined;
    await nextTurn();
    this.#ordered = inOrder([...kept.values()]);
    await nextTurn();
  }

  #keep(reading: Reading, known = this.#kept.get(reading.id)): Kept {
    if (known === undefined) return keep(reading);
    if (known.reading === reading) return known;
    this.#witnesses = undefined;
    return Object.assign(known, keep(reading));
  }

  async #judgeAll(lookAt: LookAt, isLagging: boolean): Promise<readonly Sighting[]> {
    const { clock } = this.#world;
    const ordered = this.#ordered;
    const stale: Kept[] = [];
    let began = clock.monotonic();
    for (let index = 0; index < ordered.length; index++) {
      if (index % slice === slice - 1 && clock.monotonic() - began > turn) {
        await nextTurn();
        began = clock.monotonic();
      }
      const kept = ordered[index] as Kept;
      if (!((isLagging || kept.until === undefined) && stands(kept, lookAt, began))) {
        if (isLagging && this.#hangsOnHeartbeat(kept, lookAt)) await this.#listen(kept);
        this.#judge(kept, lookAt);
      }
      if (kept.sighting.verdict === 'stale') stale.push(kept);
    }
    if (stale.length > 0) await this.#reconsider(stale);
    return this.#conclude(ordered);
  }

  /** What there is to be seen. The same array if that is what it was. */
  #conclude(ordered: readonly Kept[]): readonly Sighting[] {
    const last = this.#sightings;
    let isSame = ordered.length === last.length;
    this.#until = Number.POSITIVE_INFINITY;
    for (let index = 0; index < ordered.length; index++) {
      const { sighting, until } = ordered[index] as Kept;
      if (sighting !== last[index]) isSame = false;
      if (until !== undefined && until < this.#until) this.#until = until;
    }
    if (!isSame) {
      this.#sightings = ordered.map(({ sighting }) => sighting);
      this.#verdicts?.tellAll(last, this.#sightings);
    }
    this.#witnesses ??= witnessesOf(ordered);
    return this.#sightings;
  }

  #hangsOnHeartbeat({ sighting: { instance } }: Kept, lookAt: LookAt): boolean {
    return instance !== undefined && prove(instance.process, this.#world.probe.observer, lookAt).verdict === undefined;
  }

  /** For its heartbeat, of which a listing that lags does not know. */
  async #listen({ sighting: { id } }: Kept): Promise<void> {
    const entry = await this.#world.store.get(id);
    // Gone by now: the next listing says so.
    if (entry !== undefined) this.#keep(await this.#readings.of(entry));
  }

  #isAsBefore(lookAt: LookAt): boolean {
    const now = this.#world.clock.monotonic();
    return now < this.#until && this.#witnesses?.every((kept) => stands(kept, lookAt, now)) === true;
  }

  #judge(kept: Kept, lookAt: LookAt): void {
    const { id, instance, renewedAt, version } = kept.sighting;
    if (instance === undefined) return;
    const { probe, clock } = this.#world;
    const { verdict, reason, seen } = prove(instance.process, probe.observer, lookAt);
    if (verdict !== undefined) {
      if (find(kept, verdict, reason, seen)) this.#witnesses = undefined;
      return;
    }
    if (this.#ended.get(id) === version) {
      if (find(kept, 'dead', `${reason}; its lifeline has ended`)) this.#witnesses = undefined;
      return;
    }
    const { ttl } = instance;
    const [now, monotonic] = [clock.now(), clock.monotonic()];
    const age = this.#heartbeats?.observe(id, renewedAt, ttl, now, monotonic) ?? now - renewedAt;
    const judgement = byHeartbeat(reason, { age, ttl });
    // A heartbeat can only make it live longer; and who goes by them must look more often than they come.
    const until = judgement.verdict === 'alive' ? monotonic + Math.min(ttl - age, ttl / 4) : 0;
    if (find(kept, judgement.verdict, judgement.reason, seen, until)) this.#witnesses = undefined;
  }

  async #reconsider(all: readonly Kept[]): Promise<void> {
    const isOther = await reconsider(this.#world, all, (kept, lookAt) => this.#judge(kept, lookAt));
    if (isOther) this.#witnesses = undefined;
  }

  #round(): LookAt {
    const { probe } = this.#world;
    return probe.round?.() ?? ((pid, start) => probe.look(pid, start));
  }
}
