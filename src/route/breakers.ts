/** A circuit breaker for each instance: one that fails again and again is left alone for a while. */

import type { CircuitBreakerPolicy, IBackoff } from 'cockatiel';
import type { Clock } from '../core/clock.js';

/** So many failures in a row open it. */
const failures = 5;

/** How long it stays open, in ms; then one call at a time tries. */
const openFor = 10_000;

type Cockatiel = typeof import('cockatiel');

interface Breaker {
  readonly policy: CircuitBreakerPolicy;
  /** By the monotonic clock: when one may try again. */
  until: number;
}

export class Breakers {
  readonly #clock: Clock;
  readonly #breakers = new Map<string, Breaker>();
  #cockatiel: Cockatiel | undefined;
  #present: object | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Of how many instances it knows. */
  get size(): number {
    return this.#breakers.size;
  }

  /** Whether none is to be sent there now: it has failed, or one that tries is under way. */
  isOpen(id: string): boolean {
    const breaker = this.#breakers.get(id);
    if (breaker === undefined || this.#cockatiel === undefined) return false;
    const { Open, HalfOpen } = this.#cockatiel.CircuitState;
    const { state } = breaker.policy;
    return state === HalfOpen || (state === Open && this.#clock.monotonic() < breaker.until);
  }

  /**
   * Runs `act`, whose failures count unless `isCounted` says otherwise.
   *
   * @throws what `act` throws; an error of the library, without having called it, if it has opened just now.
   */
  async run<T>(id: string, act: () => Promise<T>, isCounted: (error: unknown) => boolean): Promise<T> {
    this.#cockatiel ??= await import('cockatiel');
    const { policy } = this.#of(id, this.#cockatiel);
    try {
      return await policy.execute(async () => {
        try {
          return await act();
        } catch (error) {
          throw isCounted(error) ? error : new Uncounted(error);
        }
      });
    } catch (error) {
      throw error instanceof Uncounted ? error.error : error;
    }
  }

  /** Forgets those that are not among `present`; the same array means that nothing has changed. */
  keep(present: readonly { readonly id: string }[]): void {
    if (this.#breakers.size === 0 || this.#present === present) return;
    this.#present = present;
    const ids = new Set(present.map(({ id }) => id));
    for (const id of this.#breakers.keys()) if (!ids.has(id)) this.#breakers.delete(id);
  }

  #of(id: string, { circuitBreaker, ConsecutiveBreaker, handleWhen }: Cockatiel): Breaker {
    const known = this.#breakers.get(id);
    if (known !== undefined) return known;
    const clock = this.#clock;
    // The library goes by the wall clock, which may jump: it is told that no time has passed, or enough.
    const pause = (): IBackoff<unknown> => {
      breaker.until = clock.monotonic() + openFor;
      return {
        get duration() {
          return clock.monotonic() < breaker.until ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
        },
        next: pause,
      };
    };
    const policy = circuitBreaker(
      handleWhen((error) => !(error instanceof Uncounted)),
      { breaker: new ConsecutiveBreaker(failures), halfOpenAfter: { next: pause } },
    );
    const breaker: Breaker = { policy, until: 0 };
    this.#breakers.set(id, breaker);
    return breaker;
  }
}

/** What says nothing against the instance. Half open, the library takes it for a success; the next failure opens again. */
class Uncounted extends Error {
  readonly error: unknown;

  constructor(error: unknown) {
    super();
    this.error = error;
  }
}
