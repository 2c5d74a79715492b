/** Holding a key alone: leader election, a migration that must run once, a name that only one may have. */

import { longestKey } from '../core/bounds.js';
import { number, pass, text } from '../core/checks.js';
import type { Timer } from '../core/clock.js';
import { invalid, isRollcallError, RollcallError } from '../core/errors.js';
import { createId } from '../core/id.js';
import type { Instance, ProcessIdentity } from '../core/instance.js';
import { randomBytes } from '../process/random.js';
import type { Store } from '../store/store.js';
import { Claim } from './claim.js';
import {
  type Holding,
  holdingOf,
  isFree,
  makeRecord,
  recordId,
  recordPrefix,
  recordsOf,
  tokenOf,
} from './claim-record.js';
import { encodeBounded } from './door.js';
import { Lifelines } from './lifelines.js';
import { Lookout } from './lookout.js';
import { type ClaimOptions, longestTimeout } from './options.js';
import type { Sighting } from './sighting.js';
import { Surveyor } from './survey.js';
import type { World } from './world.js';

/** How many records of a key are left behind the newest. Who was asleep in the middle of a claim may come back to them. */
const trail = 8;

/** What the registry itself asks of a claim. */
export interface ClaimRequest extends ClaimOptions {
  /** Who holds it, if it is not this process. */
  readonly process?: ProcessIdentity | undefined;
  readonly about?: Holding['about'];
  /** Is shown the newest record whenever it is looked at, before it is acted upon. What it throws, the claim rejects with. */
  readonly onLook?: ((newest: Sighting | undefined) => void) | undefined;
}

/**
 * The claims of one registry.
 *
 * Whoever wants a key puts a record under the number after the newest, if nobody holds that; the store lets only one
 * do so. Then it looks again: had it slept between its two looks, others may have gone on by many numbers, and the
 * record that would have been in its way may have been cleared away; it steps back then. The newest record is never
 * removed, so that numbers only grow.
 */
export class Claims {
  readonly #world: World;
  readonly #surveyor: Surveyor;
  readonly #held = new Set<Claim>();
  readonly #ending = new AbortController();
  readonly #ttl: number;

  /**
   * `ttl` of the records, in ms.
   *
   * @throws ROLLCALL_STORE if the store has none beside it.
   */
  constructor(registry: World, ttl: number) {
    const { probe, clock } = registry;
    this.#world = { store: claimsOf(registry.store), probe, clock, report: (error) => registry.report(error) };
    this.#ttl = ttl;
    // It remembers heartbeats, since who waits looks all the time.
    this.#surveyor = new Surveyor(this.#world, { isLasting: true });
  }

  /** See `Registry.claim`. */
  async claim(key: string, request: ClaimRequest = {}): Promise<Claim> {
    pass(text, key, 'The key of the claim', 'key');
    if (key.length > longestKey) {
      throw invalid('The key of the claim', [{ path: 'key', message: `must have at most ${longestKey} characters` }]);
    }
    const { wait = false, signal } = request;
    if (typeof wait !== 'boolean') pass(number(0, longestTimeout), wait, 'The options of claim', 'wait');
    signal?.throwIfAborted();
    const first = await this.#attempt(key, request);
    const claim = first instanceof Claim ? first : await this.#wait(key, request, first);
    for (const each of [signal, this.#ending.signal]) {
      if (each?.aborted !== true) continue;
      await claim.release();
      each.throwIfAborted();
    }
    return claim;
  }

  /** Gives back what is held, and ends what waits. */
  async close(): Promise<void> {
    const message = 'This registry has been closed while a claim was waited for.';
    this.#ending.abort(new RollcallError('ROLLCALL_CLOSED', message, {}));
    await Promise.all([...this.#held].map((claim) => claim.release()));
  }

  /** The claim, or the record of who holds the key. */
  async #attempt(key: string, { process, about, onLook }: ClaimRequest): Promise<Claim | Sighting> {
    const { store, probe, clock } = this.#world;
    const prefix = recordPrefix(key);
    // Of those who wait, each looks twice a second: unless something was put or removed, at the folder alone.
    for (let mayLag = true; ; mayLag = false) {
      const newest = recordsOf(await this.#surveyor.survey({ mayLag }), prefix).at(-1);
      onLook?.(newest);
      if (newest !== undefined && !isFree(newest, probe, clock.now())) return newest;
      // Whoever died may have passed it on between the listing and its death: only what stands there after is proof.
      if (newest !== undefined && (await store.get(newest.id))?.version !== newest.version) continue;
      const token = newest === undefined ? 1 : tokenOf(newest.id) + 1;
      const nonce = createId('nonce', randomBytes(26));
      const record = makeRecord(
        recordId(prefix, token),
        { key, nonce, isReleased: false, about },
        { process: process ?? probe.observer, ttl: this.#ttl, now: clock.now() },
      );
      try {
        await store.put(record.id, encodeBounded(record), { ifAbsent: true });
      } catch (error) {
        if (isRollcallError(error, 'ROLLCALL_CONFLICT')) continue;
        throw error;
      }
      if (!(await this.#isNewest(record.id, prefix))) {
        await store.delete(record.id);
        continue;
      }
      const claim = new Claim(this.#world, record, (ended) => this.#held.delete(ended));
      this.#held.add(claim);
      return claim;
    }
  }

  /** Whether the record that was just put is the newest still. If so, old ones make way. */
  async #isNewest(id: string, prefix: string): Promise<boolean> {
    const { store, report } = this.#world;
    let records: Sighting[];
    try {
      records = recordsOf(await this.#surveyor.survey(), prefix);
    } catch (error) {
      // Else the key would be held by nobody, for as long as this process lives.
      await store.delete(id).catch(report);
      throw error;
    }
    const token = tokenOf(id);
    if (records.some((each) => tokenOf(each.id) > token)) return false;
    for (const old of records) {
      // What cannot be removed now is removed by the next holder.
      if (tokenOf(old.id) <= token - trail) await store.delete(old.id).catch(report);
    }
    return true;
  }

  /** Tries again whenever something about the key may have changed. Keeps the process alive. */
  #wait(key: string, request: ClaimRequest, holder: Sighting): Promise<Claim> {
    const { wait, signal } = request;
    if (wait === undefined || wait === false) return Promise.reject(conflict(key, holder));
    const prefix = recordPrefix(key);
    return new Promise((resolve, reject) => {
      let isOver = false;
      let followed: Instance | undefined;
      let timer: Timer | undefined;
      const follow = (instance: Instance | undefined) => {
        if (instance === followed) return;
        if (followed !== undefined) lifelines.remove(followed);
        followed = instance;
        if (instance !== undefined) lifelines.add(instance);
      };
      const end = (settle: () => void) => {
        if (isOver) return;
        isOver = true;
        timer?.cancel();
        lifelines.stop();
        void lookout.stop();
        for (const each of [signal, this.#ending.signal]) each?.removeEventListener('abort', abort);
        settle();
      };
      const abort = () => end(() => reject((signal?.aborted ? signal : this.#ending.signal).reason));
      const lookout = new Lookout(this.#world, async (ids) => {
        if (ids?.some((id) => id.startsWith(prefix)) === false) return;
        try {
          const got = await this.#attempt(key, request);
          if (!(got instanceof Claim)) follow(got.instance);
          else if (isOver) await got.release();
          else end(() => resolve(got));
        } catch (error) {
          end(() => reject(error));
        }
      });
      const lifelines = new Lifelines(this.#world, (id, isDead) => {
        void (isDead ? this.#surveyor.bury(id) : Promise.resolve()).then(
          () => lookout.hint(id),
          () => lookout.hint(),
        );
      });
      for (const each of [signal, this.#ending.signal]) each?.addEventListener('abort', abort);
      if (signal?.aborted === true || this.#ending.signal.aborted) return abort();
      if (typeof wait === 'number') {
        timer = this.#world.clock.after(wait, () =>
          end(() => reject(timedOut(key, wait, followed ?? holder.instance))),
        );
        timer.hold(true);
      }
      follow(holder.instance);
      lookout.hold(true);
      void lookout.start();
    });
  }
}

function claimsOf(store: Store): Store {
  const claims = store.beside?.('claims');
  if (claims !== undefined) return claims;
  throw new RollcallError('ROLLCALL_STORE', 'This store has none beside it in which claims could be kept.', {});
}

function conflict(key: string, { id, instance }: Sighting): RollcallError<'ROLLCALL_CONFLICT'> {
  const message = `${key} is held by ${tellHolder(instance)}. Wait for it with the option "wait", or leave it to that one.`;
  return new RollcallError('ROLLCALL_CONFLICT', message, { id, key, process: instance?.process });
}

function timedOut(key: string, timeout: number, holder: Instance | undefined): RollcallError<'ROLLCALL_TIMEOUT'> {
  const saw = `held by ${tellHolder(holder)}`;
  const message = `The claim ${key} did not come free within ${timeout} ms: it is ${saw}.`;
  return new RollcallError('ROLLCALL_TIMEOUT', message, {
    query: { claim: key },
    timeout,
    saw: [saw],
    explanation: [],
  });
}

function tellHolder(record: Instance | undefined): string {
  if (record === undefined) return 'someone whose record cannot be read';
  const { keeper } = holdingOf(record);
  const by = keeper === undefined ? '' : `, started by process ${keeper.pid}`;
  return `process ${record.process.pid}${by}, since ${record.registeredAt}`;
}
