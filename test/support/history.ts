/** Random histories of a simulated machine, and what must be true after every step of them. */

import fc from 'fast-check';
import type { Watcher } from '../../src/registry/watcher.js';
import type { Cluster } from '../../src/testing/cluster.js';
import type { SimulatedInstance } from '../../src/testing/simulated-process.js';

const places = { here: {}, container: { namespace: 'box' }, elsewhere: { machine: 'far' } } as const;
type Place = keyof typeof places;
type Misfortune = 'update' | 'deregister' | 'stop' | 'kill' | 'stall' | 'resume' | 'reusePid' | 'corrupt';

/** One step. `at` chooses among the instances there are, whatever their number. */
export type Step =
  | { readonly do: 'start'; readonly where: Place }
  | { readonly do: Misfortune; readonly at: number }
  | { readonly do: 'pass' | 'sleep' | 'setClock'; readonly seconds: number }
  | { readonly do: 'reap' | 'wipe' | 'watch' | 'unwatch' };

/** In ms; heartbeats come every 3 s, and foreign silence is believed after 90 s. */
export const ttl = 9_000;
const heartbeat = ttl / 3;
const retention = ttl * 10;

const word = <const W extends string>(...words: W[]) => fc.constantFrom(...words);
const at = fc.nat(12);
const hour = 3_600;
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: word('start'), where: word('here', 'here', 'here', 'container', 'elsewhere') }),
  },
  { weight: 3, arbitrary: fc.record({ do: word('update'), at }) },
  { weight: 2, arbitrary: fc.record({ do: word('deregister', 'stop'), at }) },
  { weight: 4, arbitrary: fc.record({ do: word('kill', 'reusePid'), at }) },
  { weight: 4, arbitrary: fc.record({ do: word('stall', 'resume'), at }) },
  { weight: 1, arbitrary: fc.record({ do: word('corrupt'), at }) },
  { weight: 6, arbitrary: fc.record({ do: word('pass'), seconds: fc.constantFrom(0.001, 0.6, 3, 20, 70) }) },
  { weight: 1, arbitrary: fc.record({ do: word('sleep'), seconds: fc.constantFrom(1, 60, 8 * hour) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: word('setClock'),
      seconds: fc.constantFrom(-8_760 * hour, -hour, -60, 60, hour, 8_760 * hour),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: word('reap', 'wipe', 'watch', 'watch', 'unwatch') }) },
);

export const histories = fc.array(step, { minLength: 4, maxLength: 30 });

/** What the model remembers of an instance. */
interface Fate {
  readonly handle: SimulatedInstance;
  readonly where: Place;
  /** By its own wish: its entry must not be there any more. */
  hasLeft: boolean;
  /** Its entry may be missing or broken until it has had time for a heartbeat. */
  isHurt: boolean;
  /** For how long others were awake without its heartbeat, in ms. */
  silence: number;
}

interface View {
  readonly watcher: Watcher;
  /** As its events say. */
  readonly ids: Set<string>;
}

/** Runs a history on a cluster, and holds it to the model: the first step after which a promise is broken throws. */
export class History {
  readonly #cluster: Cluster;
  readonly #wipe: () => Promise<void>;
  readonly #fates: Fate[] = [];
  readonly #views: View[] = [];
  readonly #violations: string[] = [];
  /** Someone set the clock or the machine slept: heartbeats of foreign machines cannot be compared with it any more. */
  #isTimeOut = false;

  /** `wipe` removes everything from the store, as someone who deletes the folder. */
  constructor(cluster: Cluster, wipe: () => Promise<void>) {
    this.#cluster = cluster;
    this.#wipe = wipe;
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const each of steps) {
      await this.#take(each);
      await this.#check(JSON.stringify(each));
    }
    await this.#checkRest();
  }

  async #take(each: Step): Promise<void> {
    const cluster = this.#cluster;
    switch (each.do) {
      case 'start': {
        const handle = await cluster.start({ name: 'weather' }, places[each.where]);
        this.#fates.push({ handle, where: each.where, hasLeft: false, isHurt: false, silence: 0 });
        break;
      }
      case 'pass':
        await this.#pass(each.seconds * 1_000);
        break;
      case 'sleep':
        this.#isTimeOut = true;
        await cluster.sleep(each.seconds * 1_000);
        for (const fate of this.#fates) this.#note(fate, each.seconds * 1_000, fate.where !== 'elsewhere');
        break;
      case 'setClock':
        this.#isTimeOut = true;
        await cluster.setClock(cluster.registry.clock.now() + each.seconds * 1_000);
        break;
      case 'reap':
        await cluster.registry.reap();
        break;
      case 'wipe':
        await this.#wipe();
        for (const fate of this.#fates) fate.isHurt = true;
        break;
      case 'watch':
        this.#watch();
        break;
      case 'unwatch':
        await this.#views.shift()?.watcher.close();
        break;
      default: {
        const fate = this.#fates[each.at % Math.max(this.#fates.length, 1)];
        if (fate !== undefined) await this.#befall(fate, each.do);
      }
    }
  }

  async #befall(fate: Fate, what: Misfortune): Promise<void> {
    const cluster = this.#cluster;
    const { handle } = fate;
    const isRunning = handle.state === 'running';
    if (what === 'update' && isRunning && !fate.hasLeft) {
      await handle.registration.update({ title: `${Math.random()}` });
      // An update reads the entry and writes it, so it mends it, too.
      fate.isHurt = false;
    } else if (what === 'deregister' && isRunning) {
      await handle.registration.deregister();
      fate.hasLeft = true;
    } else if (what === 'stop' && isRunning) {
      await cluster.stop(handle);
      fate.hasLeft = true;
    } else if (what === 'kill' && isAlive(fate)) await cluster.kill(handle);
    else if (what === 'reusePid') await cluster.reusePid(handle);
    else if (what === 'stall' && isRunning) await cluster.stall(handle);
    else if (what === 'resume' && handle.state === 'stalled') await cluster.resume(handle);
    else if (what === 'corrupt') {
      const isThere = (await cluster.registry.inspect()).some(({ id }) => id === handle.id);
      if (isThere) await cluster.corrupt(handle);
      fate.isHurt = true;
    }
  }

  async #pass(ms: number): Promise<void> {
    await this.#cluster.advance(ms);
    for (const fate of this.#fates) this.#note(fate, ms, fate.handle.state === 'stalled');
  }

  /** What `ms` did to the entry, in which it was silent or not. */
  #note(fate: Fate, ms: number, isSilent: boolean): void {
    if (!isSilent) {
      if (fate.handle.state !== 'running' || ms <= heartbeat) return;
      fate.isHurt = false;
      fate.silence = 0;
      return;
    }
    fate.silence += ms;
    // Those who cannot look at its process may remove it by then; its next heartbeat brings it back.
    const foreigners = this.#fates.filter((other) => other.where !== fate.where && other.handle.state === 'running');
    const isForeignToUs = fate.where !== 'here';
    if (fate.silence >= retention && (isForeignToUs || foreigners.length > 0)) fate.isHurt = true;
  }

  #watch(): void {
    const watcher = this.#cluster.registry.watch();
    const ids = new Set<string>();
    const expect = (isThere: boolean, id: string, event: string) => {
      if (ids.has(id) !== isThere)
        this.#violations.push(`G8: ${event} of ${id}, which ${isThere ? 'was not' : 'was'} there`);
    };
    watcher.on('add', ({ id }) => {
      expect(false, id, 'add');
      ids.add(id);
    });
    watcher.on('change', ({ id }) => expect(true, id, 'change'));
    watcher.on('remove', ({ id }) => {
      expect(true, id, 'remove');
      ids.delete(id);
    });
    this.#views.push({ watcher, ids });
  }

  async #check(after: string): Promise<void> {
    const { registry } = this.#cluster;
    const found = new Set((await registry.discover()).map(({ id }) => id));
    const present = new Set((await registry.inspect()).map(({ id }) => id));
    for (const fate of this.#fates) {
      const { id } = fate.handle;
      const is = `${id} (${fate.where}, ${fate.handle.state})`;
      if (fate.hasLeft && present.has(id)) this.#violations.push(`${is} has left, and its entry is back`);
      if (fate.where === 'here' && !isAlive(fate) && found.has(id))
        this.#violations.push(`G4: ${is} is dead, and found`);
      if (!isAlive(fate) || fate.hasLeft || fate.isHurt) continue;
      if (fate.where === 'here' && !found.has(id)) this.#violations.push(`G3: ${is} is alive, and not found`);
      if (!present.has(id)) this.#violations.push(`G6: ${is} is alive, and its entry was removed`);
    }
    for (const { watcher, ids } of this.#views) {
      const known = watcher.instances.map(({ id }) => id);
      if (!isEqual(ids, known)) this.#violations.push('G8: the events and the set of a watcher differ');
    }
    if (this.#violations.length > 0) throw new Error(`After ${after}: ${this.#violations.join('; ')}`);
  }

  /** When nothing happens any more. */
  async #checkRest(): Promise<void> {
    this.#watch();
    await this.#pass(2_500);
    await this.#check('2.5 s of rest');
    // Foreign ones may turn stale in this very moment.
    await this.#compareViews(({ where }) => where === 'here');
    await this.#pass(120_000);
    await this.#check('two minutes of rest');
    await this.#compareViews(({ where }) => where === 'here' || !this.#isTimeOut);
    for (const { id, verdict } of await this.#cluster.registry.inspect()) {
      if (verdict === 'dead') throw new Error(`G5: ${id} is dead, and its entry was not swept in two minutes.`);
    }
  }

  async #compareViews(isComparable: (fate: Fate) => boolean): Promise<void> {
    const comparable = new Set(this.#fates.filter(isComparable).map(({ handle }) => handle.id));
    const found = (await this.#cluster.registry.discover()).map(({ id }) => id).filter((id) => comparable.has(id));
    for (const { ids } of this.#views) {
      const view = new Set([...ids].filter((id) => comparable.has(id)));
      if (!isEqual(view, found)) throw new Error('G7: the view of a watcher at rest is not what discover finds.');
    }
  }
}

const isAlive = ({ handle }: Fate) => handle.state === 'running' || handle.state === 'stalled';

function isEqual(ids: ReadonlySet<string>, others: readonly string[]): boolean {
  return ids.size === new Set(others).size && others.every((id) => ids.has(id));
}
