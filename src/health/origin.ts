/** Where an instance may be asked for its health: at an endpoint of its own, and nowhere else. */

import type { Endpoint, Header, Instance } from '../core/instance.js';
import { isSecret } from '../core/secret.js';
import type { Place } from '../mcp/fetch.js';

/**
 * `url` as seen from its endpoints over HTTP: a path, or a URL of the same origin as one of them. Headers marked as secret
 * are left out, unless `withSecrets`.
 *
 * @throws Error whose message says why nothing is asked there.
 */
export function placeOf(instance: Instance, url: string, withSecrets: boolean): Place {
  const own = instance.endpoints.flatMap(placesOf);
  const [first] = own;
  if (first === undefined) throw new Error('has no endpoint over HTTP');
  let asked: URL;
  try {
    asked = new URL(url, first.url);
  } catch {
    throw new Error('the URL of its health is none');
  }
  // Built first and compared then: `//evil.example` and `/\evil.example` are paths only to look at.
  const place = own.find(({ url: { origin } }) => origin === asked.origin);
  if (place === undefined || asked.username !== '' || asked.password !== '') {
    throw new Error('the URL of its health leads to another origin than its own; nothing is asked there');
  }
  const { endpoint, socketPath } = place;
  const headers = (endpoint.headers ?? []).filter((header) => withSecrets || !isHidden(header)).map(plainly);
  return { url: asked, socketPath, headers: Object.fromEntries(headers) };
}

function placesOf(endpoint: Endpoint): { endpoint: Endpoint; url: URL; socketPath: string | undefined }[] {
  const { type, url, socketPath } = endpoint;
  const isOfSocket = url === undefined && socketPath !== undefined && type !== 'stdio';
  const parsed = isOfSocket ? new URL('http://localhost/') : url === undefined ? undefined : new URL(url);
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:') return [];
  return [{ endpoint, url: parsed, socketPath }];
}

const isHidden = ({ value, isSecret: isMarked }: Header) => isMarked === true || isSecret(value);

const plainly = ({ name, value }: Header): [string, string] => [name, isSecret(value) ? value.reveal() : value];
