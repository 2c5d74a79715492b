/** Picks one of the instances that match, and knows why not the others. */

import { anything, type Check, callable, fields, flag, folderPath, pass, text } from '../core/checks.js';
import { invalid, RollcallError } from '../core/errors.js';
import { isId, nameIn } from '../core/id.js';
import type { Instance } from '../core/instance.js';
import { chooserOf, type PickState, type Strategy, weightOf } from '../core/pick.js';
import {
  asList,
  type Condition,
  compileQuery,
  isLike,
  isMatch,
  parseQuery,
  type Query,
  usable,
} from '../core/query.js';
import { isBeside } from '../core/verdict.js';
import { compareNearness, unrelated } from '../core/workspace.js';
import { Lease } from './lease.js';
import type { LeaseOptions, PickOptions, WaitOptions } from './options.js';
import type { Sighting } from './sighting.js';
import { Surroundings } from './surroundings.js';
import type { Surveyor } from './survey.js';
import { tellPick } from './telling.js';
import type { World } from './world.js';

/** How many queries a registry remembers the turn of; beyond, the one used longest ago is forgotten. */
const mostTurns = 1_000;

/** How long a measured load is believed, in ms. */
const loadLasts = 1_000;

/** Who was named before anyone was asked. */
export interface Pin {
  readonly id: string;
  /** Where: for messages. */
  readonly by: string;
}

/** All that a choice came from. */
export interface Choice {
  readonly sightings: readonly Sighting[];
  readonly conditions: readonly Condition[];
  /** Alive and meeting the conditions, oldest first. */
  readonly candidates: readonly Instance[];
  readonly pin: Pin | undefined;
  readonly chosen: Instance | undefined;
  readonly strategy: Strategy;
  readonly state: PickState;
  /** Whose folder is near: of `nearest`. */
  readonly cwd: string | undefined;
}

const checkChoosing = fields({
  strategy: anything,
  signal: anything,
  timeout: anything,
  lease: flag,
  cwd: folderPath,
  orAny: flag,
  weight: callable,
  id: text,
} satisfies Record<keyof (PickOptions & WaitOptions & LeaseOptions), Check>);

export class Picker {
  readonly #world: World;
  readonly #surveyor: Surveyor;
  readonly #surroundings: Surroundings;
  readonly #turns = new Map<string, Pick<Instance, 'id' | 'registeredAt'>>();
  readonly #leases = new Map<string, number>();
  readonly #loads = new Map<number, { readonly load: number | undefined; readonly until: number }>();

  constructor(world: World, surveyor: Surveyor) {
    this.#world = world;
    this.#surveyor = surveyor;
    this.#surroundings = new Surroundings(world);
  }

  /** See `Registry.pick`. `began` is when that was called, if anyone wants to know. */
  async pick(query: Query | undefined, options: PickOptions, began?: number): Promise<Instance | undefined> {
    const { chosen, pin, sightings, candidates } = await this.choose(query, options);
    const id = pin?.id ?? query?.id;
    if (chosen === undefined && pin !== undefined) throw gone(pin, sightings);
    if (chosen !== undefined && id === undefined) this.#remember(turnOf(query, options), chosen);
    tellPick(this.#world, began, query, candidates.length, chosen);
    return chosen;
  }

  /** See `PickOptions.lease`. */
  lease(instance: Instance): Lease {
    const { id } = instance;
    this.#leases.set(id, (this.#leases.get(id) ?? 0) + 1);
    return new Lease(instance, () => {
      const left = (this.#leases.get(id) ?? 1) - 1;
      if (left > 0) this.#leases.set(id, left);
      else this.#leases.delete(id);
    });
  }

  /** In the order of their nearness to `folder`; of those that are as near, the newest first. */
  async sort(instances: readonly Instance[], folder: string): Promise<Instance[]> {
    const nearness = await this.#surroundings.nearness(instances, folder);
    return [...instances].reverse().sort((a, b) => compareNearness(nearness(a), nearness(b)));
  }

  /** Chooses, and remembers nothing. */
  async choose(query: Query | undefined, options: PickOptions): Promise<Choice> {
    pass(checkChoosing, options, 'The options of pick');
    const { signal, cwd, orAny = false } = options;
    const strategy = options.strategy ?? (cwd !== undefined || orAny ? 'nearest' : 'newest');
    const chooser = chooserOf(strategy);
    refuseIdle(options, strategy);
    const conditions = await compileQuery(usable(parseQuery(query)));
    signal?.throwIfAborted();
    const sightings = await this.#surveyor.survey({ mayLag: true });
    signal?.throwIfAborted();
    const candidates: Instance[] = [];
    for (const { verdict, instance } of sightings) {
      if (verdict === 'alive' && instance !== undefined && isMatch(instance, conditions)) candidates.push(instance);
    }
    const folder = cwd ?? (strategy === 'nearest' ? process.cwd() : undefined);
    const state: PickState = {
      random: Math.random,
      last: this.#turns.get(turnOf(query, options)),
      connections: ({ id }) => this.#leases.get(id) ?? 0,
      weight: checkedWeight(options.weight ?? weightOf),
      nearness: folder === undefined ? () => unrelated : await this.#surroundings.nearness(candidates, folder),
      load: strategy === 'least-loaded' ? await this.#measure(candidates) : () => undefined,
      orAny,
    };
    signal?.throwIfAborted();
    const { isSimulated = false } = this.#world.probe;
    const pin = pinOf(query, options, sightings, isSimulated ? undefined : conditions);
    const choice = { sightings, conditions, candidates, pin, strategy, state, cwd: folder };
    if (pin === undefined) {
      const chosen = candidates.length === 0 ? undefined : chooser(candidates, state);
      if (chosen === undefined || candidates.includes(chosen)) return { ...choice, chosen };
      throw invalid('The options of pick', [{ path: 'strategy', message: 'chose something that is no candidate' }]);
    }
    const pinned = sightings.find(({ id, verdict }) => id === pin.id && verdict === 'alive');
    return { ...choice, chosen: pinned?.instance };
  }

  #remember(key: string, { id, registeredAt }: Instance): void {
    this.#turns.delete(key);
    this.#turns.set(key, { id, registeredAt });
    for (const oldest of this.#turns.keys()) {
      if (this.#turns.size <= mostTurns) break;
      this.#turns.delete(oldest);
    }
  }

  /** Of processes that are ours to look at, each at most once a second. */
  async #measure(instances: readonly Instance[]): Promise<PickState['load']> {
    const { probe, clock } = this.#world;
    const isLocal = ({ process }: Instance) => isBeside(process, probe.observer);
    const pids = [...new Set(instances.filter(isLocal).map(({ process: { pid } }) => pid))];
    const now = clock.monotonic();
    for (const [pid, { until }] of this.#loads) if (until <= now) this.#loads.delete(pid);
    const unknown = pids.filter((pid) => !this.#loads.has(pid));
    await Promise.all(
      unknown.map(async (pid) => this.#loads.set(pid, { load: await probe.load?.(pid), until: now + loadLasts })),
    );
    return (instance) => (isLocal(instance) ? this.#loads.get(instance.process.pid)?.load : undefined);
  }
}

function turnOf(query: Query = {}, { strategy }: PickOptions): string {
  return `${typeof strategy === 'string' ? strategy : ''} ${JSON.stringify(query)}`;
}

/**
 * Whom the caller or the user has named. The environment's word is for picks that could mean that instance: one for
 * another name is none of its business, nor is one without a name that it does not answer.
 *
 * @throws ROLLCALL_INVALID
 */
function pinOf(
  query: Query = {},
  { id }: PickOptions,
  sightings: readonly Sighting[],
  conditions: readonly Condition[] | undefined,
): Pin | undefined {
  if (id !== undefined) return { id, by: 'the option "id"' };
  const named = process.env.ROLLCALL_INSTANCE;
  // Without conditions the environment is not asked: a simulated process has none.
  if (named === undefined || named === '' || query.id !== undefined || conditions === undefined) return undefined;
  if (!isId(named)) {
    const message = 'must be a whole id, a name and 26 characters; `rollcall list --json` shows them';
    throw invalid('ROLLCALL_INSTANCE in the environment', [{ path: '', message }]);
  }
  const pin: Pin = { id: named, by: 'ROLLCALL_INSTANCE in the environment' };
  if (query.name !== undefined) {
    return asList(query.name).some((pattern) => isLike(nameIn(named), pattern)) ? pin : undefined;
  }
  const instance = sightings.find((each) => each.id === named)?.instance;
  // Without an entry it cannot be told; rather an error than another's answer.
  const isMeant =
    instance === undefined || conditions.every(({ field, isMet }) => field === 'status' || isMet(instance));
  return isMeant ? pin : undefined;
}

/** Nobody else is picked in its place. */
export function gone({ id, by }: Pin, sightings: readonly Sighting[]): RollcallError<'ROLLCALL_GONE'> {
  const sighting = sightings.find((each) => each.id === id);
  const reason = sighting === undefined ? 'it has no entry' : `${sighting.verdict}: ${sighting.reason}`;
  const message = `${id} is named by ${by}, and is gone (${reason}). Name another, or none.`;
  return new RollcallError('ROLLCALL_GONE', message, { id, reason });
}

/** What a strategy would not look at is a mistake, and one that goes unnoticed: the wrong project's server is picked. */
function refuseIdle({ cwd, orAny, weight }: PickOptions, strategy: Strategy): void {
  if (typeof strategy === 'function') return;
  const idle = [
    ...(strategy === 'nearest' ? [] : Object.entries({ cwd, orAny }).map(([path, given]) => [path, given, 'nearest'])),
    ...(strategy === 'weighted' ? [] : [['weight', weight, 'weighted']]),
  ].filter(([, given]) => given !== undefined && given !== false);
  if (idle.length === 0) return;
  throw invalid(
    'The options of pick',
    idle.map(([path, , wanted]) => ({
      path: String(path),
      message: `means nothing to "${strategy}"; it is for "${wanted}"`,
    })),
  );
}

function checkedWeight(weigh: (instance: Instance) => number): PickState['weight'] {
  return (instance) => {
    const weight = weigh(instance);
    if (Number.isFinite(weight) && weight >= 0) return weight;
    throw invalid('The options of pick', [
      { path: 'weight', message: `gives ${weight} for ${instance.id}; it must be 0 or more` },
    ]);
  };
}
