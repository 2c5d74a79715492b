/** Finds what a host asks for, and waits for those who may have it. */

import type { Tool } from '@modelcontextprotocol/client';
import type { Choices } from './choices.js';
import { Directory, type Found, type Source } from './directory.js';
import type { Link } from './link.js';

interface LookupWorld {
  readonly choices: Choices;
  /** Resolves when it is known what runs. */
  readonly known: Promise<void>;
  /** Whose result named a resource last, by its URI. */
  readonly mentioned: ReadonlyMap<string, Link>;
  links(): readonly Link[];
}

export class Lookup {
  readonly #world: LookupWorld;
  #directory: Directory | undefined;

  constructor(world: LookupWorld) {
    this.#world = world;
  }

  /** Something has changed. */
  forget(): void {
    this.#directory = undefined;
  }

  /** What is known now. */
  get now(): Directory {
    const { choices, mentioned } = this.#world;
    const isWell = (link: Link) => choices.isWell(link);
    this.#directory ??= new Directory(this.#world.links(), { mentioned, isWell, isMerging: choices.isMerging });
    return this.#directory;
  }

  /** As soon as it is known what all offer; who hangs is left out, and who is ailing not waited for. */
  async all(): Promise<Directory> {
    await this.#world.known;
    const well = this.#world.links().filter((link) => this.#world.choices.isWell(link));
    await Promise.all(well.map((link) => link.known));
    return this.now;
  }

  /** Waits for what others offer only if it is not known already what is asked for. */
  async with(isThere: (directory: Directory) => boolean): Promise<Directory> {
    await this.#world.known;
    return isThere(this.now) ? this.now : this.all();
  }

  /** A tool by the name it is listed under. Only its own instance is waited for. */
  async tool(name: string): Promise<Found<Tool>> {
    await this.#world.known;
    // It has gone, or is not known yet.
    if (!this.now.hasTool(name)) await this.#reach(this.now.owners(name));
    return (await this.with((known) => known.hasTool(name))).tool(name);
  }

  /** A tool of an instance that is meant by a word, by either of the tool's names. */
  async toolOf({ instance, tool }: { readonly instance: string; readonly tool: string }): Promise<Found<Tool>> {
    await this.#world.known;
    const { links } = this.now.meant(instance);
    if (links.every(({ offer }) => offer.tools.length === 0)) await this.#reach(links);
    return this.now.toolOf(this.now.meant(instance), tool);
  }

  async resource(uri: string): Promise<Source> {
    return (await this.with((known) => known.hasResource(uri))).resource(uri);
  }

  /** Until it is known what one of them offers. */
  async #reach(links: readonly Link[]): Promise<void> {
    const well = this.#world.choices.well(links);
    const reached = (well.length > 0 ? well : links).map((link) => link.reach());
    await Promise.any(reached).catch(() => Promise.all(reached));
  }
}
