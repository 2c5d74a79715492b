/** What one host sees of the instances, and what it calls of them. */

import type { ClientCapabilities, Tool } from '@modelcontextprotocol/client';
import type { ServerContext } from '@modelcontextprotocol/server';
import { isRollcallError } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
import { asListed, Directory, type Found, uriFor } from './directory.js';
import type { Outcome } from './exchange.js';
import { Exchanges } from './exchanges.js';
import { Followed } from './followed.js';
import type { About, Voice } from './host.js';
import type { Hub } from './hub.js';
import { Link } from './link.js';
import { isWanted, type Level } from './log-level.js';
import { Mistake } from './mistake.js';
import type { Kind } from './offer.js';
import type { Notice } from './outbox.js';
import { callOf, instancesResult, ownTools, toolsResult } from './own-tools.js';

/** From a change to the word of it, in ms: several come together when an instance comes or goes. */
const gather = 20;

/** Up to so many tools are listed themselves, where it was not said whether. */
const mostDirect = 40;

/** So many links are kept of instances that have gone, for what may take their place. */
const mostAbsent = 200;

type Params = Readonly<Record<string, unknown>>;

export class Session {
  readonly #hub: Hub;
  readonly #voice: Voice;
  readonly #isShared: boolean;
  readonly #capabilities: ClientCapabilities;
  readonly #links = new Map<string, Link>();
  readonly #exchanges: Exchanges;
  readonly #followed = new Followed();
  readonly #changed = new Set<Kind>();
  #directory: Directory | undefined;

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
    // A host of 2026 says with each call what it wants to hear of it, and hears nothing else.
    this.#exchanges = new Exchanges(hub.callTimeout, isModern ? 'none' : undefined);
    hub.onlookers.add(this);
    this.arrange(hub.arranged);
  }

  /** The instances that are there now, by label. */
  arrange(arranged: ReadonlyMap<string, Instance>): void {
    for (const [label, instance] of arranged) this.#linkAt(label, instance).assign(instance);
    const absent = [...this.#links.values()].filter(({ label }) => !arranged.has(label));
    for (const link of absent) link.assign(undefined);
    for (const link of absent.slice(0, -mostAbsent)) {
      this.#links.delete(link.label);
      this.#directory = undefined;
      void link.close();
    }
  }

  async close(): Promise<void> {
    this.#hub.onlookers.delete(this);
    await Promise.all([...this.#links.values()].map((link) => link.close()));
  }

  async tools(): Promise<Tool[]> {
    const { tools } = await this.#directoryNow();
    const { expose } = this.#hub;
    const isDirect = expose === 'direct' || (expose === 'auto' && tools.length <= mostDirect);
    return [...ownTools, ...(isDirect ? tools.map(asListed) : [])];
  }

  async prompts() {
    const { prompts } = await this.#directoryNow();
    return prompts.map(asListed);
  }

  async resources() {
    return (await this.#directoryNow()).resources;
  }

  async templates() {
    return (await this.#directoryNow()).templates;
  }

  async instances(query: unknown) {
    return instancesResult((await this.#directoryNow()).links, this.#hub.unreachable, query);
  }

  /** A call of one of the hub's tools, or of an instance's. An instance that is away is a result, which a model can read. */
  async callTool(params: { name: string; arguments?: Params | undefined }, context: ServerContext): Promise<Outcome> {
    const { name, arguments: args = {} } = params;
    try {
      if (name === 'rollcall_instances') return await this.instances(args.query);
      if (name === 'rollcall_tools') return toolsResult(await this.#directoryNow(), args);
      const isIndirect = name === 'rollcall_call';
      const call = isIndirect ? callOf(args) : undefined;
      const { link, own } = call === undefined ? await this.#named(name) : await this.#meant(call);
      const passed = { ...params, name: own.name, arguments: call?.given ?? args };
      return await this.#exchanges.pass({ link, method: 'tools/call', params: passed, tool: own }, context);
    } catch (error) {
      if (!isRollcallError(error) && !(error instanceof Mistake)) throw error;
      return { content: [{ type: 'text', text: error.message }], isError: true };
    }
  }

  async getPrompt(params: Params & { name: string }, context: ServerContext): Promise<Outcome> {
    const { link, own } = (await this.#directoryWith((known) => known.hasPrompt(params.name))).prompt(params.name);
    return this.#exchanges.pass({ link, method: 'prompts/get', params: { ...params, name: own.name } }, context);
  }

  async readResource(params: Params & { uri: string }, context: ServerContext): Promise<Outcome> {
    const { link, uri } = await this.#resourceAt(params.uri);
    return this.#exchanges.pass({ link, method: 'resources/read', params: { ...params, uri } }, context);
  }

  async complete(params: Params & { ref: Params }, context: ServerContext): Promise<Outcome> {
    const { name, uri } = params.ref;
    if (typeof name !== 'string') {
      const at = await this.#resourceAt(String(uri));
      const ref = { ...params.ref, uri: at.uri };
      return this.#exchanges.pass({ ...at, method: 'completion/complete', params: { ...params, ref } }, context);
    }
    const { link, own } = (await this.#directoryWith((known) => known.hasPrompt(name))).prompt(name);
    const ref = { ...params.ref, name: own.name };
    return this.#exchanges.pass({ link, method: 'completion/complete', params: { ...params, ref } }, context);
  }

  /** The host wants to hear when a resource changes; it is told by the same URI. As often as this, `unfollow` is to be said. */
  async follow(uri: string): Promise<void> {
    const { link, uri: own } = await this.#resourceAt(uri);
    this.#followed.add(uri);
    try {
      await link.follow(own);
    } catch (error) {
      this.#followed.remove(uri);
      throw error;
    }
  }

  async unfollow(uri: string): Promise<void> {
    if (!this.#followed.remove(uri)) return;
    const { link, uri: own } = await this.#resourceAt(uri);
    await link.unfollow(own);
  }

  /** Log messages below this are not wanted. */
  setLevel(level: Level): void {
    this.#exchanges.level = level;
    for (const link of this.#links.values()) link.setLevel(level);
  }

  rootsChanged(): void {
    for (const link of this.#links.values()) link.rootsChanged();
  }

  /** A tool by the name it is listed under. Only its own instance is waited for. */
  async #named(name: string): Promise<Found<Tool>> {
    await this.#hub.known;
    // It has gone, or is not known yet.
    if (!this.#upToDate.hasTool(name)) await this.#upToDate.owner(name)?.reach();
    return (await this.#directoryWith((known) => known.hasTool(name))).tool(name);
  }

  async #meant({ instance, tool }: { instance: string; tool: string }): Promise<Found<Tool>> {
    await this.#hub.known;
    const link = this.#upToDate.link(instance);
    if (link.offer.tools.length === 0) await link.reach();
    return this.#upToDate.toolOf(link, tool);
  }

  async #resourceAt(uri: string): Promise<{ link: Link; uri: string }> {
    return (await this.#directoryWith((known) => known.hasResource(uri))).resource(uri);
  }

  #linkAt(label: string, instance: Instance): Link {
    let link = this.#links.get(label);
    if (link === undefined) {
      link = new Link(label, instance, {
        clock: this.#hub.clock,
        capabilities: this.#capabilities,
        isShared: this.#isShared,
        timeout: this.#hub.connectTimeout,
        level: () => this.#exchanges.level,
        patiently: (act) => this.#hub.patiently(act),
        changed: (kinds) => this.#note(kinds),
        told: (teller, notice) => this.#hear(teller, notice),
        asked: (method, params) => this.#voice.ask(method, params),
      });
      this.#links.set(label, link);
      this.#directory = undefined;
    }
    return link;
  }

  #hear(label: string, { method, params }: Notice): void {
    if (method === 'notifications/message' && isWanted(params.level, this.#exchanges.level)) {
      this.#voice.tell({ method, params });
    }
    if (method !== 'notifications/resources/updated') return;
    for (const uri of [uriFor({ label }, String(params.uri)), String(params.uri)]) {
      if (this.#followed.has(uri)) this.#voice.tell({ method, params: { ...params, uri } });
    }
  }

  #note(kinds: readonly Kind[]): void {
    this.#directory = undefined;
    const isFirst = this.#changed.size === 0;
    for (const kind of kinds) this.#changed.add(kind);
    if (!isFirst) return;
    this.#hub.clock.after(gather, () => {
      const changed = [...this.#changed];
      this.#changed.clear();
      for (const kind of changed) this.#voice.changed(kind);
    });
  }

  get #upToDate(): Directory {
    this.#directory ??= new Directory([...this.#links.values()], this.#exchanges.mentions.byUri);
    return this.#directory;
  }

  /** Waits for what others offer only if it is not known already what is asked for. */
  async #directoryWith(isThere: (directory: Directory) => boolean): Promise<Directory> {
    await this.#hub.known;
    return isThere(this.#upToDate) ? this.#upToDate : this.#directoryNow();
  }

  /** As soon as it is known what all offer; who hangs is left out. */
  async #directoryNow(): Promise<Directory> {
    await this.#hub.known;
    await Promise.all([...this.#links.values()].map((link) => link.known));
    return this.#upToDate;
  }
}
