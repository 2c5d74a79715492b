/** Real MCP servers that have made themselves known: test/programs/mcp-fleet.js. */

import { join } from 'node:path';
import type { Instance } from '../../src/core/instance.js';
import { Registry } from '../../src/registry/registry.js';
import { eventually } from './eventually.js';
import { isThere, type Running, root, start } from './processes.js';

export interface Wanted {
  readonly flavour: string;
  /** The flavour's, unless given. */
  readonly name?: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

export interface Member {
  readonly running: Running;
  readonly name: string;
  readonly flavour: string;
  readonly instance: Instance;
  /** Port or path. */
  readonly at: string;
  /** How it was started. */
  readonly wanted: Wanted;
}

export interface FleetOptions {
  /** Of the registry. */
  readonly directory: string;
  /** The file that `wait` writes into: `started`, `done` or `cancelled`, and the server's name. */
  readonly log?: string;
}

const program = join(root, 'test/programs/mcp-fleet.js');

/** Starts one server, and resolves when it is registered. Killed when the running test ends. */
export async function startMember(options: FleetOptions, want: Wanted | string): Promise<Member> {
  const wanted = typeof want === 'string' ? { flavour: want } : want;
  const { flavour, name = flavour, cwd, env } = wanted;
  const given = { ROLLCALL_DIR: options.directory, ...(options.log ? { LOG: options.log } : {}), ...env };
  const running = start(process.execPath, [program, flavour, name], given, cwd);
  const at = (await running.line(/^ready /)).slice('ready '.length);
  const id = (await running.line(/^registered /)).slice('registered '.length);
  await using registry = new Registry({ directory: options.directory });
  const instance = await eventually(`${name} is there`, () => registry.get(id));
  return { running, name, flavour, instance, at, wanted };
}

/** Starts many at once, in the order asked for. */
export function startFleet(options: FleetOptions, wanted: readonly (Wanted | string)[]): Promise<Member[]> {
  return Promise.all(wanted.map((want) => startMember(options, want)));
}

/** Kills it and all it has started, and resolves when it has gone. */
export async function kill({ running, name, instance }: Member): Promise<void> {
  process.kill(-running.pid, 'SIGKILL');
  await running.ended;
  await eventually(`${name} has gone`, () => !isThere(instance.process.pid));
}

/** Kills it, and starts it again: of the same name and folder, at another port, unless its environment gives one. */
export async function restart(options: FleetOptions, member: Member): Promise<Member> {
  await kill(member);
  return startMember(options, member.wanted);
}
