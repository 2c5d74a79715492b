/** What is offered under which name, and who offers it. */

import type { Prompt, Resource, ResourceTemplateType, Tool } from '@modelcontextprotocol/client';
import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import type { Link } from './link.js';
import { Mistake } from './mistake.js';
import { namesFor } from './names.js';

/** One tool or prompt of one instance. */
export interface Found<T> {
  readonly link: Link;
  /** In the instance's own words. */
  readonly own: T;
  /** What hosts call it. */
  readonly name: string;
}

const scheme = 'rollcall://';

/** Made from what the links offer at one moment. Names are given by table, and found by table. */
export class Directory {
  /** By label. */
  readonly links: readonly Link[];
  readonly tools: readonly Found<Tool>[];
  readonly prompts: readonly Found<Prompt>[];
  readonly #tools: ReadonlyMap<string, Found<Tool>>;
  readonly #prompts: ReadonlyMap<string, Found<Prompt>>;
  readonly #links: ReadonlyMap<string, Link>;
  readonly #mentioned: ReadonlyMap<string, Link>;

  /** `mentioned`: whose result named a resource last, by its URI. */
  constructor(links: readonly Link[], mentioned: ReadonlyMap<string, Link> = new Map()) {
    this.#mentioned = mentioned;
    this.links = [...links].sort((a, b) => (a.label < b.label ? -1 : 1));
    this.tools = sorted(links.flatMap((link) => named(link, link.offer.tools)));
    this.prompts = sorted(links.flatMap((link) => named(link, link.offer.prompts)));
    this.#links = new Map(links.map((link) => [link.label, link]));
    this.#tools = new Map(this.tools.map((found) => [found.name, found]));
    this.#prompts = new Map(this.prompts.map((found) => [found.name, found]));
  }

  hasTool(name: string): boolean {
    return this.#tools.has(name);
  }

  hasPrompt(name: string): boolean {
    return this.#prompts.has(name);
  }

  hasResource(uri: string): boolean {
    return this.#resource(uri) !== undefined;
  }

  tool(name: string): Found<Tool> {
    return this.#tools.get(name) ?? this.#miss('tool', name);
  }

  /** By either of its names. */
  toolOf(link: Link, name: unknown): Found<Tool> {
    const its = this.tools.filter((one) => one.link === link);
    // Its own first: what we call one tool may be another's own name.
    const found = its.find(({ own }) => own.name === name) ?? its.find((one) => one.name === name);
    if (found !== undefined) return found;
    const names = its.map(({ own }) => own.name);
    throw new Mistake(`There is no tool ${String(name)} of ${link.label}. It has: ${some(names)}.`);
  }

  prompt(name: string): Found<Prompt> {
    return this.#prompts.get(name) ?? this.#miss('prompt', name);
  }

  /** Of which instance a name of ours would be: it begins with its label. */
  owner(name: string): Link | undefined {
    const end = name.indexOf('__');
    return end === -1 ? undefined : this.#links.get(name.slice(0, end));
  }

  /** The one that a person or a model means: by its label, its name, its id or the beginning of that. */
  link(word: unknown): Link {
    const labelled = this.#links.get(String(word));
    if (labelled !== undefined) return labelled;
    const present = this.links.filter(({ isThere }) => isThere);
    const meant = present.filter(
      ({ instance: { id, name } }) => name === word || (typeof word === 'string' && word !== '' && id.startsWith(word)),
    );
    const [link] = meant;
    if (link !== undefined && meant.length === 1) return link;
    const labels = (link === undefined ? present : meant).map(({ label }) => label);
    const problem = link === undefined ? 'is no instance' : 'are several of';
    throw new Mistake(`There ${problem} ${String(word)}. What runs: ${some(labels)}.`);
  }

  get resources(): readonly Resource[] {
    return this.links.flatMap((link) =>
      link.offer.resources.map((own) => ({ ...own, uri: uriFor(link, own.uri), _meta: metaFor(link, own) })),
    );
  }

  get templates(): readonly ResourceTemplateType[] {
    const asListed = (link: Link, own: ResourceTemplateType) => ({
      ...own,
      uriTemplate: uriFor(link, own.uriTemplate),
      _meta: metaFor(link, own),
    });
    return this.links.flatMap((link) => link.offer.templates.map((own) => asListed(link, own)));
  }

  /**
   * Whose resource it is, and what it is called there. One that is named as its server does is found if a result of a tool
   * has named it, or only one instance lists it.
   */
  resource(uri: string): { link: Link; uri: string } {
    return this.#resource(uri) ?? this.#miss('resource', uri);
  }

  #resource(uri: string): { link: Link; uri: string } | undefined {
    if (uri.startsWith(scheme)) {
      const end = uri.indexOf('/', scheme.length);
      const link = end === -1 ? undefined : this.#links.get(uri.slice(scheme.length, end));
      return link && { link, uri: uri.slice(end + 1) };
    }
    const owners = this.links.filter(({ offer }) => offer.resources.some((own) => own.uri === uri));
    const link = this.#mentioned.get(uri) ?? (owners.length === 1 ? owners[0] : undefined);
    return link && { link, uri };
  }

  #miss(what: string, name: string): never {
    const labels = this.links.filter(({ isThere }) => isThere).map(({ label }) => label);
    throw unknown(`There is no ${what} ${name}. What runs: ${some(labels)}.`);
  }
}

/** The original stands in it as it is, so that a template stays one, and nothing is encoded twice. */
export const uriFor = ({ label }: Pick<Link, 'label'>, uri: string): string => `${scheme}${label}/${uri}`;

/** Who answered, or offers this; added to what its server says of it. */
export const metaFor = (
  { label, instance: { id, name } }: Link,
  { _meta }: { readonly _meta?: unknown },
): Record<string, unknown> => ({
  ...(typeof _meta === 'object' && _meta !== null ? _meta : {}),
  'rollcall/instance': { label, id, name },
});

/** As hosts are shown it: by another name, and marked by who offers it. */
export const asListed = <T extends object>({ link, own, name }: Found<T>): T & { name: string } => ({
  ...own,
  name,
  _meta: metaFor(link, own),
});

/** As many as one reads. */
const some = (names: readonly string[]) =>
  names.length === 0 ? 'nothing' : names.slice(0, 30).join(', ') + (names.length > 30 ? ', …' : '');

const unknown = (message: string) => new ProtocolError(ProtocolErrorCode.InvalidParams, message);

function named<T extends { name: string }>(link: Link, offered: readonly T[]): Found<T>[] {
  const names = namesFor(
    link.label,
    offered.map(({ name }) => name),
  );
  // Of two of one name the first is meant, as with the server itself.
  const firsts = new Map([...offered].reverse().map((own) => [own.name, own]));
  return [...firsts.values()].map((own) => ({ link, own, name: names.get(own.name) ?? own.name }));
}

const sorted = <T>(found: Found<T>[]) => found.sort((a, b) => (a.name < b.name ? -1 : 1));
