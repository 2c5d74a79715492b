/** An MCP host that reads every byte which the hub writes to stdout. */

import { expect } from 'vitest';
import { eventually } from './eventually.js';
import { hubProgram } from './hub.js';
import { type Running, start } from './processes.js';

export interface Message {
  readonly jsonrpc: string;
  readonly id?: number;
  readonly method?: string;
  readonly result?: { readonly [key: string]: unknown };
  readonly error?: { readonly message: string };
}

/** A host that reads every byte. */
export class RawHost {
  readonly hub: Running;
  #bytes = '';
  #id = 0;

  /** `node`: arguments of node's own. */
  constructor(directory: string, args: readonly string[] = [], node: readonly string[] = []) {
    this.hub = start(process.execPath, [...node, hubProgram, 'hub', ...args], { ROLLCALL_DIR: directory });
    this.hub.child.stdout?.on('data', (chunk) => {
      this.#bytes += chunk;
    });
  }

  /** Every line must be a message of the protocol, and nothing may stand between. */
  get messages(): Message[] {
    const lines = this.#bytes.split('\n');
    // What has not come whole yet.
    lines.pop();
    return lines.map((line) => {
      const message = JSON.parse(line);
      expect(message.jsonrpc).toBe('2.0');
      expect('method' in message || 'result' in message || 'error' in message).toBe(true);
      return message;
    });
  }

  /** All it has written to stdout. */
  get bytes(): string {
    return this.#bytes;
  }

  get isWhole(): boolean {
    return this.#bytes === '' || this.#bytes.endsWith('\n');
  }

  send(message: object): void {
    this.hub.say(JSON.stringify({ jsonrpc: '2.0', ...message }));
  }

  async ask(method: string, params: object = {}): Promise<Message> {
    const id = ++this.#id;
    this.send({ id, method, params });
    return eventually(`${method} is answered`, () => this.messages.find((message) => message.id === id), 20_000);
  }

  call = (name: string, args: object = {}) => this.ask('tools/call', { name, arguments: args });

  async open(): Promise<this> {
    const clientInfo = { name: 'by hand', version: '1.0.0' };
    await this.ask('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
    this.send({ method: 'notifications/initialized' });
    return this;
  }
}
