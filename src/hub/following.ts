/** The resources of one instance that its host wants to hear of when they change. */

import type { Client, McpSubscription } from '@modelcontextprotocol/client';
import { current } from './exchange.js';

export class Following {
  readonly #client: Client;
  /** By URI. Those of 2026 tell on a stream, of 2025 without one. */
  readonly #streams = new Map<string, McpSubscription | undefined>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** The client must be connected. What the server says to it is thrown, and nothing is followed. */
  async add(uri: string): Promise<void> {
    if (this.#streams.has(uri)) return;
    this.#streams.set(uri, undefined);
    try {
      const stream = await this.#subscribe(uri);
      // Taken back meanwhile.
      if (!this.#streams.has(uri)) return await stream?.close();
      this.#streams.set(uri, stream);
    } catch (error) {
      this.#streams.delete(uri);
      throw error;
    }
  }

  async remove(uri: string): Promise<void> {
    const stream = this.#streams.get(uri);
    if (!this.#streams.delete(uri) || this.#client.transport === undefined) return;
    if (stream !== undefined) await stream.close();
    else if (!this.#isModern) await this.#client.unsubscribeResource({ uri });
  }

  /** The client is connected to another now. What that does not let us follow, there is nothing to tell of. */
  resume(): void {
    for (const uri of this.#streams.keys()) {
      this.#subscribe(uri).then(
        (stream) => this.#streams.has(uri) && this.#streams.set(uri, stream),
        () => {},
      );
    }
  }

  get #isModern(): boolean {
    return this.#client.getProtocolEra() === 'modern';
  }

  /** The stream is not part of the call that may have asked for it. */
  async #subscribe(uri: string): Promise<McpSubscription | undefined> {
    if (this.#isModern) return current.exit(() => this.#client.listen({ resourceSubscriptions: [uri] }));
    await this.#client.subscribeResource({ uri });
    return undefined;
  }
}
