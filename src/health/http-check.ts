/** Asks an instance for its health over HTTP. */

import type { Instance } from '../core/instance.js';
import { fetchTo } from '../mcp/fetch.js';
import type { CheckContext, Finding, Placing } from './check.js';
import { placeOf } from './origin.js';

export interface HttpCheck extends Placing {
  readonly check: 'http';
  /** A path, or a URL of its own origin. What the entry says in `health.url` unless given. */
  readonly url?: string | undefined;
  /** One of these statuses; any of 200–299 unless given. */
  readonly status?: number | readonly number[] | undefined;
  /** What its answer, which must be JSON then, has to be: fails if this returns nothing true. */
  readonly body?: ((body: unknown) => boolean) | undefined;
  /** Whether the headers of its entry that are marked as secret are sent: it may want its token for this, too. */
  readonly withSecrets?: boolean | undefined;
}

/** The most that is read of an answer, in bytes. */
const most = 65_536;

/**
 * One GET. A redirect is not followed and not accepted, of the answer no more than 64 KiB are taken, and it must be
 * complete within the time of the check. An answer of type `application/health+json`, whose `status` is `warn` or `fail`,
 * is taken at its word (draft-inadarei-api-health-check).
 */
export async function checkHttp(
  { url, status, body, withSecrets = false }: Omit<HttpCheck, 'check'>,
  instance: Instance,
  { signal }: CheckContext,
): Promise<Finding> {
  const asked = url ?? instance.health?.url;
  if (typeof asked !== 'string') throw new Error('its entry does not say where to ask for its health (health.url)');
  const place = placeOf(instance, asked, withSecrets);
  const response = await fetchTo(
    place,
    {},
    { isHeld: false },
  )(place.url, { headers: { accept: 'application/json, */*' }, signal });
  const isExpected = status === undefined ? response.ok : [status].flat().includes(response.status);
  if (response.status >= 300 && response.status < 400 && !isExpected) {
    await response.body?.cancel();
    throw new Error(`answers with a redirect (${response.status}), which is not followed`);
  }
  const text = await textOf(response);
  const type = response.headers.get('content-type') ?? '';
  const said = /^application\/health\+json\b/i.test(type) ? statusIn(text) : undefined;
  if (!isExpected) throw new Error(`answers ${response.status}${said === undefined ? '' : ` and says ${said}`}`);
  if (body !== undefined && !body(parsed(text))) throw new Error('answers, but not what is expected');
  if (said === 'warn') return { outcome: 'warn', reason: 'says that it is not well (warn)' };
  if (said === 'fail' || said === 'error' || said === 'down') throw new Error(`says ${said}`);
  return { outcome: 'pass' };
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop ends the connection.
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > most) throw new Error(`answers with more than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The message of the platform would quote what was answered.
    throw new Error('answers, but not with JSON');
  }
}

/** One of the words of that format: whatever else stands there may be an echo of what was sent. */
function statusIn(text: string): string | undefined {
  const { status } = (parsed(text) ?? {}) as { status?: unknown };
  return ['pass', 'ok', 'up', 'warn', 'fail', 'error', 'down'].find((word) => word === status);
}
