/** What a router and its calls take; checked once, at the door. */

import {
  anything,
  type Check,
  callable,
  check,
  fields,
  flag,
  folderPath,
  integer,
  number,
  pass,
  text,
} from '../core/checks.js';
import { invalid } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
import { chooserOf } from '../core/pick.js';
import type { Query } from '../core/query.js';
import type { HealthSource } from '../health/health.js';
import { type Abortable, longestTimeout } from '../registry/options.js';
import type { HealthWeights, RouteStrategy } from './health-weighted.js';
import { checkRules, type Rule, type Rules, strategyCheck } from './rules.js';

export interface RouterOptions {
  /** Who knows how well instances are: a `HealthMonitor`. Without it nobody is left out for being critical. */
  readonly health?: HealthSource | undefined;
  /** `newest` unless given, as in `Registry.pick`; `nearest` where `cwd` or `orAny` is given with a call. */
  readonly strategy?: RouteStrategy | undefined;
  /** For `health-weighted`. */
  readonly weights?: HealthWeights | undefined;
  /** By a pattern of names, capabilities or tools; the first that matches applies. What a call says itself goes first. */
  readonly rules?: Rules | undefined;
  /** For a whole call, with all its attempts, in ms; 30,000 unless given. */
  readonly timeout?: number | undefined;
  /** At most so many for one call; 3 unless given. */
  readonly attempts?: number | undefined;
}

/** What decides which instance it is. */
export interface RouteOptions extends Abortable {
  /**
   * A sticky key, such as the id of a session: the same instance each time, as long as that is usable. Which one it is at
   * first is found by a hash, so that other processes come to the same; then no strategy is asked.
   */
  readonly affinity?: string | undefined;
  readonly strategy?: RouteStrategy | undefined;
  /** See `PickOptions`. */
  readonly cwd?: string | undefined;
  readonly orAny?: boolean | undefined;
  readonly weight?: ((instance: Instance) => number) | undefined;
  readonly id?: string | undefined;
}

export interface CallOptions extends RouteOptions {
  /** For the whole call, with all its attempts, in ms. */
  readonly timeout?: number | undefined;
  /** At most so many. */
  readonly attempts?: number | undefined;
  /**
   * Whether it does no harm if the call is carried out twice: then it is attempted again on another instance, whatever it
   * failed with, and each attempt has its part of the time (`timeout / attempts`), so that one that hangs does not take
   * it all. A function says so of an error; see `isRefused`. Unless given, it is attempted again only if it is certain
   * that it was never sent.
   */
  readonly idempotent?: boolean | ((error: unknown) => boolean) | undefined;
}

/** How far a tool is, as its server says. */
export interface ToolProgress {
  readonly progress: number;
  readonly total?: number | undefined;
  readonly message?: string | undefined;
}

export interface ToolOptions extends CallOptions {
  /** Which instances may be asked; all MCP servers unless given. */
  readonly query?: Query | undefined;
  /** Called as the server tells of progress. */
  readonly onProgress?: ((progress: ToolProgress) => void) | undefined;
}

/** What `fetch` takes; `body` is a text, a `Uint8Array` or an `ArrayBuffer`, so that it can be sent again. */
export interface RouteRequest extends CallOptions {
  readonly method?: string | undefined;
  readonly headers?: RequestInit['headers'] | undefined;
  readonly body?: string | Uint8Array | ArrayBuffer | null | undefined;
}

const timeout = number(1, longestTimeout);
const attempts = integer(1, 100);

const routerOptions = fields({
  health: check(
    (value) => typeof (value as HealthSource | null)?.of === 'function',
    'must have a method `of`, as a HealthMonitor has',
  ),
  strategy: strategyCheck,
  weights: (value, path) => {
    const share = number(0, Number.MAX_VALUE);
    const problems = fields({ health: share, responseTime: share } satisfies Record<keyof HealthWeights, Check>)(
      value,
      path,
    );
    const { health = 0.7, responseTime = 0.3 } = value as HealthWeights;
    return problems.length > 0 || health + responseTime > 0 ? problems : [{ path, message: 'must not all be 0' }];
  },
  rules: checkRules,
  timeout,
  attempts,
} satisfies Record<keyof RouterOptions, Check>);

const routing: Record<keyof RouteOptions, Check> = {
  affinity: text,
  strategy: strategyCheck,
  cwd: folderPath,
  orAny: flag,
  weight: callable,
  id: text,
  signal: anything,
};

const calling: Record<keyof CallOptions, Check> = {
  ...routing,
  timeout,
  attempts,
  idempotent: check(
    (value) => typeof value === 'boolean' || typeof value === 'function',
    'must be true, false or a function',
  ),
};

const taken = {
  pick: fields(routing),
  use: fields(calling),
  callTool: fields({ ...calling, query: anything, onProgress: callable } satisfies Record<keyof ToolOptions, Check>),
  fetch: fields({
    ...calling,
    // `fetch` sends no CONNECT, TRACE and TRACK.
    method: check(
      (value) => typeof value === 'string' && /^(?!(?:connect|trace|track)$)[a-z][a-z-]*$/i.test(value),
      'must be a method of HTTP that fetch can send',
    ),
    headers: anything,
    body: check(
      (value) =>
        value === null || typeof value === 'string' || value instanceof Uint8Array || value instanceof ArrayBuffer,
      'must be a text, a Uint8Array or an ArrayBuffer: what can be read only once cannot be sent again',
    ),
    // Of `RequestInit` these say what is done anyway.
    redirect: check((value) => value === 'manual', 'must be manual: redirects are not followed'),
  } satisfies Record<keyof RouteRequest | 'redirect', Check>),
  choose: fields({ affinity: text } satisfies Record<'affinity', Check>),
} as const;

/** @throws ROLLCALL_INVALID */
export function checkRouter(options: RouterOptions): void {
  // What is of its maker's own making is not looked into.
  const { health, ...plain } = options;
  pass(
    routerOptions,
    { ...plain, ...(health !== undefined && { health: { of: health?.of } }) },
    'The options of the router',
  );
  checkStrategy(options.strategy, 'The options of the router');
}

/** @throws ROLLCALL_INVALID */
export function checkCall(call: keyof typeof taken, options: object): void {
  const what = `The options of ${call}`;
  const problems = taken[call](options, '');
  if (problems.length > 0) throw invalid(what, problems);
  checkStrategy((options as RouteOptions).strategy, what);
}

/** @throws ROLLCALL_INVALID if there is no such strategy. */
export function checkStrategy(strategy: RouteStrategy | undefined, what: string): void {
  if (strategy === undefined || strategy === 'health-weighted') return;
  try {
    chooserOf(strategy);
  } catch {
    const names = 'newest, oldest, random, round-robin, weighted, least-connections, least-loaded, nearest';
    const message = `must be ${names}, health-weighted or a function`;
    throw invalid(what, [{ path: 'strategy', message }]);
  }
}

/** What a call asks for itself, else its rule, else the router. */
export function settingsOf(call: CallOptions, rule: Rule | undefined, router: RouterOptions) {
  return {
    timeout: call.timeout ?? rule?.timeout ?? router.timeout ?? 30_000,
    attempts: call.attempts ?? router.attempts ?? 3,
    idempotent: call.idempotent ?? rule?.idempotent,
  };
}
