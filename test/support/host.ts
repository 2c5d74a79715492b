/** MCP hosts, as editors and agents are: they start a program, and speak with it over stdio. */

import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { StdioClientTransport as StdioClientTransportV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { type Kind, McpClient, type McpClientOptions } from './mcp-client.js';
import { root } from './processes.js';

export class Host extends McpClient {
  #stderr = '';
  #transport: StdioClientTransport | StdioClientTransportV1 | undefined;

  /** Starts the command, and shakes hands. Of kind v2 it is started twice, the first time for a moment. */
  async start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = root): Promise<this> {
    const server = {
      command,
      args: [...args],
      env: { ...process.env, ...env } as Record<string, string>,
      cwd,
      stderr: 'pipe' as const,
    };
    const transport = this.kind === 'v1' ? new StdioClientTransportV1(server) : new StdioClientTransport(server);
    this.#transport = transport;
    transport.stderr?.on('data', (chunk) => {
      this.#stderr += chunk;
    });
    try {
      return await this.connect(transport);
    } catch (error) {
      throw new Error(`${command} ${args.join(' ')} cannot be spoken with: ${this.#stderr}`, { cause: error });
    }
  }

  /** Of the program, while it runs. */
  get pid(): number {
    return this.#transport?.pid ?? -1;
  }

  /** What the program has written to stderr so far. */
  get stderr(): string {
    return this.#stderr;
  }
}

export interface HostOptions extends McpClientOptions {
  readonly cwd?: string;
}

/** A host that has started the command. Closed, and the command with it, when the running test ends. */
export function connectHost(
  kind: Kind,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  { cwd, ...options }: HostOptions = {},
): Promise<Host> {
  return new Host(kind, options).start(command, args, env, cwd);
}
