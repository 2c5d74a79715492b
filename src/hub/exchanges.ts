/** Calls of a host that are passed on to instances, until each has its answer. */

import type { Tool } from '@modelcontextprotocol/client';
import type { ServerContext } from '@modelcontextprotocol/server';
import { longestTimeout } from '../registry/options.js';
import { metaFor } from './directory.js';
import { Exchange, type Outcome } from './exchange.js';
import type { Link } from './link.js';
import type { Level } from './log-level.js';
import { Mentions } from './mentions.js';

const levelKey = 'io.modelcontextprotocol/logLevel';

export interface Passed {
  readonly link: Link;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** If it is a call of a tool. */
  readonly tool?: Tool;
}

export class Exchanges {
  /** What results have named. */
  readonly mentions = new Mentions();
  readonly #going = new Map<string, Exchange>();
  readonly #timeout: number;
  /** The least severe log messages wanted, where the call does not say. */
  level: Level | undefined;

  /** `timeout`: of a call without a sign of progress, in ms. */
  constructor(timeout: number, level: Level | undefined) {
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
        this.#send(passed, self, signal),
      );
    this.#going.set(exchange.ticket, exchange);
    let isOver = true;
    try {
      const outcome = await (going === undefined ? exchange.next() : exchange.resume(context));
      isOver = outcome.requestState !== exchange.ticket;
      if (outcome.resultType === 'input_required') return outcome;
      this.mentions.note(passed.link, outcome);
      return { ...outcome, _meta: metaFor(passed.link, outcome) };
    } finally {
      // One that is never taken up again ends by itself, and is forgotten then.
      if (isOver) this.#going.delete(exchange.ticket);
      else void exchange.ended.then(() => this.#going.delete(exchange.ticket));
    }
  }

  #send({ link, method, params, tool }: Passed, exchange: Exchange, signal: AbortSignal): Promise<Outcome> {
    const { mcpReq } = exchange.context;
    const { progressToken, ...meta } = mcpReq._meta ?? {};
    const level = this.#levelOf(exchange.context);
    const state = mcpReq.requestState<string>();
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
