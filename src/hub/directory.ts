/** What is offered under which name, and who offers it. */

import type { Prompt, Resource, ResourceTemplateType, Tool } from '@modelcontextprotocol/client';
import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { type Group, groupsOf, type Offered, offeredBy } from './group.js';
import type { Link } from './link.js';
import { Mistake } from './mistake.js';
import { namesFor } from './names.js';
import type { Offer } from './offer.js';

/** One tool or prompt behind one label. */
export interface Found<T> extends Offered<T> {
  /** What hosts call it. */
  readonly name: string;
}

/** Who can be asked for a resource, and what it is called there. */
export interface Source {
  readonly links: readonly [Link, ...Link[]];
  readonly uri: string;
}

interface DirectoryOptions {
  /** Whose result named a resource last, by its URI. */
  readonly mentioned?: ReadonlyMap<string, Link>;
  /** What only others offer is found, and not listed. */
  isWell?(link: Link): boolean;
  /** Whether several may stand behind one label: then it is not said who offers what they share. */
  readonly isMerging?: boolean;
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
  readonly #groups: ReadonlyMap<string, Group>;
  readonly #mentioned: ReadonlyMap<string, Link>;
  readonly #isListed: (offered: Offered<unknown>) => boolean;
  readonly #isMerging: boolean;

  constructor(links: readonly Link[], options: DirectoryOptions = {}) {
    const { mentioned = new Map(), isWell = () => true, isMerging = false } = options;
    this.#mentioned = mentioned;
    this.#isMerging = isMerging;
    this.#isListed = ({ links: [first] }) => isWell(first);
    this.links = [...links].sort((a, b) => (a.label < b.label ? -1 : Number(a.label > b.label)));
    this.#groups = groupsOf(this.links, isWell);
    const groups = [...this.#groups.values()];
    const tools = sorted(groups.flatMap((group) => named(group, ({ tools }) => tools)));
    const prompts = sorted(groups.flatMap((group) => named(group, ({ prompts }) => prompts)));
    this.tools = tools.filter(this.#isListed);
    this.prompts = prompts.filter(this.#isListed);
    this.#tools = new Map(tools.map((found) => [found.name, found]));
    this.#prompts = new Map(prompts.map((found) => [found.name, found]));
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
  toolOf(meant: Group, name: unknown): Found<Tool> {
    const its = this.isWhole(meant)
      ? [...this.#tools.values()].filter(({ label }) => label === meant.label)
      : named(meant, ({ tools }) => tools);
    // Its own first: what we call one tool may be another's own name.
    const found = its.find(({ own }) => own.name === name) ?? its.find((one) => one.name === name);
    if (found !== undefined) return found;
    const names = its.map(({ own }) => own.name);
    throw new Mistake(`There is no tool ${String(name)} of ${meant.label}. It has: ${some(names)}.`);
  }

  /** Those that are listed, of these alone. */
  toolsOf(meant: Group): readonly Found<Tool>[] {
    if (this.isWhole(meant)) return this.tools.filter(({ label }) => label === meant.label);
    return sorted(named(meant, ({ tools }) => tools)).filter(this.#isListed);
  }

  prompt(name: string): Found<Prompt> {
    return this.#prompts.get(name) ?? this.#miss('prompt', name);
  }

  /** Of whom a name of ours would be: it begins with its label. */
  owners(name: string): readonly Link[] {
    const end = name.indexOf('__');
    return (end === -1 ? undefined : this.#groups.get(name.slice(0, end)))?.links ?? [];
  }

  /** Who is meant by a person or a model: by label, name, id or the beginning of that. */
  meant(word: unknown): Group {
    const labelled = this.#groups.get(String(word));
    if (labelled !== undefined) return labelled;
    const present = this.links.filter(({ isThere }) => isThere);
    const meant = present.filter(
      ({ instance: { id, name } }) => name === word || (typeof word === 'string' && word !== '' && id.startsWith(word)),
    );
    const [label, ...others] = labelsOf(meant);
    if (label !== undefined && others.length === 0) return { label, links: meant };
    const labels = labelsOf(label === undefined ? present : meant);
    const problem = label === undefined ? 'is no instance' : 'are several of';
    throw new Mistake(`There ${problem} ${String(word)}. What runs: ${some(labels)}.`);
  }

  /** Whether all are meant that stand behind the label. */
  isWhole({ label, links }: Group): boolean {
    return links.length === this.#groups.get(label)?.links.length;
  }

  /** What one is meant by, and no other. */
  wordFor({ label, instance }: Link): string {
    return this.#groups.get(label)?.links.length === 1 ? label : instance.id;
  }

  get resources(): readonly Resource[] {
    return this.#each(
      ({ resources }) => resources,
      ({ uri }) => uri,
    ).map(({ links: [link], own }) => ({ ...own, uri: uriFor(link, own.uri), _meta: this.#metaFor(link, own) }));
  }

  get templates(): readonly ResourceTemplateType[] {
    return this.#each(
      ({ templates }) => templates,
      ({ uriTemplate }) => uriTemplate,
    ).map(({ links: [link], own }) => ({
      ...own,
      uriTemplate: uriFor(link, own.uriTemplate),
      _meta: this.#metaFor(link, own),
    }));
  }

  /** As hosts are shown it: by another name, and marked by who offers it. */
  asListed<T extends object>({ links: [link], own, name }: Found<T>): T & { name: string } {
    return { ...own, name, _meta: this.#metaFor(link, own) };
  }

  /**
   * Whose resource it is, and what it is called there. One that is named as its server does is found if a result of a tool
   * has named it, or it is listed behind one label only.
   */
  resource(uri: string): Source {
    return this.#resource(uri) ?? this.#miss('resource', uri);
  }

  #each<T extends object>(listOf: (offer: Offer) => readonly T[], keyOf: (own: T) => string): Offered<T>[] {
    return [...this.#groups.values()].flatMap((group) => offeredBy(group, listOf, keyOf)).filter(this.#isListed);
  }

  #resource(uri: string): Source | undefined {
    if (uri.startsWith(scheme)) {
      const end = uri.indexOf('/', scheme.length);
      const group = end === -1 ? undefined : this.#groups.get(uri.slice(scheme.length, end));
      return group && sourceIn(group, uri.slice(end + 1));
    }
    const mentioned = this.#mentioned.get(uri);
    const groups = [...this.#groups.values()];
    const owners = groups.filter(({ links }) =>
      links.some(({ offer }) => offer.resources.some((own) => own.uri === uri)),
    );
    const own = groups.find(({ label }) => label === mentioned?.label) ?? (owners.length === 1 ? owners[0] : undefined);
    if (mentioned !== undefined && own?.links.includes(mentioned) === true) return { links: [mentioned], uri };
    return own && sourceIn(own, uri);
  }

  /** Behind one label none can be said to offer what is listed: whoever answers is said with the answer. */
  #metaFor({ label, instance }: Link, { _meta }: Marked): Record<string, unknown> {
    return this.#isMerging ? marked(_meta, { label, name: instance.name }) : metaFor({ label, instance }, { _meta });
  }

  #miss(what: string, name: string): never {
    const labels = labelsOf(this.links.filter(({ isThere }) => isThere));
    throw unknown(`There is no ${what} ${name}. What runs: ${some(labels)}.`);
  }
}

interface Marked {
  readonly _meta?: unknown;
}

/** The original stands in it as it is, so that a template stays one, and nothing is encoded twice. */
export const uriFor = ({ label }: Pick<Link, 'label'>, uri: string): string => `${scheme}${label}/${uri}`;

/** Who answered, or offers this; added to what its server says of it. */
export const metaFor = (
  { label, instance: { id, name } }: Pick<Link, 'label' | 'instance'>,
  { _meta }: Marked,
): Record<string, unknown> => marked(_meta, { label, id, name });

const marked = (meta: unknown, mark: object) => ({
  ...(typeof meta === 'object' && meta !== null ? meta : {}),
  'rollcall/instance': mark,
});

/** Those who list it, or have a template for it as it stands; or any of them, who may know it all the same. */
function sourceIn({ links }: Group, uri: string): Source {
  const lists = ({ offer }: Link) =>
    offer.resources.some((own) => own.uri === uri) || offer.templates.some((own) => own.uriTemplate === uri);
  const [first, ...others] = links.some(lists) ? links.filter(lists) : links;
  return { links: [first as Link, ...others], uri };
}

/** As many as one reads. */
const some = (names: readonly string[]) =>
  names.length === 0 ? 'nothing' : names.slice(0, 30).join(', ') + (names.length > 30 ? ', …' : '');

const labelsOf = (links: readonly Link[]) => [...new Set(links.map(({ label }) => label))];

const unknown = (message: string) => new ProtocolError(ProtocolErrorCode.InvalidParams, message);

function named<T extends { name: string }>(group: Group, listOf: (offer: Offer) => readonly T[]): Found<T>[] {
  const offered = offeredBy(group, listOf, ({ name }) => name);
  const names = namesFor(
    group.label,
    offered.map(({ own }) => own.name),
  );
  return offered.map((each) => ({ ...each, name: names.get(each.own.name) ?? each.own.name }));
}

const sorted = <T>(found: Found<T>[]) => found.sort((a, b) => (a.name < b.name ? -1 : 1));
