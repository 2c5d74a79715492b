/** One call that is passed on, and what its server asks or tells meanwhile. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import type { ServerContext } from '@modelcontextprotocol/server';
import { type Delivery, noting as noteDelivery } from '../mcp/delivery.js';
import type { Onlooker } from '../mcp/fetch.js';
import { isWanted, type Level } from './log-level.js';
import { type Notice, Outbox } from './outbox.js';

/** How long a host may think about a question, in ms: as long as the SDK lets a person think. */
const thinkingTime = 600_000;

/** What is answered to a call: what the server said, or that the host has to be asked first. */
export type Outcome = Record<string, unknown>;

interface Question {
  readonly method: string;
  readonly params: unknown;
  answer(response: unknown): void;
  refuse(error: unknown): void;
}

/**
 * Which exchange a message of a server belongs to. Over Streamable HTTP it comes on the stream that answers the call, so
 * that whatever reads that stream runs in the context the call was made in.
 */
export const current = new AsyncLocalStorage<Exchange>();

/**
 * A server of 2025 asks the client in the middle of a call. A host of today wants its call answered with the questions,
 * and calls again with the answers; for those of 2025 the SDK does that for us. So the call goes on here, while the host
 * thinks.
 */
export class Exchange implements Delivery {
  /** What a host gives back to go on with this call. */
  readonly ticket = `rollcall-${randomBytes(16).toString('hex')}`;
  /** Log messages below it are not told. */
  readonly #level: Level | undefined;
  wasRefused = false;
  mayBeTaken = false;
  readonly #aborting = new AbortController();
  readonly #outcome: Promise<Outcome>;
  readonly #questions: Question[] = [];
  #context: ServerContext;
  #asked: Map<string, Question> | undefined;
  #wake = () => {};
  /** Of the server, in ms. */
  readonly #timeout: number;
  #timer: NodeJS.Timeout | undefined;
  readonly #outbox = new Outbox((notice) => this.#context.mcpReq.notify(notice));
  #hasTold = false;
  #forget = () => {};

  /**
   * `pass` makes the call; it is aborted when the host cancels, or after `timeout` ms without a sign of progress. `level`:
   * of the least severe log messages that are told.
   */
  constructor(
    context: ServerContext,
    { timeout, level }: { readonly timeout: number; readonly level: Level | undefined },
    pass: (exchange: Exchange, signal: AbortSignal) => Promise<Outcome>,
  ) {
    this.#context = context;
    this.#level = level;
    this.#attend(context);
    this.#timeout = timeout;
    this.#allow(timeout);
    this.#outcome = current.run(this, () => pass(this, this.#aborting.signal));
    // Whoever waits for it hears; if nobody does any more, nobody cares.
    void this.ended.then(() => {
      clearTimeout(this.#timer);
      this.#forget();
      for (const { refuse } of [...this.#questions, ...(this.#asked?.values() ?? [])])
        refuse(new Error('The call is over.'));
    });
  }

  /** Resolves when there is nothing more to come, however it ended. */
  get ended(): Promise<void> {
    return this.#outcome.then(
      () => {},
      () => {},
    );
  }

  /** What the host is to be answered now. */
  async next(): Promise<Outcome> {
    const asked = new Promise<'asked'>((resolve) => {
      this.#wake = () => resolve('asked');
    });
    if (this.#questions.length > 0) this.#wake();
    const outcome = await Promise.race([this.#outcome, asked]);
    // What was told before is heard before: clients of the SDK leave out progress that they read together with a result.
    await this.#outbox.empty;
    if (this.#hasTold) await new Promise(setImmediate);
    // A host of 2026 is through with this request; of 2025 it is still the same one, and may be cancelled meanwhile.
    if (outcome !== 'asked' || this.#context.mcpReq.envelope !== undefined) this.#forget();
    if (outcome !== 'asked') return outcome;
    this.#asked = new Map(this.#questions.splice(0).map((question, index) => [`q${index}`, question]));
    this.#allow(thinkingTime);
    const inputRequests = Object.fromEntries(
      [...this.#asked].map(([key, { method, params }]) => [key, { method, params }]),
    );
    return { resultType: 'input_required', inputRequests, requestState: this.ticket };
  }

  /** The host has called again. */
  resume(context: ServerContext): Promise<Outcome> {
    this.#allow(this.#timeout);
    this.#attend(context);
    const responses = context.mcpReq.inputResponses ?? {};
    for (const [key, question] of this.#asked ?? []) {
      if (key in responses) question.answer(responses[key]);
      else question.refuse(new Error('The host has not answered this question.'));
    }
    this.#asked = undefined;
    return this.next();
  }

  /** The server asks: elicitation, sampling, roots. */
  ask(method: string, params: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#questions.push({ method, params, answer: resolve, refuse: reject });
      this.#wake();
    });
  }

  /** The server shows progress: it has all the time again. To whom that goes is said by the call, or by its last round. */
  progress(params: Record<string, unknown>): void {
    this.#allow(this.#timeout);
    const { progressToken } = this.#context.mcpReq._meta ?? {};
    if (progressToken !== undefined)
      this.tell({ method: 'notifications/progress', params: { ...params, progressToken } });
  }

  /** The server tells, in this order. */
  tell(notice: Notice): void {
    if (notice.method === 'notifications/message' && !isWanted(notice.params.level, this.#level)) return;
    this.#hasTold = true;
    this.#outbox.push(notice);
  }

  get context(): ServerContext {
    return this.#context;
  }

  /** From now on, before it is given up: in ms. */
  #allow(ms: number): void {
    clearTimeout(this.#timer);
    const late = new DOMException('It took too long.', 'TimeoutError');
    this.#timer = setTimeout(() => this.#aborting.abort(late), ms).unref();
  }

  #attend(context: ServerContext): void {
    this.#forget();
    this.#context = context;
    const { signal } = context.mcpReq;
    const cancel = () => this.#aborting.abort(signal.reason);
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
    this.#forget = () => signal.removeEventListener('abort', cancel);
  }
}

/** The connection is given up when its session is unknown: then the call does not hear why. */
export function noting(onlooker: Onlooker): Onlooker {
  const noted = noteDelivery(() => current.getStore());
  return {
    answered(...answer) {
      noted.answered(...answer);
      onlooker.answered?.(...answer);
    },
    failed(...failure) {
      noted.failed(...failure);
      onlooker.failed?.(...failure);
    },
  };
}
