/** The configuration of MCP hosts: what starts the hub, and what names live instances one by one. */

import type { Instance } from '../core/instance.js';
import { printableJson } from '../core/printable.js';
import { isSecret } from '../core/secret.js';
import type { Host } from './host.js';
import { type Fields, factsOf, type HostFacts, npx } from './hosts.js';
import { type RemoteEndpoint, remoteEndpoint } from './remote.js';
import { tomlTable } from './toml.js';

export interface HubConfigOptions {
  /** For `rollcall hub`, after these two words. */
  readonly args?: readonly string[] | undefined;
  /** What it needs to know of our environment; hosts hand on only a part of theirs. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Whether the host runs on Windows. */
  readonly isWindows?: boolean | undefined;
}

export interface ExportOptions {
  /** Whether the values of secret headers are to be written. */
  readonly secrets?: boolean | undefined;
  /** Whether the host runs on Windows. */
  readonly isWindows?: boolean | undefined;
}

/** What a configuration does not say: an instance, or one header of it. */
export interface Left {
  readonly instance: Instance;
  readonly header?: string;
  /** The end of a sentence about it. */
  readonly reason: string;
  /** It would have been written with `secrets`. */
  readonly isSecret?: boolean;
}

/** What to put into the host's configuration, so that it starts `rollcall hub`. Fit for a terminal. */
export function hubConfig(host: Host, { args = [], env, isWindows = false }: HubConfigOptions = {}): string {
  const facts = factsOf(host);
  const isEmpty = env === undefined || Object.keys(env).length === 0;
  const program = npx(host, isWindows, { args: ['rollcall', 'hub', ...args], env: isEmpty ? undefined : env });
  return write(facts, [['rollcall', facts.program(program)]]);
}

/**
 * Instances as the static configuration of a host, sorted by name, and what it leaves out. Fit for a terminal, and the
 * same values when parsed. Of those that would have the same name the oldest has it, and the others a number.
 */
export function exportConfig(
  host: Host,
  instances: readonly Instance[],
  { secrets = false, isWindows = false }: ExportOptions = {},
): { text: string; left: Left[] } {
  const facts = factsOf(host);
  const left: Left[] = [];
  const written: [Instance, Fields][] = [];
  for (const instance of instances) {
    const endpoint = usableEndpoint(facts, instance, isWindows);
    if (typeof endpoint === 'string') {
      left.push({ instance, reason: endpoint });
      continue;
    }
    const headers = headersOf(facts, instance, endpoint, secrets, left);
    written.push([instance, facts.remote({ ...endpoint, headers }, isWindows)]);
  }
  const names = nameAll(
    written.map(([instance]) => instance),
    facts,
  );
  const entries = written.map(([instance, fields]): [string, Fields] => [names.get(instance) ?? '', fields]);
  return { text: write(facts, entries.sort(byName)), left };
}

/** Whether the host would not take `text` as it is, but put something of its own into it. */
export function isReplaced(host: Host, text: string): boolean {
  return factsOf(host).variable?.test(text) === true;
}

/** The endpoint to write, or why there is none. A URL could have a host give its environment away, or run a command. */
function usableEndpoint(
  { title, transports, variable, special }: HostFacts,
  instance: Instance,
  isWindows: boolean,
): RemoteEndpoint | string {
  const endpoint = remoteEndpoint(instance, transports);
  if (typeof endpoint === 'string') return endpoint;
  if (variable?.test(endpoint.url)) return `has a URL with a $ in it, which ${title} would replace`;
  if (isWindows && special?.test(endpoint.url)) return 'has a URL with characters in it that are special to cmd.exe';
  return endpoint;
}

function headersOf(
  { title, variable, header }: HostFacts,
  instance: Instance,
  { headers = [] }: RemoteEndpoint,
  secrets: boolean,
  left: Left[],
): Record<string, string> {
  const kept: [string, string][] = [];
  for (const { name, value, isSecret: isMarked = false } of headers) {
    const text = isSecret(value) ? value.reveal() : value;
    if ((isMarked || isSecret(value)) && !secrets) {
      left.push({ instance, header: name, reason: 'is secret', isSecret: true });
    } else if (variable?.test(text)) {
      left.push({ instance, header: name, reason: `has a $ in it, which ${title} would replace` });
    } else if (header?.test(name) === false) {
      left.push({ instance, header: name, reason: `has a name that ${title} cannot send` });
    } else {
      kept.push([name, text]);
    }
  }
  // Unlike an assignment, this takes a header by the name of `__proto__` for what it is.
  return Object.fromEntries(kept);
}

function nameAll(instances: readonly Instance[], { illegal, reserved }: HostFacts): Map<Instance, string> {
  const oldestFirst = [...instances].sort(
    (a, b) => Date.parse(a.registeredAt) - Date.parse(b.registeredAt) || (a.id < b.id ? -1 : 1),
  );
  const taken = new Set(reserved);
  const names = new Map<Instance, string>();
  const take = (instance: Instance, name: string) => {
    if (taken.has(name)) return false;
    taken.add(name);
    names.set(instance, name);
    return true;
  };
  const legal = ({ name }: Instance) => name.replace(illegal, '-');
  // Whole names first: the second "api" must not take the name of one that is called "api-2".
  const others = oldestFirst.filter((instance) => !take(instance, legal(instance)));
  for (const instance of others) {
    for (let count = 2; !take(instance, `${legal(instance)}-${count}`); ) count++;
  }
  return names;
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function write({ notation, key }: HostFacts, entries: readonly (readonly [string, Fields])[]): string {
  return notation === 'json'
    ? printableJson({ [key]: Object.fromEntries(entries) }, 2)
    : entries.map(([name, fields]) => tomlTable([key, name], fields)).join('\n\n');
}
