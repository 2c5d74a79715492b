/** Where an instance is reached. */

import { invalid } from './errors.js';
import type { Instance } from './instance.js';
import { printable } from './printable.js';

/**
 * The URL of its first endpoint that has one, or of the first of this `type`.
 *
 * @throws ROLLCALL_INVALID if there is none: it may speak stdio only, or listen on a socket without a URL.
 */
export function urlOf(instance: Instance, type?: string): string {
  if (instance === undefined) {
    const message = 'there is none: pick and get give undefined when nothing matches';
    throw invalid('The instance', [{ path: '', message }]);
  }
  const endpoint = instance.endpoints.find((one) => one.url !== undefined && (type === undefined || one.type === type));
  if (endpoint?.url !== undefined) return endpoint.url;
  const types = instance.endpoints.map((one) => one.type).join(', ') || 'none';
  const wanted = type === undefined ? 'has no URL' : `has no URL of type ${type}`;
  throw invalid('The instance', [
    { path: printable(instance.id), message: printable(`${wanted}; its endpoints: ${types}`) },
  ]);
}

/** Where it can be reached, in one word for people: a URL, a socket's path, or `stdio`. */
export function addressOf({ endpoints }: Instance): string | undefined {
  const endpoint =
    endpoints.find(({ url, socketPath }) => url !== undefined || socketPath !== undefined) ?? endpoints[0];
  return endpoint && (endpoint.url ?? endpoint.socketPath ?? endpoint.type);
}
