/** What one host sees of the instances, and what it calls of them. */

import type { ClientCapabilities, Prompt, Tool } from '@modelcontextprotocol/client';
import type { ServerContext } from '@modelcontextprotocol/server';
import { isRollcallError } from '../core/errors.js';
import { Unusable } from './ailment.js';
import { Choices } from './choices.js';
import { type Directory, type Source, uriFor } from './directory.js';
import type { Outcome } from './exchange.js';
import { Exchanges } from './exchanges.js';
import type { About, Voice } from './host.js';
import type { Hub } from './hub.js';
import { Link } from './link.js';
import { Links } from './links.js';
import { isWanted, type Level } from './log-level.js';
import { Lookup } from './lookup.js';
import { Mistake } from './mistake.js';
import { News } from './news.js';
import type { Kind } from './offer.js';
import type { Notice } from './outbox.js';
import { callOf, instancesResult, ownTools, toolsResult } from './own-tools.js';
import type { Place } from './place.js';
import { Subscriptions, type Teller } from './subscriptions.js';

/** Up to so many tools are listed themselves, where it was not said whether. */
const mostDirect = 40;

type Params = Readonly<Record<string, unknown>>;

export class Session {
  readonly #hub: Hub;
  readonly #voice: Voice;
  readonly #isShared: boolean;
  readonly #capabilities: ClientCapabilities;
  readonly #links = new Links((place) => this.#makeLink(place));
  readonly #choices: Choices;
  readonly #exchanges: Exchanges;
  readonly #subscriptions: Subscriptions;
  readonly #news: News;
  readonly #lookup: Lookup;

  constructor(hub: Hub, { capabilities, isModern, isShared = false }: About, voice: Voice) {
    this.#hub = hub;
    this.#voice = voice;
    this.#isShared = isShared;
    const { elicitation, sampling, roots } = capabilities;
    this.#capabilities = {
      ...(elicitation !== undefined && { elicitation }),
      ...(sampling !== undefined && { sampling }),
      ...(roots !== undefined && { roots }),
    };
    this.#choices = new Choices(hub);
    // A host of 2026 says with each call what it wants to hear of it, and hears nothing else.
    this.#exchanges = new Exchanges(this.#choices, hub.callTimeout, isModern ? 'none' : undefined);
    this.#lookup = new Lookup({
      choices: this.#choices,
      known: hub.known,
      mentioned: this.#exchanges.mentions.byUri,
      links: () => this.#links.all,
    });
    this.#news = new News({
      clock: hub.clock,
      listed: (kind) => listsOf(this.#lookup.now, kind),
      changed: (kind) => voice.changed(kind),
    });
    this.#subscriptions = new Subscriptions({
      teller: (uri) => this.#tellerOf(uri),
      isUsable: (link) => link.isThere && this.#choices.isWell(link),
      moved: (uri) => voice.tell({ method: 'notifications/resources/updated', params: { uri } }),
    });
    hub.onlookers.add(this);
    this.arrange(hub.arranged);
  }

  /** Where the instances stand that are there now. */
  arrange(places: readonly Place[]): void {
    this.#links.arrange(places);
    this.#lookup.forget();
    this.#subscriptions.settle();
  }

  /** Some may have become ailing, or well again. */
  reconsider(): void {
    this.#note(['tools', 'resources', 'prompts']);
    this.#subscriptions.settle();
  }

  async close(): Promise<void> {
    this.#hub.onlookers.delete(this);
    await this.#links.close();
  }

  async tools(): Promise<Tool[]> {
    const directory = await this.#listing('tools');
    const { tools } = directory;
    const { expose } = this.#hub;
    const isDirect = expose === 'direct' || (expose === 'auto' && tools.length <= mostDirect);
    return [...ownTools, ...(isDirect ? tools.map((tool) => directory.asListed(tool)) : [])];
  }

  async prompts() {
    const directory = await this.#listing('prompts');
    return directory.prompts.map((prompt) => directory.asListed(prompt));
  }

  async resources() {
    return (await this.#listing('resources')).resources;
  }

  async templates() {
    return (await this.#listing('resources')).templates;
  }

  async instances(query: unknown) {
    return instancesResult((await this.#lookup.all()).links, this.#hub, query);
  }

  /** A call of one of the hub's tools, or of an instance's. An instance that is away is a result, which a model can read. */
  async callTool(params: { name: string; arguments?: Params | undefined }, context: ServerContext): Promise<Outcome> {
    const { name, arguments: args = {} } = params;
    try {
      if (name === 'rollcall_instances') return await this.instances(args.query);
      if (name === 'rollcall_tools') return toolsResult(await this.#lookup.all(), this.#hub, args);
      const isIndirect = name === 'rollcall_call';
      const call = isIndirect ? callOf(args) : undefined;
      const { links, own } = await (call === undefined ? this.#lookup.tool(name) : this.#lookup.toolOf(call));
      const passed = { ...params, name: own.name, arguments: call?.given ?? args };
      return await this.#exchanges.pass({ links, method: 'tools/call', params: passed, tool: own }, context);
    } catch (error) {
      if (!isRollcallError(error) && !(error instanceof Mistake || error instanceof Unusable)) throw error;
      return { content: [{ type: 'text', text: error.message }], isError: true };
    }
  }

  async getPrompt(params: Params & { name: string }, context: ServerContext): Promise<Outcome> {
    const { links, own } = (await this.#lookup.with((known) => known.hasPrompt(params.name))).prompt(params.name);
    return this.#exchanges.pass({ links, method: 'prompts/get', params: { ...params, name: own.name } }, context);
  }

  async readResource(params: Params & { uri: string }, context: ServerContext): Promise<Outcome> {
    const { links, uri } = await this.#lookup.resource(params.uri);
    return this.#exchanges.pass({ links, method: 'resources/read', params: { ...params, uri } }, context);
  }

  async complete(params: Params & { ref: Params }, context: ServerContext): Promise<Outcome> {
    const { name, uri } = params.ref;
    if (typeof name !== 'string') {
      const { links, uri: own } = await this.#lookup.resource(String(uri));
      const ref = { ...params.ref, uri: own };
      return this.#exchanges.pass({ links, method: 'completion/complete', params: { ...params, ref } }, context);
    }
    const { links, own } = (await this.#lookup.with((known) => known.hasPrompt(name))).prompt(name);
    const ref = { ...params.ref, name: own.name };
    return this.#exchanges.pass({ links, method: 'completion/complete', params: { ...params, ref } }, context);
  }

  /** The host wants to hear when a resource changes; it is told by the same URI. As often as this, `unfollow` is to be said. */
  async follow(uri: string): Promise<void> {
    const { links, uri: own } = await this.#lookup.resource(uri);
    await this.#subscriptions.add(uri, { link: this.#one(links), uri: own });
  }

  unfollow(uri: string): Promise<void> {
    return this.#subscriptions.remove(uri);
  }

  /** Log messages below this are not wanted. */
  setLevel(level: Level): void {
    this.#exchanges.level = level;
    for (const link of this.#links.all) link.setLevel(level);
  }

  rootsChanged(): void {
    for (const link of this.#links.all) link.rootsChanged();
  }

  #tellerOf(uri: string): Teller | undefined {
    const directory = this.#lookup.now;
    if (!directory.hasResource(uri)) return undefined;
    const { links, uri: own } = directory.resource(uri);
    try {
      return { link: this.#one(links), uri: own };
    } catch {
      // Nobody is well.
      return undefined;
    }
  }

  #one(links: Source['links']): Link {
    const { link, release } = this.#choices.choose(links);
    release();
    return link;
  }

  #makeLink({ key, label, instance }: Place): Link {
    return new Link(label, instance, {
      clock: this.#hub.clock,
      capabilities: this.#capabilities,
      isShared: this.#isShared,
      timeout: this.#hub.connectTimeout,
      level: () => this.#exchanges.level,
      isAlive: (each) => this.#hub.isAlive(each),
      patiently: (act) => this.#hub.patiently(act),
      changed: (kinds) => this.#note(kinds),
      told: (teller, notice) => this.#hear(teller, notice, key),
      asked: (method, params) => this.#voice.ask(method, params),
    });
  }

  #hear(label: string, { method, params }: Notice, key: string): void {
    if (method === 'notifications/message' && isWanted(params.level, this.#exchanges.level)) {
      this.#voice.tell({ method, params });
    }
    if (method !== 'notifications/resources/updated') return;
    for (const uri of [uriFor({ label }, String(params.uri)), String(params.uri)]) {
      if (this.#subscriptions.isHeard(uri, this.#links.get(key)))
        this.#voice.tell({ method, params: { ...params, uri } });
    }
  }

  #note(kinds: readonly Kind[]): void {
    this.#lookup.forget();
    this.#news.note(kinds);
  }

  async #listing(kind: Kind): Promise<Directory> {
    const directory = await this.#lookup.all();
    this.#news.show(kind);
    return directory;
  }
}

/** What is listed of a kind, as hosts see it. */
function listsOf(directory: Directory, kind: Kind): readonly object[] {
  if (kind === 'resources') return [...directory.resources, ...directory.templates];
  return directory[kind].map((found) => directory.asListed<Tool | Prompt>(found));
}
