/** File systems of a test's own, in a mount namespace of the program that uses them: gone with it. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Actor, startActor } from './actor.js';
import { tempFolder } from './temp.js';

export interface Mounted {
  readonly actor: Actor;
  /** Where it is mounted, for the actor. */
  readonly folder: string;
  /** The same, as it is seen from here. */
  readonly seen: string;
  /** Runs a command where the actor is. */
  run(command: string, ...args: string[]): void;
}

interface Source {
  readonly type: string;
  readonly options: string;
  readonly device: string;
}

async function startOn({ type, options, device }: Source): Promise<Mounted> {
  const folder = join(tempFolder(), 'mounted');
  mkdirSync(folder);
  const script = 'mount -t "$1" -o "$2" "$3" "$0" && chmod 700 "$0" && shift 3 && exec "$@"';
  const shell = ['sh', '-c', script, folder, type, options, device];
  const env = { WARM: join(tempFolder(), 'warm') };
  const within = ['unshare', '--mount', '--propagation', 'private', ...shell];
  const actor = await startActor(join(folder, 'registry'), env, within);
  const run = (command: string, ...args: string[]) =>
    void execFileSync('nsenter', [`--target=${actor.pid}`, '--mount', command, ...args]);
  return { actor, folder, seen: `/proc/${actor.pid}/root${folder}`, run };
}

export const startOnTmpfs = (options: string) => startOn({ type: 'tmpfs', options, device: 'tmpfs' });

/** An ext4 of so many blocks of 1 KiB, and so many inodes. */
export function startOnExt4(blocks: number, inodes: number): Promise<Mounted> {
  const image = join(tempFolder(), 'image');
  writeFileSync(image, '');
  truncateSync(image, blocks * 1024);
  execFileSync('mkfs.ext4', ['-q', '-F', '-b', '1024', '-m', '0', '-N', `${inodes}`, '-O', '^has_journal', image]);
  return startOn({ type: 'ext4', options: 'loop', device: image });
}

/** One that can be made read-only without touching the folder it shows. */
export function startOnBind(): Promise<Mounted> {
  return startOn({ type: 'none', options: 'bind', device: tempFolder() });
}
