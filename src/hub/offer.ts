/** What an instance offers, and what becomes of it. */

import type { Client, Prompt, Resource, ResourceTemplateType, Tool } from '@modelcontextprotocol/client';
import type { Clock } from '../core/clock.js';
import { current } from './exchange.js';
import { listable } from './listable.js';
import { type List, listAll } from './lists.js';

/** From one change to the next look, in ms: a server that says so all the time is not asked all the time. */
const pause = 250;

/** How much longer than a look it is until the next: one that takes long is not to be all that is done. */
const rest = 5;

/** From the end of a stream of changes to the next, and from one that was refused, in ms. */
const interruption = 1_000;
const refusal = 30_000;

/** In the instance's own words. */
export interface Offer {
  readonly tools: readonly Tool[];
  readonly resources: readonly Resource[];
  readonly templates: readonly ResourceTemplateType[];
  readonly prompts: readonly Prompt[];
}

/** What hosts are told has changed. */
export type Kind = 'tools' | 'resources' | 'prompts';

const nothing: Offer = { tools: [], resources: [], templates: [], prompts: [] };

interface OfferWorld {
  readonly clock: Clock;
  /** For each list, in ms. */
  readonly timeout: number;
  isConnected(): boolean;
  changed(kinds: readonly Kind[]): void;
  /** What is wrong with its lists; `undefined`: nothing any more. */
  judged(problem: unknown): void;
}

/** The lists of the server that a client is connected to: asked for at once, and again when it says that they changed. */
export class Offers {
  readonly #client: Client;
  readonly #world: OfferWorld;
  #now = nothing;
  #listing = Promise.resolve();
  /** Of the connection: what was begun for another ends. */
  #generation = 0;
  #isWanted = false;
  /** The last look, in ms. */
  #took = 0;

  constructor(client: Client, world: OfferWorld) {
    this.#client = client;
    this.#world = world;
  }

  get now(): Offer {
    return this.#now;
  }

  /** Resolves when the lists that are being asked for have come, or will not. */
  get listed(): Promise<void> {
    return this.#listing;
  }

  /** The client has been connected. */
  begin(): void {
    this.#generation++;
    this.#isWanted = false;
    void this.#listen(this.#generation);
    this.#listing = this.#list(this.#generation);
  }

  /** There is nothing any more. */
  end(): void {
    this.#generation++;
    this.#take(nothing);
  }

  /** It says that a list has changed: at most one look runs, and one is wanted. */
  lookAgain(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    const generation = this.#generation;
    const delay = Math.min(Math.max(pause, this.#took * rest), refusal);
    this.#world.clock.after(delay, async () => {
      await this.#listing;
      if (generation !== this.#generation || !this.#world.isConnected()) return;
      this.#isWanted = false;
      this.#listing = this.#list(generation);
    });
  }

  /** A server of 2026 tells of changes only to those who listen. Not part of the call that may have made it necessary. */
  #listen(generation: number): Promise<void> {
    return current.exit(async () => {
      const { tools, resources, prompts } = this.#client.getServerCapabilities() ?? {};
      const filter = {
        ...(tools?.listChanged === true && { toolsListChanged: true }),
        ...(resources?.listChanged === true && { resourcesListChanged: true }),
        ...(prompts?.listChanged === true && { promptsListChanged: true }),
      };
      if (this.#client.getProtocolEra() !== 'modern' || Object.keys(filter).length === 0) return;
      const again = (delay: number) =>
        this.#world.clock.after(delay, () => {
          if (generation !== this.#generation || !this.#world.isConnected()) return;
          void this.#listen(generation);
          this.lookAgain();
        });
      try {
        const subscription = await this.#client.listen(filter);
        // The stream was cut: what has changed meanwhile is asked for.
        if ((await subscription.closed) !== 'local') again(interruption);
      } catch {
        // It does not let us listen now. Its lists are as they were when it was connected to.
        again(refusal);
      }
    });
  }

  #list(generation: number): Promise<void> {
    return current.exit(async () => {
      const began = this.#world.clock.monotonic();
      const offer = await this.#ask();
      if (generation !== this.#generation || !this.#world.isConnected()) return;
      this.#take(offer);
      this.#took = this.#world.clock.monotonic() - began;
    });
  }

  async #ask(): Promise<Offer> {
    const { tools, resources, prompts } = this.#client.getServerCapabilities() ?? {};
    const problems: unknown[] = [];
    const of = async (capability: unknown, method: string, key: string): Promise<List | undefined> => {
      if (capability === undefined) return { items: [] };
      try {
        const list = await listAll(this.#client, method, key, this.#world.timeout);
        if (list.problem !== undefined) problems.push(list.problem);
        return list;
      } catch (error) {
        // A list that cannot be had is no reason to do without the others.
        problems.push(error);
        return undefined;
      }
    };
    const [ofTools, ofResources, ofTemplates, ofPrompts] = await Promise.all([
      of(tools, 'tools/list', 'tools'),
      of(resources, 'resources/list', 'resources'),
      of(resources, 'resources/templates/list', 'resourceTemplates'),
      of(prompts, 'prompts/list', 'prompts'),
    ]);
    const last = this.#now;
    const sound = ofTools?.items.map(listable).filter((tool) => tool !== undefined);
    const left = (ofTools?.items.length ?? 0) - (sound?.length ?? 0);
    if (left > 0) problems.push(`lists ${left} tools without a name, or without saying what they take`);
    this.#world.judged(problems[0]);
    // What could not be had is as it was last.
    return {
      tools: sound ?? last.tools,
      resources: named(ofResources, 'uri') ?? last.resources,
      templates: named(ofTemplates, 'uriTemplate') ?? last.templates,
      prompts: named(ofPrompts, 'name') ?? last.prompts,
    };
  }

  #take(offer: Offer): void {
    const { tools, resources, templates, prompts } = this.#now;
    this.#now = offer;
    const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
    const kinds: Kind[] = [];
    if (!isSame(tools, offer.tools)) kinds.push('tools');
    if (!isSame([resources, templates], [offer.resources, offer.templates])) kinds.push('resources');
    if (!isSame(prompts, offer.prompts)) kinds.push('prompts');
    if (kinds.length > 0) this.#world.changed(kinds);
  }
}

/** Those that have what they are asked for by. */
function named<T>(list: List | undefined, key: 'uri' | 'uriTemplate' | 'name'): T[] | undefined {
  const isNamed = (item: unknown) => typeof (item as Record<string, unknown> | null)?.[key] === 'string';
  return list?.items.filter(isNamed) as T[] | undefined;
}
