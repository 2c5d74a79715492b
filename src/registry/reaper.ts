/** Removes the entries whose process no longer exists, and only those. */

import { number, pass } from '../core/checks.js';
import type { Timer } from '../core/clock.js';
import type { Abortable } from './options.js';
import type { Sighting } from './sighting.js';
import { Surveyor } from './survey.js';
import { tellReap } from './telling.js';
import { Verdicts } from './verdicts.js';
import type { World } from './world.js';

/** What a reap did, or would have done. */
export interface ReapResult {
  readonly removed: readonly Sighting[];
  /** Alive, stale, or changed while it was looked at. */
  readonly kept: readonly Sighting[];
  /** Kept, too: it may be of a newer version. */
  readonly illegible: readonly Sighting[];
  /** Temporaries and locks of crashed writers that were removed. */
  readonly orphans: number;
}

export interface ReapOptions extends Abortable {
  /** Only say what would be removed. */
  readonly dryRun?: boolean | undefined;
}

/** A stale entry is removed after this many times its ttl without a heartbeat, by an observer awake all the while. */
const retention = 10;

/** Between seeing a death and removing the entry, so that watchers see the death too and can say so, in ms. */
const mourning = 2_000;

/** In ms. */
const defaultInterval = 30_000;

/**
 * `reap()` once, or `start()` to sweep on a slow timer that keeps nothing alive.
 *
 * Removed is only what is provably dead and unchanged since it was looked at. Sweeping, it also removes entries it
 * cannot judge (of another machine or container) after having seen no heartbeat for ten times their ttl.
 */
export class Reaper implements AsyncDisposable {
  readonly #world: World;
  readonly #interval: number;
  readonly #surveyor: Surveyor;
  /** For `reap`: between two far-apart looks heartbeats say nothing. */
  readonly #once: Surveyor;
  #timer: Timer | undefined;
  #isFailing = false;
  /** Found dead by the last sweep: by id, the version that was looked at. */
  #mourned = new Map<string, string>();
  /** Found stale by every look since: by id, the version that was looked at and when that began (monotonic, in ms). */
  #silent = new Map<string, { readonly version: string; readonly since: number }>();

  /** `interval` between sweeps in ms, 30,000 unless given; jittered by a quarter, so that many do not sweep at once. */
  constructor(world: World, options: { readonly interval?: number | undefined } = {}) {
    this.#world = world;
    const { interval = defaultInterval } = options;
    pass(number(100, 86_400_000), interval, 'The interval of the reaper');
    this.#interval = interval;
    const verdicts = new Verdicts(world.clock, 'reaper');
    this.#surveyor = new Surveyor(world, { isLasting: true, verdicts });
    this.#once = new Surveyor(world, { isLasting: false, verdicts });
  }

  /**
   * Removes what is provably dead now.
   *
   * @throws ROLLCALL_STORE if the registry cannot be read or an entry cannot be removed.
   */
  async reap({ signal, dryRun = false }: ReapOptions = {}): Promise<ReapResult> {
    signal?.throwIfAborted();
    const sightings = await this.#once.survey();
    const result = await this.#remove(sightings, ({ verdict }) => verdict === 'dead', dryRun, signal);
    const orphans = await this.#sweepOrphans(dryRun);
    return { ...result, orphans };
  }

  /** Sweeps from now on, the first time after one interval. */
  start(): this {
    if (this.#timer === undefined) this.#plan(this.#jittered());
    return this;
  }

  /** Sweeps no more. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#forget();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
  }

  #jittered(): number {
    return this.#interval * (0.75 + Math.random() / 2);
  }

  #plan(delay: number): void {
    const { clock } = this.#world;
    const due = { now: clock.now() + delay, monotonic: clock.monotonic() + delay };
    const isLate = () => Math.max(clock.now() - due.now, clock.monotonic() - due.monotonic) > Math.max(delay, 1_000);
    const timer = clock.after(delay, () => {
      void this.#sweep(isLate).then((next) => {
        // Stopped, or stopped and started again, meanwhile: then this is not the timer that goes on.
        if (this.#timer === timer) this.#plan(next);
      });
    });
    this.#timer = timer;
  }

  /** One sweep; resolves with the pause before the next one, in ms. Never rejects. */
  async #sweep(isLate: () => boolean): Promise<number> {
    try {
      const sightings = isLate() ? [] : await this.#surveyor.survey();
      // Or stopped in the middle of the look, which then shows what was so before.
      if (isLate()) {
        // Skip this round, and begin to watch anew.
        this.#forget();
        return this.#jittered();
      }
      const dead = new Map(
        sightings.filter(({ verdict }) => verdict === 'dead').map(({ id, version }) => [id, version]),
      );
      const due = new Set(sightings.filter((sighting) => this.#isDue(sighting)));
      this.#noteSilence(sightings);
      const isMourning = [...dead].some(([id, version]) => this.#mourned.get(id) !== version);
      this.#mourned = dead;
      await this.#remove(sightings, (sighting) => due.has(sighting), false);
      await this.#sweepOrphans(false);
      this.#isFailing = false;
      return isMourning ? mourning : Math.min(this.#jittered(), ...sightings.map(watchfulness));
    } catch (error) {
      if (!this.#isFailing) this.#world.report(error);
      this.#isFailing = true;
      return this.#jittered();
    }
  }

  /** What crashed writers of entries and of claims have left. */
  async #sweepOrphans(dryRun: boolean): Promise<number> {
    const { store } = this.#world;
    const counts = [await store.sweep?.({ dryRun }), await store.beside?.('claims').sweep?.({ dryRun })];
    return counts.reduce<number>((sum, count = 0) => sum + count, 0);
  }

  #isDue({ id, verdict, version, instance }: Sighting): boolean {
    if (verdict === 'dead') return this.#mourned.get(id) === version;
    const silent = this.#silent.get(id);
    if (verdict !== 'stale' || instance === undefined || silent?.version !== version) return false;
    return this.#world.clock.monotonic() - silent.since >= retention * instance.ttl;
  }

  /** Silence counts from the first look that found an entry stale: from then on we look often enough to hear. */
  #noteSilence(sightings: readonly Sighting[]): void {
    const before = this.#silent;
    this.#silent = new Map();
    for (const { id, verdict, version } of sightings) {
      if (verdict !== 'stale') continue;
      const known = before.get(id);
      const since = known?.version === version ? known.since : this.#world.clock.monotonic();
      this.#silent.set(id, { version, since });
    }
  }

  /** We slept, or were stopped: the silence may have been ours. */
  #forget(): void {
    this.#mourned.clear();
    this.#silent.clear();
    this.#surveyor.forget();
  }

  async #remove(
    sightings: readonly Sighting[],
    isDue: (sighting: Sighting) => boolean,
    dryRun: boolean,
    signal?: AbortSignal,
  ): Promise<Omit<ReapResult, 'orphans'>> {
    const { store } = this.#world;
    const result = { removed: [] as Sighting[], kept: [] as Sighting[], illegible: [] as Sighting[] };
    const failures: unknown[] = [];
    for (const sighting of sightings) {
      signal?.throwIfAborted();
      const { id, verdict, version } = sighting;
      try {
        if (verdict === 'illegible') result.illegible.push(sighting);
        else if (!isDue(sighting)) result.kept.push(sighting);
        else if (dryRun) result.removed.push(sighting);
        else if (await store.delete(id, { ifVersion: version })) {
          result.removed.push(sighting);
          tellReap(this.#world, sighting);
        } else if ((await store.get(id)) !== undefined) result.kept.push(sighting);
        // Else another reaper was faster: neither removed by us nor kept.
      } catch (error) {
        // One entry that cannot be removed must not keep the others; what went wrong is told when they are done.
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
    return result;
  }
}

/**
 * How soon to look again because of this entry, in ms. Silence counts only if we were awake to hear: a stop between
 * two looks goes unnoticed, so while an entry is stale the looks are no further apart than its heartbeats may be.
 */
function watchfulness({ verdict, instance }: Sighting): number {
  return verdict === 'stale' && instance !== undefined ? instance.ttl : Number.POSITIVE_INFINITY;
}
