/** One host's connection to what stands under one label. */

import { Client, SSEClientTransport, StreamableHTTPClientTransport, type Tool } from '@modelcontextprotocol/client';
import type { Instance } from '../core/instance.js';
import { asItIs } from '../mcp/as-it-is.js';
import { dial, transportFor } from '../mcp/dial.js';
import { Tether } from '../mcp/tether.js';
import { isUndelivered, unreachable } from '../mcp/unreachable.js';
import { requireWay } from '../mcp/way.js';
import { current, type Exchange, noting, type Outcome } from './exchange.js';
import { explain } from './explain.js';
import { Following } from './following.js';
import { clientFor } from './link-client.js';
import type { LinkWorld } from './link-world.js';
import type { Level } from './log-level.js';
import { type Offer, Offers } from './offer.js';
import { Unsent } from './unsent.js';

const sdk = { Client, StreamableHTTPClientTransport, SSEClientTransport };

/** From the end of an instance to that of the calls it has in hand, in ms. */
const grace = 100;

type Options = NonNullable<Parameters<Client['callTool']>[1]>;

export class Link {
  readonly label: string;
  readonly #client: Client;
  readonly #world: LinkWorld;
  readonly #tether: Tether;
  readonly #offers: Offers;
  /** Calls under way: a server over SSE does not say which one it means. */
  readonly #exchanges = new Set<Exchange>();
  readonly #following: Following;
  #instance: Instance;
  #isThere = false;
  #known: Promise<void> | undefined;
  #failure: unknown;

  constructor(label: string, instance: Instance, world: LinkWorld) {
    this.label = label;
    this.#instance = instance;
    this.#world = world;
    this.#client = clientFor(world, { label, exchanges: this.#exchanges, listChanged: () => this.#offers.lookAgain() });
    this.#following = new Following(this.#client);
    this.#offers = new Offers(this.#client, {
      clock: world.clock,
      timeout: world.timeout,
      isConnected: () => this.#tether.isConnected,
      changed: (kinds) => world.changed(kinds),
      judged: (problem) => {
        this.#failure = problem instanceof Error ? explain(this.#instance, problem) : problem;
      },
    });
    this.#tether = new Tether(
      this.#client,
      (to, onlooker, signal) => {
        const transport = transportFor(sdk, requireWay(to), noting(onlooker));
        // Not part of the call that may have made it necessary: it outlives that.
        return current.exit(() => dial(this.#client, transport, to, { signal, timeout: world.timeout }));
      },
      world.clock,
      {
        connected: () => this.#begin(),
        // It may be back in a moment, and is asked then. That it has gone, the registry tells.
        disconnected: () => {},
        failed: (error) => {
          this.#failure = error;
        },
      },
    );
  }

  /** What stands here now, or did last. */
  get instance(): Instance {
    return this.#instance;
  }

  get isThere(): boolean {
    return this.#isThere;
  }

  get isConnected(): boolean {
    return this.#tether.isConnected;
  }

  /** Its server is one of 2025, as far as is known: what a host does there may depend on what it did before. */
  get keepsSession(): boolean {
    return !this.#isModern;
  }

  get offer(): Offer {
    return this.#offers.now;
  }

  /** How it wants to be used. */
  get instructions(): string | undefined {
    return this.#tether.isConnected ? this.#client.getInstructions() : undefined;
  }

  /** What went wrong last, if it has not gone well since. */
  get failure(): string | undefined {
    if (this.#failure === undefined) return this.#tether.isConnected ? undefined : 'has not answered yet';
    return this.#failure instanceof Error ? this.#failure.message : String(this.#failure);
  }

  /** Resolves when it is known what it offers, or after some patience: once for each instance that comes to stand here. */
  get known(): Promise<void> | undefined {
    return this.#known;
  }

  assign(instance: Instance | undefined): void {
    this.#isThere = instance !== undefined;
    if (instance === undefined) {
      this.#leave();
      return;
    }
    const isNew = instance.id !== this.#instance.id || this.#known === undefined;
    this.#instance = instance;
    this.#tether.assign(instance);
    // Why it cannot be reached is asked again and again, and told by `failure`.
    if (isNew) this.#known = this.#world.patiently(() => this.reach().catch(() => {}));
  }

  /**
   * Resolves when it is connected, and what it offers is known.
   *
   * @throws ROLLCALL_UNREACHABLE if it is not there, or does not answer.
   */
  async reach(): Promise<void> {
    try {
      await this.#connected();
      await this.#offers.listed;
    } catch (error) {
      throw explain(this.#instance, error);
    }
  }

  /**
   * Passes a request on. What the server answers is given as it is, an error of its own is thrown as it is.
   *
   * @throws ROLLCALL_UNREACHABLE, which names the instance, if it does not answer; as the reason of `Unsent` if it is
   * certain that it has not been asked.
   */
  async request(method: string, params: Record<string, unknown>, options: Options, tool?: Tool): Promise<Outcome> {
    const exchange = current.getStore();
    if (exchange !== undefined) this.#exchanges.add(exchange);
    let isSent = false;
    const send = async () => {
      isSent = false;
      if (exchange !== undefined) exchange.wasRefused = exchange.mayBeTaken = false;
      await this.#connected();
      isSent = true;
      return this.#send(method, params, options, tool);
    };
    const wasRefused = (error: unknown) =>
      exchange?.mayBeTaken !== true && (isUndelivered(error) || exchange?.wasRefused === true);
    try {
      // Refused at the door, nothing has been done, so it can be done once more.
      return await send().catch((error) => (wasRefused(error) ? send() : Promise.reject(error)));
    } catch (error) {
      if (options.signal?.aborted === true) throw explain(this.#instance, options.signal.reason);
      const reason = explain(this.#instance, error);
      throw !isSent || wasRefused(error) ? new Unsent(reason) : reason;
    } finally {
      if (exchange !== undefined) this.#exchanges.delete(exchange);
    }
  }

  /** A server of 2025 is told once; one of 2026 with every call. */
  setLevel(level: Level): void {
    if (level === 'none' || this.#isModern || this.#client.getServerCapabilities()?.logging === undefined) return;
    // If it does not want to know, it sends what it likes, and what is not wanted is left out.
    this.#client.setLoggingLevel(level).catch(() => {});
  }

  /** The host has other roots now. Those of 2026 ask for them when they need them. */
  rootsChanged(): void {
    if (this.#tether.isConnected && !this.#isModern) this.#client.sendRootsListChanged().catch(() => {});
  }

  /** From now on it tells when this resource changes; also after it was replaced. */
  async follow(uri: string): Promise<void> {
    await this.reach();
    await this.#following.add(uri);
  }

  unfollow(uri: string): Promise<void> {
    return this.#following.remove(uri);
  }

  close(): Promise<void> {
    return this.#tether.close();
  }

  get #isModern(): boolean {
    return this.#client.getProtocolEra() === 'modern';
  }

  #begin(): void {
    this.#failure = undefined;
    const level = this.#world.level();
    if (level !== undefined) this.setLevel(level);
    this.#offers.begin();
    this.#following.resume();
  }

  /**
   * What was just sent to who is gone is about to hear so itself: then it is known that nothing was done. And who leaves as
   * one should deregisters first, and answers what it has in hand.
   */
  #leave(): void {
    this.#offers.end();
    const { clock } = this.#world;
    const leave = () => {
      if (this.#isThere) return;
      if (this.#exchanges.size > 0 && this.#world.isAlive(this.#instance)) clock.after(grace, leave);
      else this.#tether.assign(undefined);
    };
    if (this.#exchanges.size === 0) leave();
    else clock.after(grace, leave);
  }

  async #connected(): Promise<void> {
    if (this.#isThere) await this.#tether.reach();
    if (!this.#isThere || !this.#tether.isConnected) throw unreachable(this.#instance, 'ended');
  }

  async #send(method: string, params: Record<string, unknown>, options: Options, tool?: Tool): Promise<Outcome> {
    if (tool === undefined) return (await this.#client.request({ method, params }, asItIs, options)) as Outcome;
    // Some arguments go as headers, too, if the tool says so. Whether the result is as promised is for the host to see.
    const { outputSchema: _, ...toolDefinition } = tool;
    return (await this.#client.callTool(params as { name: string }, { ...options, toolDefinition })) as Outcome;
  }
}
