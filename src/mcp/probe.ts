/** Whether an MCP server really answers where an instance says so. */

import { fields, pass } from '../core/checks.js';
import { invalid } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
import { type Abortable, waitingTime } from '../registry/options.js';
import { type FetchOptions, fetchTo } from './fetch.js';
import { type Obstacle, obstacleIn } from './unreachable.js';
import { requireWay, type Way } from './way.js';

/** The revision whose question leaves nothing behind. */
const revision = '2026-07-28';

/** The most that is read of an answer, in bytes. */
const most = 65_536;

export interface ProbeOptions extends Abortable {
  /** In ms; 2,000 unless given. Each probe has its own. */
  readonly timeout?: number | undefined;
}

const checkOptions = fields({ timeout: waitingTime });

/** What was found. */
export type Answer =
  | {
      readonly isServer: true;
      /** `modern`: 2026-07-28 and later, without sessions. `legacy`: those before, with `initialize`. */
      readonly era: 'modern' | 'legacy';
      /** Newest first; of a legacy server they are not known without opening a session. */
      readonly versions: readonly string[];
      /** How long it took, in ms. */
      readonly took: number;
    }
  | {
      readonly isServer: false;
      /** `unauthorized`: something answers, and wants a token that the entry has not. */
      readonly reason: Obstacle;
      /** Of its answer over HTTP, if there was one. */
      readonly status?: number | undefined;
      readonly took: number;
    };

/**
 * Asks the MCP server of an instance one question that opens no session: `server/discover` of the protocol of 2026, which
 * those of before refuse in a way of their own. A server over SSE is known by the first event of its stream.
 *
 * That there is no answer is a result and not an error.
 *
 * @throws ROLLCALL_INVALID if it has no endpoint over which MCP is spoken; the signal's reason if it is aborted.
 */
export function probe(instance: Instance, options: ProbeOptions = {}): Promise<Answer> {
  return question(instance, options, {});
}

/** The same, over a `fetch` that is made like this. */
export async function question(
  instance: Instance,
  { signal, timeout = 2_000 }: ProbeOptions,
  fetching: FetchOptions,
): Promise<Answer> {
  pass(checkOptions, { timeout }, 'The options of probe');
  if (typeof instance !== 'object' || instance === null || !('endpoints' in instance)) {
    throw invalid('What probe is given', [{ path: '', message: 'must be an instance, as discover and pick give it' }]);
  }
  const way = requireWay(instance);
  signal?.throwIfAborted();
  const start = performance.now();
  const took = () => performance.now() - start;
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(new DOMException('It took too long.', 'TimeoutError')), timeout);
  if (fetching.isHeld === false) timer.unref();
  const abort = () => deadline.abort(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    // Whatever the server does with the connection.
    const late = new Promise<never>((_, reject) =>
      deadline.signal.addEventListener('abort', () => reject(deadline.signal.reason), { once: true }),
    );
    const found = await Promise.race([(way.type === 'sse' ? listen : ask)(way, deadline.signal, fetching), late]);
    return { ...found, took: took() };
  } catch (error) {
    signal?.throwIfAborted();
    const reason = deadline.signal.aborted ? 'timeout' : obstacleIn(error).obstacle;
    return { isServer: false, reason, took: took() };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    // What is still being read is let go.
    deadline.abort();
  }
}

type Found = Answer extends infer A ? (A extends Answer ? Omit<A, 'took'> : never) : never;

async function ask(way: Way, signal: AbortSignal, fetching: FetchOptions): Promise<Found> {
  const response = await fetchTo(
    way,
    {},
    fetching,
  )(way.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': revision,
      'mcp-method': 'server/discover',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'server/discover',
      params: {
        _meta: {
          'io.modelcontextprotocol/protocolVersion': revision,
          'io.modelcontextprotocol/clientInfo': { name: 'rollcall', version: '1' },
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    }),
    signal,
  });
  const { status } = response;
  if (status === 401 || status === 403) return { isServer: false, reason: 'unauthorized', status };
  const message = messageIn(await beginningOf(response, (text) => messageIn(text) !== undefined));
  const versions = message?.result?.supportedVersions;
  if (response.ok && Array.isArray(versions)) {
    return { isServer: true, era: 'modern', versions: versions.filter((each) => typeof each === 'string') };
  }
  // Whoever refuses as JSON-RPC does speaks it, and not this revision.
  if (message?.error !== undefined) return { isServer: true, era: 'legacy', versions: [] };
  return { isServer: false, reason: 'not-mcp', status };
}

async function listen(way: Way, signal: AbortSignal, fetching: FetchOptions): Promise<Found> {
  const response = await fetchTo(way, {}, fetching)(way.url, { headers: { accept: 'text/event-stream' }, signal });
  const { status } = response;
  if (status === 401 || status === 403) return { isServer: false, reason: 'unauthorized', status };
  const isEndpoint = (text: string) => /^event: ?endpoint$/m.test(text);
  const isThere = response.ok && isEndpoint(await beginningOf(response, isEndpoint));
  return isThere ? { isServer: true, era: 'legacy', versions: [] } : { isServer: false, reason: 'not-mcp', status };
}

/** As much of an answer as is needed, and no more than is allowed. */
async function beginningOf(response: Response, isEnough: (text: string) => boolean): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (isEnough(text) || text.length > most) break;
  }
  return text;
}

interface Message {
  readonly jsonrpc: '2.0';
  readonly result?: { readonly supportedVersions?: unknown };
  readonly error?: object;
}

/** The answer among JSON-RPC messages: alone, or as the data of one of several events. */
function messageIn(text: string): Message | undefined {
  const events = [...text.matchAll(/^data: ?(.*)$/gm)].map(([, data = '']) => data);
  return (events.length > 0 ? events : [text]).map(parsed).find((message) => message !== undefined);
}

function parsed(data: string): Message | undefined {
  try {
    const message = JSON.parse(data) as Partial<Message> | null;
    const isAnswer = message?.jsonrpc === '2.0' && (message.result !== undefined || message.error !== undefined);
    return isAnswer ? (message as Message) : undefined;
  } catch {
    // Not all of it has come, or it is something else.
    return undefined;
  }
}
