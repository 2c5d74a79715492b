/** Calls of a host that are passed on to instances, until each has its answer. */

import type { Tool } from '@modelcontextprotocol/client';
import type { ServerContext } from '@modelcontextprotocol/server';
import { longestTimeout } from '../registry/options.js';
import type { Choices, Chosen } from './choices.js';
import { continuedAt, originOf } from './continued.js';
import { metaFor } from './directory.js';
import { Exchange, type Outcome } from './exchange.js';
import type { Link } from './link.js';
import type { Level } from './log-level.js';
import { Mentions } from './mentions.js';
import { Mistake } from './mistake.js';
import { Unsent } from './unsent.js';

const levelKey = 'io.modelcontextprotocol/logLevel';

export interface Passed {
  /** Who can answer it. */
  readonly links: readonly [Link, ...Link[]];
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** If it is a call of a tool. */
  readonly tool?: Tool;
}

interface Call {
  readonly exchange: Exchange;
  readonly signal: AbortSignal;
  /** What the server gave the host to go on with. */
  readonly state: string | undefined;
}

export class Exchanges {
  /** What results have named. */
  readonly mentions = new Mentions();
  readonly #going = new Map<string, Exchange>();
  readonly #choices: Choices;
  readonly #timeout: number;
  /** The least severe log messages wanted, where the call does not say. */
  level: Level | undefined;

  /** `timeout`: of a call without a sign of progress, in ms. */
  constructor(choices: Choices, timeout: number, level: Level | undefined) {
    this.#choices = choices;
    this.#timeout = timeout;
    this.level = level;
  }

  /** What the host is to be answered: the result, marked by who gave it, or that it has to be asked first. */
  async pass(passed: Passed, context: ServerContext): Promise<Outcome> {
    const state = context.mcpReq.requestState<string>();
    const going = state === undefined ? undefined : this.#going.get(state);
    const exchange =
      going ??
      new Exchange(context, { timeout: this.#timeout, level: this.#levelOf(context) }, (self, signal) =>
        this.#pass(passed, self, signal),
      );
    this.#going.set(exchange.ticket, exchange);
    let isOver = true;
    try {
      const outcome = await (going === undefined ? exchange.next() : exchange.resume(context));
      isOver = outcome.requestState !== exchange.ticket;
      return outcome;
    } finally {
      // One that is never taken up again ends by itself, and is forgotten then.
      if (isOver) this.#going.delete(exchange.ticket);
      else void exchange.ended.then(() => this.#going.delete(exchange.ticket));
    }
  }

  /** To one after the other of those who can answer, as long as it is certain that none has been asked. */
  async #pass({ links, ...passed }: Passed, exchange: Exchange, signal: AbortSignal): Promise<Outcome> {
    const given = exchange.context.mcpReq.requestState<string>();
    const origin = this.#choices.mayVary ? originOf(given) : undefined;
    let left: readonly Link[] =
      origin === undefined ? links : links.filter(({ instance }) => instance.id === origin.id);
    const state = origin === undefined ? given : origin.state;
    let failure: unknown = new Mistake('The instance that asked has gone: whether it did anything is not known.');
    for (;;) {
      const { link, release } = this.#next(left, origin !== undefined, failure);
      try {
        const outcome = await this.#send(link, passed, { exchange, signal, state });
        if (outcome.resultType === 'input_required') return this.#marked(link, outcome);
        this.mentions.note(link, outcome);
        return { ...outcome, _meta: metaFor(link, outcome) };
      } catch (error) {
        if (!(error instanceof Unsent)) throw error;
        failure = error.reason;
        left = left.filter((each) => each !== link);
      } finally {
        release();
      }
    }
  }

  /** A call that is under way stays where it is, however that is. */
  #next(left: readonly Link[], isUnderWay: boolean, failure: unknown): Chosen {
    const [first, ...others] = left;
    if (first === undefined) throw failure;
    return isUnderWay ? { link: first, release() {} } : this.#choices.choose([first, ...others]);
  }

  /** The host is asked first, and calls again: then the same instance is meant. */
  #marked({ instance }: Link, outcome: Outcome): Outcome {
    if (!this.#choices.mayVary) return outcome;
    return { ...outcome, requestState: continuedAt(instance.id, outcome.requestState) };
  }

  #send(link: Link, { method, params, tool }: Omit<Passed, 'links'>, call: Call): Promise<Outcome> {
    const { exchange, signal, state } = call;
    const { mcpReq } = exchange.context;
    const { progressToken, ...meta } = mcpReq._meta ?? {};
    const level = this.#levelOf(exchange.context);
    return link.request(
      method,
      {
        ...params,
        _meta: {
          ...meta,
          ...(progressToken !== undefined && { progressToken: exchange.ticket }),
          ...(level !== undefined && level !== 'none' && { [levelKey]: level }),
        },
        ...(mcpReq.inputResponses !== undefined && { inputResponses: mcpReq.inputResponses }),
        ...(state !== undefined && { requestState: state }),
      },
      // The client of the SDK always has a timer, and ours knows of progress.
      { signal, timeout: longestTimeout, allowInputRequired: true },
      tool,
    );
  }

  #levelOf({ mcpReq }: ServerContext): Level | undefined {
    const envelope = mcpReq.envelope as Record<string, unknown> | undefined;
    return (envelope?.[levelKey] as Level | undefined) ?? this.level;
  }
}
