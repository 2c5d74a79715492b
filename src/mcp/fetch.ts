/** `fetch` to one endpoint and nowhere else, over TCP or a Unix socket. */

import { setMaxListeners } from 'node:events';
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { Readable } from 'node:stream';
import type { Place } from './place.js';

/** The most a server may answer with in one piece, in bytes: 64 MiB, of a stream each event. */
const longestAnswer = 64 * 1_024 * 1_024;

/** The most that is read of a refusal, in bytes: it says what is wrong. */
const longestRefusal = 65_536;

/** Statuses whose answers have no body: `new Response` takes none. */
const bodiless = new Set([204, 205, 304]);

/** Told of each answer, and of each request that got none. */
export interface Onlooker {
  /** With the text of its answer, if that is a refusal. */
  answered?(request: Request, status: number, refusal?: string): void;
  failed?(request: Request, error: unknown): void;
}

/** What can be sent, and sent again. */
export type Body = string | Uint8Array | ArrayBuffer | null;

export interface FetchOptions {
  /** Whether refusals are given whole, as they come. Unless given, as much of them is read as says what is wrong. */
  readonly isWhole?: boolean;
  /** Whether a request keeps the process alive while it waits for its answer; it does unless told otherwise. */
  readonly isHeld?: boolean;
}

export type Fetch = (input: string | URL, init?: RequestInit) => Promise<Response>;

/**
 * A `fetch` that leads to the endpoint alone: its headers are sent there, and nothing to another origin, wherever a
 * server points to. Redirects are not followed.
 *
 * Over node:http, since Node's own `fetch` knows no Unix sockets, and gives up on an answer after five minutes of
 * silence. Each request has a connection of its own: one that is kept may have been closed by the server just when it is
 * used again, and nobody can tell then whether the request was taken.
 */
export function fetchTo(
  way: Place,
  onlooker: Onlooker = {},
  { isWhole = false, isHeld = true }: FetchOptions = {},
): Fetch {
  return async (input, init = {}) => {
    const url = new URL(input);
    if (url.origin !== way.url.origin) {
      throw new TypeError(`Nothing is sent to ${url.origin}: the endpoint of the entry is at ${way.url.origin}.`);
    }
    const body = sendable(init.body);
    const request = new Request(url, { ...init, body: null, signal: null });
    for (const [name, value] of Object.entries(way.headers)) {
      if (!request.headers.has(name)) setHeader(request, name, value);
    }
    try {
      const answer = await ask(request, body, { signal: init.signal ?? undefined, socketPath: way.socketPath, isHeld });
      const { statusCode: status = 502 } = answer;
      if (status < 200) {
        answer.destroy();
        throw new Error(`The server answers with a status that is none (${status}).`);
      }
      if (status < 400 || isWhole) {
        onlooker.answered?.(request, status);
        return responseOf(answer);
      }
      const refusal = await beginningOf(answer);
      onlooker.answered?.(request, status, refusal);
      return new Response(refusal, { status, statusText: answer.statusMessage ?? '', headers: headersOf(answer) });
    } catch (error) {
      onlooker.failed?.(request, error);
      throw error;
    }
  };
}

/** The platform's message would tell of the value, which may be a secret, which character is wrong. */
function setHeader(request: Request, name: string, value: string): void {
  try {
    request.headers.set(name, value);
  } catch {
    throw new TypeError(`The header ${name} of the entry cannot be sent: its value has characters that HTTP has not.`);
  }
}

/** What can be read only once could not be sent again, and what has no length would be sent in chunks. */
function sendable(body: unknown): string | Uint8Array | undefined {
  if (body == null) return undefined;
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  throw new TypeError('Only a text, a Uint8Array or an ArrayBuffer can be sent.');
}

function ask(
  request: Request,
  body: string | Uint8Array | undefined,
  how: { signal: AbortSignal | undefined; socketPath: string | undefined; isHeld: boolean },
): Promise<IncomingMessage> {
  const { signal, socketPath, isHeld } = how;
  const send = request.url.startsWith('https:') ? requestHttps : requestHttp;
  // The SDK gives the same one to all that goes on at the same time.
  if (signal !== undefined) setMaxListeners(0, signal);
  return new Promise((resolve, reject) => {
    const { pathname, search } = new URL(request.url);
    const options = {
      method: request.method,
      headers: Object.fromEntries(request.headers),
      agent: false,
      ...(signal !== undefined && { signal }),
    };
    const asked: ClientRequest =
      socketPath === undefined
        ? send(request.url, options, resolve)
        : send({ ...options, socketPath, path: pathname + search, host: 'localhost' }, resolve);
    if (!isHeld) asked.on('socket', (socket) => socket.unref());
    asked.on('error', (error) => reject(signal?.aborted === true ? signal.reason : error));
    // Without a listener the connection is destroyed, and nothing is said.
    asked.on('upgrade', (_, socket) => {
      socket.destroy();
      reject(new Error('The server wants to speak another protocol (HTTP 101).'));
    });
    // However it ended: after an answer this says nothing any more.
    asked.on('close', () => reject(signal?.aborted === true ? signal.reason : new Error('The connection was closed.')));
    asked.end(body);
  });
}

/** @throws RangeError if the status is none that a response can have: then its connection is closed. */
function responseOf(answer: IncomingMessage): Response {
  try {
    return toResponse(answer);
  } catch (error) {
    answer.destroy();
    throw error;
  }
}

function toResponse(answer: IncomingMessage): Response {
  const { statusCode: status = 502, statusMessage: statusText = '' } = answer;
  const headers = headersOf(answer);
  // What is not read any more is not to hold the connection.
  if (bodiless.has(status)) answer.resume();
  else bound(answer, /^text\/event-stream/i.test(headers.get('content-type') ?? ''));
  const body = bodiless.has(status) ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>);
  return new Response(body, { status, statusText, headers });
}

function headersOf({ headersDistinct }: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  return headers;
}

/** As much of a refusal as is of use, however long it is. */
async function beginningOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > longestRefusal) break;
  }
  return Buffer.concat(chunks).subarray(0, longestRefusal).toString('utf8');
}

/** A stream may go on for ever, an event of it not: it ends with an empty line. */
function bound(answer: IncomingMessage, isStream: boolean): void {
  let length = 0;
  answer.on('data', (chunk: Buffer) => {
    const end = isStream ? Math.max(chunk.lastIndexOf('\n\n'), chunk.lastIndexOf('\n\r\n')) : -1;
    length = end === -1 ? length + chunk.length : chunk.length - end;
    if (length > longestAnswer) answer.destroy(new Error(`The answer is longer than ${longestAnswer} bytes.`));
  });
  // Counting is not reading: it flows when its reader asks.
  answer.pause();
}
