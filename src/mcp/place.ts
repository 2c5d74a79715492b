/** Where an instance is reached over HTTP, whatever is spoken there. */

import type { Endpoint, Instance } from '../core/instance.js';
import { isSecret } from '../core/secret.js';

export interface Place {
  /** With a socket it only names the path. */
  readonly url: URL;
  /** The Unix socket, or named pipe, it listens on. */
  readonly socketPath?: string | undefined;
  /** Sent with every request; values of secret ones are in the clear. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What an endpoint with a socket and no URL may be, to be spoken to over HTTP. */
const socketTypes = new Set(['http', 'unix', 'streamable-http', 'sse']);

/** All places of an instance, in the order of its endpoints; without secret headers if told so. */
export function placesOf({ endpoints }: Instance, withSecrets = true): Place[] {
  return endpoints.flatMap((endpoint) => {
    const found = addressOf(endpoint);
    return found === undefined ? [] : [{ ...found, headers: headersOf(endpoint, withSecrets) }];
  });
}

function addressOf({ type, url, socketPath }: Endpoint): Omit<Place, 'headers'> | undefined {
  const parsed = url === undefined ? undefined : new URL(url);
  const path = parsed?.protocol === 'unix:' ? pathOf(parsed) : socketPath;
  if (parsed === undefined || parsed.protocol === 'unix:') {
    const isHttp = path !== undefined && socketTypes.has(type);
    return isHttp ? { url: new URL('http://localhost/'), socketPath: path } : undefined;
  }
  return parsed.protocol === 'http:' || parsed.protocol === 'https:' ? { url: parsed, socketPath } : undefined;
}

export function headersOf({ headers = [] }: Endpoint, withSecrets = true): Record<string, string> {
  const shown = headers.filter((header) => withSecrets || (header.isSecret !== true && !isSecret(header.value)));
  return Object.fromEntries(shown.map(({ name, value }) => [name, isSecret(value) ? value.reveal() : value]));
}

/** The path in a `unix:` URL. One that is not encoded as it should be is taken as it stands. */
export function pathOf({ pathname }: URL): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}
