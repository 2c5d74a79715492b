/** All live MCP servers that are asked for, for as many hosts as there are. */

import type { Clock, Timer } from '../core/clock.js';
import type { Instance } from '../core/instance.js';
import type { Query } from '../core/query.js';
import type { HealthStatus } from '../health/health.js';
import { wayTo } from '../mcp/way.js';
import { verdictOn } from '../registry/ownership.js';
import type { Registry } from '../registry/registry.js';
import type { Watcher } from '../registry/watcher.js';
import { ailmentIn, type Monitor } from './ailment.js';
import { Board } from './board.js';
import type { Balancer } from './choices.js';
import { MergedBoard } from './merged-board.js';
import type { Place } from './place.js';
import { callTimeout, type Exposure, hubKind } from './settings.js';
import { Throttle } from './throttle.js';

/** From one time that hosts hear of someone's health to the next, in ms: one that is now well, now not, is no flood. */
const pause = 1_000;

export interface HubOptions {
  readonly query?: Query | undefined;
  readonly expose?: Exposure | undefined;
  /** The folder whose services get their own names where several share one. */
  readonly cwd?: string | undefined;
  /** For connecting to an instance, and for each of its lists, in ms; 5,000 unless given. */
  readonly connectTimeout?: number | undefined;
  /** For a call without a sign of progress, in ms; {@link callTimeout} unless given. */
  readonly callTimeout?: number | undefined;
  /** How long a list waits for instances that have not answered yet, in ms; 2,000 unless given. */
  readonly patience?: number | undefined;
  /** Which instances are critical or suspended: these are not listed, and get no calls. All are well unless given. */
  readonly health?: Monitor | undefined;
  /** Puts all instances of one name behind one label, and chooses among them. */
  readonly balancer?: Balancer | undefined;
}

/** Who is told where instances stand: what one host sees. */
export interface Onlooker {
  arrange(places: readonly Place[]): void;
  /** Some may have become ailing, or well again. */
  reconsider(): void;
  close(): Promise<void>;
}

export class Hub implements AsyncDisposable {
  readonly clock: Clock;
  readonly expose: Exposure;
  readonly connectTimeout: number;
  readonly callTimeout: number;
  readonly onlookers = new Set<Onlooker>();
  /** Resolves when it is known what runs, or after some patience. */
  readonly known: Promise<void>;
  readonly balancer: Balancer | undefined;
  /** Whether its process is proved to run still. */
  readonly isAlive: (instance: Instance) => boolean;
  readonly #patience: number;
  readonly #watcher: Watcher;
  readonly #arrangement: (instances: readonly Instance[]) => readonly Place[];
  readonly #health: Monitor | undefined;
  readonly #reconsidering: Throttle;
  readonly #listening: readonly (() => void)[];
  #arranged: readonly Place[] = [];

  /** Begins to watch at once; connects when the first host asks. */
  constructor(registry: Registry, options: HubOptions = {}) {
    const { query = {}, expose = 'auto', cwd = process.cwd(), patience = 2_000 } = options;
    this.clock = registry.clock;
    this.isAlive = ({ process }) => verdictOn(process, registry.probe) === 'alive';
    this.expose = expose;
    this.connectTimeout = options.connectTimeout ?? 5_000;
    this.callTimeout = options.callTimeout ?? callTimeout;
    this.#patience = patience;
    this.balancer = options.balancer;
    this.#arrangement = this.balancer === undefined ? oneByOne(new Board(cwd)) : merged(new MergedBoard());
    this.#health = options.health;
    this.#reconsidering = new Throttle(this.clock, pause, () => {
      for (const onlooker of this.onlookers) onlooker.reconsider();
    });
    this.#listening = (['transition', 'suspend', 'resume'] as const).flatMap(
      (type) => options.health?.on(type, () => this.#reconsidering.ask()) ?? [],
    );
    this.#watcher = registry.watch(query);
    this.known = this.patiently(
      () =>
        new Promise((resolve) => {
          this.#watcher.on('ready', () => {
            this.#arrange();
            resolve();
          });
        }),
    );
    for (const type of ['add', 'change', 'remove'] as const) {
      this.#watcher.on(type, () => {
        if (this.#watcher.isReady) this.#arrange();
      });
    }
  }

  /** Who stands where. */
  get arranged(): readonly Place[] {
    return this.#arranged;
  }

  get isWatched(): boolean {
    return this.#health !== undefined;
  }

  /** Its status for a monitor, if one watches it. */
  healthOf({ id }: Instance): HealthStatus | undefined {
    return this.#health?.of(id)?.status;
  }

  /** Why it is not to be used now, if so. */
  ailmentOf({ id }: Instance): string | undefined {
    return ailmentIn(this.#health?.of(id));
  }

  /** MCP servers that are there, and that only the programs which started them can reach. */
  get unreachable(): readonly Instance[] {
    return this.#watcher.instances.filter((each) => each.kind === 'mcp' && wayTo(each) === undefined);
  }

  /** Waits for `act`, or until patience ends. */
  async patiently(act: () => Promise<void>): Promise<void> {
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.clock.after(this.#patience, resolve);
    });
    await Promise.race([act(), late]);
    timer?.cancel();
  }

  async close(): Promise<void> {
    for (const stop of this.#listening) stop();
    this.#reconsidering.stop();
    await Promise.all([...[...this.onlookers].map((onlooker) => onlooker.close()), this.#watcher.close()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #arrange(): void {
    this.#arranged = this.#arrangement(this.#watcher.instances.filter(isServed));
    for (const onlooker of this.onlookers) onlooker.arrange(this.#arranged);
  }
}

/** Those that can be talked to: who is about to be there, or about to go, is left alone. */
function isServed(instance: Instance): boolean {
  const isUp = instance.status === 'ready' || instance.status === 'draining';
  return isUp && instance.kind !== hubKind && wayTo(instance) !== undefined;
}

const oneByOne = (board: Board) => (instances: readonly Instance[]) =>
  [...board.arrange(instances)].map(([label, instance]) => ({ key: label, label, instance }));

const merged = (board: MergedBoard) => (instances: readonly Instance[]) => board.arrange(instances);
