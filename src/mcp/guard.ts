/** Lets in only who may: by the host that was called, the page that asks, and the token. */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Secret } from '../core/secret.js';

export interface GuardOptions {
  /** Host names that may be called beside `localhost`, `127.0.0.1` and `[::1]`, without a port. */
  readonly hosts?: readonly string[] | undefined;
  /** Origins of web pages that may ask, beside those of this machine: `https://app.example.com`. */
  readonly origins?: readonly string[] | undefined;
}

/** Short ones are guessed. */
const shortestToken = 16;

export const isToken = (value: unknown): boolean =>
  typeof value === 'string' && value.length >= shortestToken && /^[\x21-\x7e]+$/.test(value);

export const tokenMessage = `must be true, or at least ${shortestToken} characters that a header can hold, without blanks`;

/** Why a request is not let in. */
export interface Refusal {
  /** 401 without the right token, 403 for a wrong host or origin. */
  readonly status: 401 | 403;
  readonly message: string;
}

/** Of a request's headers, the first value of one. Names are in lower case. */
type HeaderOf = (name: 'host' | 'origin' | 'authorization') => string | undefined;

/** What Hono gives its middleware; as much of it as is used. */
interface HonoContext {
  readonly req: { header(name: string): string | undefined };
  body(text: string, status: 401 | 403, headers: Record<string, string>): Response;
}

/** What is called from this machine alone, whatever the port. */
const localHosts = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Checks requests to a server of this machine.
 *
 * A page in a browser can call `http://127.0.0.1:7778` as any program can. It says which page it is (Origin), and one
 * that has its own name lead to 127.0.0.1 (DNS rebinding) calls that name (Host): both are refused. Other users of this
 * machine, and pages that neither shows, do not know the token.
 */
export class Guard {
  /** Its own, or 256 bits in hexadecimal; not shown by accident. `undefined` if none is asked for. */
  readonly token: Secret | undefined;
  #hasLooked = false;
  readonly #digest: Buffer | undefined;
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;

  /** With `token` it asks for one: for that, or for one that it makes. */
  constructor({
    hosts = [],
    origins = [],
    token = false,
  }: GuardOptions & { readonly token?: boolean | string | undefined } = {}) {
    const text = token === true ? randomBytes(32).toString('hex') : token || undefined;
    this.token = text === undefined ? undefined : new Secret(text);
    this.#digest = text === undefined ? undefined : digest(text);
    this.#hosts = new Set([...localHosts, ...hosts].map((host) => host.toLowerCase()));
    this.#origins = new Set(origins.map((origin) => origin.toLowerCase()));
  }

  /** Whether it has been asked about any request. */
  get hasLooked(): boolean {
    return this.#hasLooked;
  }

  /** Why a request with these headers is not let in; `undefined` if it is. */
  check(headerOf: HeaderOf): Refusal | undefined {
    this.#hasLooked = true;
    const host = headerOf('host');
    if (host === undefined || !this.#hosts.has(hostNameOf(host))) {
      return { status: 403, message: 'This server is called by another name than its own.' };
    }
    const origin = headerOf('origin');
    if (origin !== undefined && !this.#isAllowed(origin)) {
      return { status: 403, message: 'This server does not answer pages of other origins.' };
    }
    return this.#hasToken(headerOf('authorization'))
      ? undefined
      : { status: 401, message: 'This server asks for a token. It is in its rollcall entry.' };
  }

  /**
   * For node:http: whether to go on. If not, it has answered. For Express, as a middleware: `app.use(guard.handle)`.
   */
  readonly handle = (request: IncomingMessage, response: ServerResponse, next?: () => void): boolean => {
    const refusal = this.check((name) => request.headers[name]);
    if (refusal === undefined) {
      next?.();
      return true;
    }
    response.writeHead(refusal.status, headersOf(refusal));
    response.end(bodyOf(refusal));
    return false;
  };

  /** For Hono, as a middleware: `app.use(guard.hono)`. */
  readonly hono = async (context: HonoContext, next: () => Promise<void>): Promise<Response | undefined> => {
    const refusal = this.check((name) => context.req.header(name));
    if (refusal !== undefined) return context.body(bodyOf(refusal), refusal.status, headersOf(refusal));
    await next();
    return undefined;
  };

  #isAllowed(origin: string): boolean {
    if (this.#origins.has(origin.toLowerCase())) return true;
    try {
      const { protocol, hostname } = new URL(origin);
      return (protocol === 'http:' || protocol === 'https:') && localHosts.includes(hostname);
    } catch {
      // `null`, for a page without an origin, or no URL at all.
      return false;
    }
  }

  #hasToken(authorization: string | undefined): boolean {
    if (this.#digest === undefined) return true;
    const given = /^Bearer +(.+)$/i.exec(authorization ?? '')?.[1] ?? '';
    // Digests are of equal length, and say nothing of how much of a guess was right.
    return timingSafeEqual(digest(given.trim()), this.#digest);
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Without the port, in lower case. */
function hostNameOf(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, '');
}

const headersOf = ({ status }: Refusal): Record<string, string> => ({
  'content-type': 'application/json',
  ...(status === 401 && { 'www-authenticate': 'Bearer' }),
});

/** As MCP clients understand it: a JSON-RPC error without an id. */
const bodyOf = ({ message }: Refusal): string =>
  JSON.stringify({ jsonrpc: '2.0', error: { code: -32_000, message }, id: null });
