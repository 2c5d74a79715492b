/** Where an instance may be asked for its health: at an endpoint of its own, and nowhere else. */

import type { Endpoint, Header, Instance } from '../core/instance.js';
import { isSecret } from '../core/secret.js';
import type { Place } from '../mcp/fetch.js';
import { pathOf } from './tcp-check.js';

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
  const same = own.filter(({ url: { origin } }) => origin === asked.origin);
  // Of several there the one whose path it lies under: its headers are meant.
  const isUnder = ({ url: { pathname } }: (typeof own)[number]) => asked.pathname.startsWith(pathname);
  const length = ({ url: { pathname } }: (typeof own)[number]) => pathname.length;
  const [place = same[0]] = same.filter(isUnder).sort((a, b) => length(b) - length(a));
  if (place === undefined || asked.username !== '' || asked.password !== '') {
    throw new Error('the URL of its health leads to another origin than its own; nothing is asked there');
  }
  const { endpoint, socketPath } = place;
  const headers = (endpoint.headers ?? []).filter((header) => withSecrets || !isHidden(header)).map(plainly);
  return { url: asked, socketPath, headers: Object.fromEntries(headers) };
}

function placesOf(endpoint: Endpoint): { endpoint: Endpoint; url: URL; socketPath: string | undefined }[] {
  const { type, url, socketPath } = endpoint;
  if (url === undefined) {
    const isSocket = socketPath !== undefined && type !== 'stdio';
    return isSocket ? [{ endpoint, url: new URL('http://localhost/'), socketPath }] : [];
  }
  const parsed = new URL(url);
  if (parsed.protocol === 'unix:') {
    return [{ endpoint, url: new URL('http://localhost/'), socketPath: pathOf(parsed.pathname) }];
  }
  return parsed.protocol === 'http:' || parsed.protocol === 'https:' ? [{ endpoint, url: parsed, socketPath }] : [];
}

const isHidden = ({ value, isSecret: isMarked }: Header) => isMarked === true || isSecret(value);

const plainly = ({ name, value }: Header): [string, string] => [name, isSecret(value) ? value.reveal() : value];
