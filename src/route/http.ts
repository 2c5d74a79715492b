/** A request over HTTP to whichever instance is chosen. */

import { invalid, isRollcallError } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
import { printable } from '../core/printable.js';
import { type Body, fetchTo } from '../mcp/fetch.js';
import { type Place, placesOf } from '../mcp/place.js';
import { isUndelivered } from '../mcp/unreachable.js';
import type { AttemptContext } from './call.js';
import type { RouteRequest } from './options.js';

/** RFC 9110, 9.2.2: what they do is the same however often they are sent. (`fetch` cannot send TRACE.) */
const idempotentMethods = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/** Of a server that cannot now (RFC 9110, 15.6): another may. */
const unavailable = new Set([502, 503, 504]);

/** An answer that says that there is none: it is given to the caller if there is nobody else. */
class Unavailable extends Error {
  constructor({ status }: Response) {
    super(`HTTP ${status}`);
  }
}

export class Exchange {
  readonly #path: string;
  readonly #init: RouteRequest;
  readonly method: string;
  readonly #isIdempotent: boolean;
  #last: Response | undefined;

  /** @throws ROLLCALL_INVALID if the path leads elsewhere, wherever it is asked. */
  constructor(path: string, init: RouteRequest, idempotent: boolean | ((error: unknown) => boolean) | undefined) {
    const base = 'http://rollcall.invalid/';
    const isUrl = typeof path === 'string' && URL.canParse(path, base);
    if (!isUrl || (isElsewhere(path, base) && !/^https?:\/\//i.test(path))) throw leadsElsewhere(path);
    this.#path = path;
    this.#init = init;
    this.method = (init.method ?? 'GET').toUpperCase();
    this.#isIdempotent = idempotent === undefined ? idempotentMethods.has(this.method) : idempotent !== false;
    refuseHeaders(init.headers);
    if (init.body != null && (this.method === 'GET' || this.method === 'HEAD')) {
      throw invalid('The options of fetch', [{ path: 'body', message: `cannot be sent with ${this.method}` }]);
    }
  }

  /** Unless the call says otherwise. */
  get isIdempotent(): boolean {
    return this.#isIdempotent;
  }

  /** Resolves as soon as the headers have come; only the caller's own signal ends the body. */
  async send(instance: Instance, { signal }: AttemptContext): Promise<Response> {
    const place = placeOf(instance);
    if (place === undefined) throw invalid('The instance', [{ path: printable(instance.id), message: noEndpoint }]);
    if (isElsewhere(this.#path, place.url.href)) throw leadsElsewhere(this.#path, place.url.origin);
    const { headers, body = null, signal: own } = this.#init;
    const response = await fetchTo(
      place,
      {},
      { isWhole: true },
    )(new URL(this.#path, place.url), {
      method: this.method,
      ...(headers !== undefined && { headers }),
      body: body satisfies Body as NonNullable<RequestInit['body']> | null,
      signal: own == null ? signal : AbortSignal.any([signal, own]),
    });
    this.#drop();
    if (!this.#isIdempotent || !unavailable.has(response.status)) return response;
    this.#last = response;
    throw new Unavailable(response);
  }

  /** An answer that says that there is none is better than an error. */
  async conclude(making: Promise<Response>): Promise<Response> {
    try {
      return await making;
    } catch (error) {
      const last = this.#last;
      if (last !== undefined && isRollcallError(error, 'ROLLCALL_UNANSWERED')) return last;
      this.#drop();
      throw error;
    }
  }

  /** Lets go of an answer that nobody is given. */
  #drop(): void {
    void this.#last?.body?.cancel().catch(() => {});
    this.#last = undefined;
  }
}

/** Each request has a connection of its own: one that was not accepted has carried nothing. */
export const isUnsent = isUndelivered;

const noEndpoint = 'has no endpoint over HTTP';

/** Why nothing can be sent to it, if nothing can. */
export const hasNoPlace = (instance: Instance): string | undefined =>
  placeOf(instance) === undefined ? noEndpoint : undefined;

/** Its first endpoint over HTTP. Secret headers are sent there: it is the entry's own. */
const placeOf = (instance: Instance): Place | undefined => placesOf(instance)[0];

/** Before anything is sent: it would look as if the instance had failed. The platform's message repeats the value. */
function refuseHeaders(headers: RouteRequest['headers']): void {
  try {
    new Headers(headers);
  } catch {
    throw invalid('The options of fetch', [
      { path: 'headers', message: 'must be names and values that HTTP can carry' },
    ]);
  }
}

/** `//evil` and `/\evil` leave the origin, too. */
function isElsewhere(path: string, base: string): boolean {
  const url = new URL(path, base);
  return url.origin !== new URL(base).origin || url.username !== '' || url.password !== '';
}

function leadsElsewhere(path: unknown, origin = 'the instance') {
  const message = `must be a path at ${origin}, such as /status; nothing is sent elsewhere`;
  return invalid(`The path ${printable(JSON.stringify(path) ?? String(path))}`, [{ path: 'path', message }]);
}
