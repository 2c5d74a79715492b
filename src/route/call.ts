/** One call: attempts on one instance after the other, within a deadline for all of them. */

import type { IBackoff } from 'cockatiel';
import type { Clock } from '../core/clock.js';
import { type Attempt, isRollcallError, type LeftOut, RollcallError } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
import { channels } from '../process/channels.js';
import { follow, within } from '../process/within.js';
import type { Balancer } from './balancer.js';
import type { Breakers } from './breakers.js';
import { isAnswer } from './dispatch.js';
import { reasonOf, unanswered } from './unanswered.js';

/** Between two attempts, in ms: at first, and at most. */
const pauses = { initialDelay: 20, maxDelay: 1_000 };

export interface AttemptContext {
  /** Aborted when the attempt is given up: by the caller, by its time, or when the router is closed. */
  readonly signal: AbortSignal;
  /** From 1. */
  readonly attempt: number;
}

/** Whom to attempt it on. */
export interface Choosing {
  readonly chosen: Instance | undefined;
  /** Named by its id: not even its circuit breaker is asked. */
  readonly isPinned: boolean;
}

export interface Plan<T> {
  readonly query: object;
  /** For messages: the tool or path. */
  readonly what?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** In ms. */
  readonly timeout: number;
  readonly attempts: number;
  readonly idempotent: boolean | ((error: unknown) => boolean);
  /** Others than those in `avoid`, if there are. */
  choose(avoid: ReadonlySet<string>, signal: AbortSignal): Promise<Choosing>;
  /** Who was not considered, and why, as it is now. */
  leftOut(): Promise<readonly LeftOut[]>;
  run(instance: Instance, context: AttemptContext): Promise<T>;
  /** Whether it is certain that this attempt has sent nothing. */
  isUnsent(error: unknown, instance: Instance): boolean;
  /** That it was the wrong one to ask, which is no attempt: it is not chosen again. */
  isMischoice?(error: unknown): boolean;
}

/** What calls of one router share. */
export interface CallWorld {
  readonly clock: Clock;
  readonly balancer: Balancer;
  readonly breakers: Breakers;
  /** Aborted when the router is closed. */
  readonly closing: AbortSignal;
}

/** Its `cause` is what opened it; nothing was called. */
class OpenBreaker extends Error {
  constructor(cause: unknown) {
    super('its circuit breaker has opened', { cause });
  }
}

export class Call<T> {
  readonly #plan: Plan<T>;
  readonly #world: CallWorld;
  /** Of the whole. */
  readonly #over = new AbortController();
  readonly #attempts: Attempt[] = [];
  readonly #failed = new Set<string>();
  #pause: IBackoff<unknown> | undefined;
  #isLate = false;

  constructor(plan: Plan<T>, world: CallWorld) {
    this.#plan = plan;
    this.#world = world;
  }

  /**
   * @throws ROLLCALL_UNANSWERED, or the reason of the caller's signal; an error of the registry, if there is nothing to
   * choose from; an answer of the server that is an error, as it is.
   */
  async make(): Promise<T> {
    const { signal, timeout } = this.#plan;
    const { clock, closing } = this.#world;
    signal?.throwIfAborted();
    const deadline = clock.after(timeout, () => {
      this.#isLate = true;
      this.#over.abort(new DOMException(`no answer within ${timeout} ms`, 'TimeoutError'));
    });
    deadline.hold(true);
    const forget = [follow(signal, this.#over), follow(closing, this.#over)];
    try {
      return await this.#make();
    } finally {
      deadline.cancel();
      for (const each of forget) each();
    }
  }

  async #make(): Promise<T> {
    const { attempts } = this.#plan;
    let last: unknown;
    for (let attempt = 1; ; ) {
      let choosing: Choosing;
      try {
        choosing = await within(this.#plan.choose(this.#failed, this.#over.signal), this.#over.signal);
      } catch (error) {
        this.#throwIfEnded();
        // That it is no answer to begin with is said as it is.
        if (this.#attempts.length === 0 && !this.#isLate) throw error;
        throw await this.#giveUp(reasonOf(error), last ?? error);
      }
      const { chosen, isPinned } = choosing;
      if (chosen === undefined && this.#attempts.length === 0) {
        throw await this.#giveUp('there is no instance for it that can be used.', last);
      }
      if (chosen !== undefined) {
        try {
          return await this.#attempt(chosen, attempt, isPinned);
        } catch (error) {
          this.#throwIfEnded();
          if (isAnswer(error) || isRollcallError(error, 'ROLLCALL_INVALID')) throw error;
          if (this.#plan.isMischoice?.(error)) {
            // Another is chosen then; of one that was named there is no other.
            if (!isPinned) continue;
            throw await this.#giveUp(`${chosen.id}, which was named, ${reasonOf(error)}.`, error);
          }
          last = error;
          this.#failed.add(chosen.id);
          if (this.#isLate) throw await this.#giveUp(`it took longer than ${this.#plan.timeout} ms.`, last);
          const why = this.#whyNotAgain(error, chosen);
          if (why !== undefined) throw await this.#giveUp(why, last);
        }
      }
      if (attempt >= attempts) {
        const why = attempts === 1 ? 'one attempt was all it had.' : `${attempts} attempts were all it had.`;
        throw await this.#giveUp(why, last);
      }
      attempt++;
      await this.#rest();
    }
  }

  async #attempt(instance: Instance, attempt: number, isPinned: boolean): Promise<T> {
    const { clock, balancer, breakers } = this.#world;
    const { timeout, attempts, idempotent } = this.#plan;
    const own = new AbortController();
    const forget = follow(this.#over.signal, own);
    // What may not be done twice may take all the time there is.
    const limit = idempotent === true && attempts > 1 ? timeout / attempts : undefined;
    const late = new DOMException(`no answer within ${Math.round(limit ?? 0)} ms`, 'TimeoutError');
    const timer = limit === undefined ? undefined : clock.after(limit, () => own.abort(late));
    const lease = balancer.lease(instance);
    const began = clock.monotonic();
    let isBegun = false;
    const act = async () => {
      own.signal.throwIfAborted();
      isBegun = true;
      return within(this.#plan.run(instance, { signal: own.signal, attempt }), own.signal);
    };
    try {
      const isForced = isPinned && breakers.isOpen(instance.id);
      const isCounted = (error: unknown) => this.#isCounted(error);
      const running = isForced ? act() : breakers.run(instance.id, act, isCounted);
      const answer = await within(running, own.signal);
      this.#tell(instance, attempt, began, undefined);
      return answer;
    } catch (thrown) {
      const error = isBegun || own.signal.aborted ? thrown : new OpenBreaker(thrown);
      if (this.#plan.isMischoice?.(error) === true) throw error;
      const reason = reasonOf(error);
      const { id, name } = instance;
      this.#attempts.push({ id, name, attempt, took: clock.monotonic() - began, reason });
      this.#tell(instance, attempt, began, isAnswer(error) ? undefined : reason);
      throw error;
    } finally {
      timer?.cancel();
      forget();
      lease.release();
    }
  }

  /** What says nothing of the instance: that the caller has had enough, or its answer. */
  #isCounted(error: unknown): boolean {
    if (this.#plan.signal?.aborted === true || this.#world.closing.aborted) return false;
    if (isAnswer(error) || isRollcallError(error, 'ROLLCALL_INVALID')) return false;
    return this.#plan.isMischoice?.(error) !== true;
  }

  #whyNotAgain(error: unknown, instance: Instance): string | undefined {
    const { idempotent } = this.#plan;
    if (error instanceof OpenBreaker || this.#plan.isUnsent(error, instance)) return undefined;
    if (typeof idempotent === 'function' ? idempotent(error) : idempotent) return undefined;
    return 'it may have been carried out, and it was not said that it is idempotent.';
  }

  #tell({ id, name }: Instance, attempt: number, began: number, reason: string | undefined): void {
    if (!channels.route.hasSubscribers) return;
    const { clock } = this.#world;
    channels.route.publish({
      at: clock.now(),
      took: clock.monotonic() - began,
      query: this.#plan.query,
      id,
      name,
      attempt,
      outcome: reason === undefined ? 'answered' : 'failed',
      reason,
    });
  }

  /** The pauses are the library's; its loop is not used, since it does not end when a signal is aborted. */
  async #rest(): Promise<void> {
    const { ExponentialBackoff } = await import('cockatiel');
    this.#pause = this.#pause === undefined ? new ExponentialBackoff(pauses).next() : this.#pause.next(undefined);
    const { duration } = this.#pause;
    let timer: { cancel(): void } | undefined;
    const over = new Promise<void>((resolve) => {
      timer = this.#world.clock.after(duration, resolve);
    });
    // The next attempt finds that its time is over.
    await within(over, this.#over.signal).catch(() => timer?.cancel());
  }

  /** The caller's own abort is its own reason. */
  #throwIfEnded(): void {
    this.#plan.signal?.throwIfAborted();
    if (this.#world.closing.aborted) throw closed();
  }

  async #giveUp(because: string, cause: unknown): Promise<RollcallError<'ROLLCALL_UNANSWERED'>> {
    const { query, what } = this.#plan;
    const leftOut = await this.#plan.leftOut().catch(() => []);
    return unanswered({ query, what, attempts: this.#attempts, leftOut, because, cause });
  }
}

export const closed = () => new RollcallError('ROLLCALL_CLOSED', 'This router has been closed. Make a new one.', {});
