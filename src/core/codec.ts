/** An instance as text, and back. */

import { FORMAT, type Instance, type ProcessIdentity } from './instance.js';
import { plainEntry } from './plain.js';
import { isSecret, Secret } from './secret.js';

/** How large an entry may be, in bytes of UTF-8. Larger ones are neither written nor read. */
export const LARGEST_ENTRY = 65_536;

/** What a text turned out to be. `isNewer`: written by a version that knows more than this one. */
export type Decoded =
  | { readonly instance: Instance; readonly illegible?: undefined }
  | { readonly instance?: undefined; readonly illegible: string; readonly isNewer: boolean };

export const illegible = (reason: string, isNewer = false): Decoded => ({ illegible: reason, isNewer });

/**
 * Reads the entry `id`. Never throws: what cannot be read comes back with the reason. In doubt calls `inDoubt` with
 * what came out of `JSON.parse`: only the schema can tell, and it is loaded on first use (see `decode` and `read`).
 *
 * The reason never quotes the text (messages of `JSON.parse` do, and could carry a token).
 */
export function decodePlain<Doubt>(id: string, text: string, inDoubt: (raw: object) => Doubt): Decoded | Doubt {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return illegible(text === '' ? 'is empty' : 'is not JSON');
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return illegible('is not a JSON object');
  const { format, id: ownId } = raw as Record<string, unknown>;
  if (typeof format !== 'number' || !Number.isInteger(format) || format < 1) return illegible('has no valid format');
  if (format > FORMAT) {
    return illegible(`is of format ${format}; this version reads up to ${FORMAT}: update rollcall to see it`, true);
  }
  if (ownId !== id) return illegible('says another id than its file name');
  const instance = plainEntry(raw as Record<string, unknown>);
  if (instance === undefined) return inDoubt(raw);
  share(instance as Shareable);
  return legible(instance);
}

/**
 * Texts that are those of the entry before are kept once: the entries of one machine have a third of theirs in common.
 * Compared and not looked up, which would take five times as long.
 */
function share(instance: Shareable): void {
  const { process, endpoints, capabilities } = instance;
  const before = last ?? instance;
  for (const key of ofMachine) {
    const text = before.process[key];
    if (text !== undefined && text === process[key]) process[key] = text;
  }
  const [endpoint, other] = [endpoints[0], before.endpoints[0]];
  if (endpoint !== undefined && endpoint.type === other?.type) endpoint.type = other.type;
  for (let index = 0; index < capabilities.length; index++) {
    const capability = before.capabilities[index];
    if (capability !== undefined && capability === capabilities[index]) capabilities[index] = capability;
  }
  if (instance.updatedAt === instance.registeredAt) instance.updatedAt = instance.registeredAt;
  last = instance;
}

const ofMachine = ['machine', 'host', 'boot', 'pidNamespace', 'timeNamespace'] as const;
let last: Shareable | undefined;

interface Shareable extends Instance {
  updatedAt: string;
  readonly capabilities: string[];
  readonly endpoints: { type: string }[];
  readonly process: { -readonly [Key in keyof ProcessIdentity]: ProcessIdentity[Key] };
}

/** `instance` with its secrets hidden. One object is handed to many callers, so it is frozen throughout. */
export function legible(instance: Instance): Decoded {
  const hasHeaders = instance.endpoints.some(({ headers }) => headers !== undefined);
  return { instance: freeze(hasHeaders ? { ...instance, endpoints: instance.endpoints.map(hideSecrets) } : instance) };
}

function freeze<T extends object>(value: T): T {
  // Not `Object.values`, which makes a list of each: this is a fifth of what reading an entry costs.
  for (const key in value) {
    const child: unknown = value[key];
    if (typeof child === 'object' && child !== null && !Object.isFrozen(child)) freeze(child);
  }
  return Object.freeze(value);
}

/** The text of an entry: one line of JSON. Secrets are written out; they are what the file is 0600 for. */
export function encode(instance: Instance): string {
  return `${JSON.stringify({ ...instance, endpoints: instance.endpoints.map(showSecrets) })}\n`;
}

/** Wraps the values of headers marked `isSecret`, so that they show themselves nowhere by accident. */
export function hideSecrets<E extends Instance['endpoints'][number]>(endpoint: E): E {
  return mapHeaders(endpoint, (value, isMarked) => (isMarked && typeof value === 'string' ? new Secret(value) : value));
}

function showSecrets<E extends Instance['endpoints'][number]>(endpoint: E): E {
  return mapHeaders(endpoint, (value) => (isSecret(value) ? value.reveal() : value));
}

function mapHeaders<E extends Instance['endpoints'][number]>(
  endpoint: E,
  map: (value: string | Secret, isMarked: boolean) => string | Secret,
): E {
  if (endpoint.headers === undefined) return endpoint;
  const headers = endpoint.headers.map((header) => {
    // A value that was passed as a Secret is one, marked or not, and stays one in the file.
    const isMarked = header.isSecret === true || isSecret(header.value);
    return { ...header, value: map(header.value, isMarked), ...(isMarked && { isSecret: true }) };
  });
  return { ...endpoint, headers };
}
