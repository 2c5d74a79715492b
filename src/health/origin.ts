/** Where an instance may be asked for its health: at an endpoint of its own, and nowhere else. */

import type { Instance } from '../core/instance.js';
import { type Place, placesOf } from '../mcp/place.js';

/**
 * `url` as seen from its endpoints over HTTP: a path, or a URL of the same origin as one of them. Headers marked as secret
 * are left out, unless `withSecrets`.
 *
 * @throws Error whose message says why nothing is asked there.
 */
export function placeOf(instance: Instance, url: string, withSecrets: boolean): Place {
  const own = placesOf(instance, withSecrets);
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
  const above = same.filter(({ url: { pathname } }) => asked.pathname.startsWith(pathname));
  const [place = same[0]] = above.sort((a, b) => b.url.pathname.length - a.url.pathname.length);
  if (place === undefined || asked.username !== '' || asked.password !== '') {
    throw new Error('the URL of its health leads to another origin than its own; nothing is asked there');
  }
  return { ...place, url: asked };
}
