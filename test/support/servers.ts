/** Programs that are registered, and the files their entries are in. */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Running, start } from './processes.js';

export interface Server extends Running {
  /** Of its registration. */
  readonly id: string;
}

interface Given {
  readonly name?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** What it is started by: a command that ends in running what follows it. */
  readonly by?: readonly string[];
}

/** Starts test/programs/server.js on the registry in `directory`, and waits until it is registered. */
export async function startServer(directory: string, { name = 'server', env, by = [] }: Given = {}): Promise<Server> {
  const [command = '', ...args] = [...by, process.execPath, 'test/programs/server.js', name];
  const running = start(command, args, { ROLLCALL_DIR: directory, ...env });
  const line = await running.line(/^registered /);
  return { ...running, id: line.split(' ')[1] ?? '' };
}

/** The ids that have a file, sorted. Where there is no folder there are none. */
export function idsIn(directory: string): string[] {
  const folder = join(directory, 'v1');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();
}

/** In a pid namespace of its own, with its own /proc; killed with what started it. */
export const inPidNamespace = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'] as const;
