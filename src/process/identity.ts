/** Who a process is, beyond its pid: what is stamped into an entry. */

import type { ProcessIdentity } from '../core/instance.js';
import { fs, os } from './builtins.js';
import { readStat } from './proc.js';

let own: ProcessIdentity | undefined;

/** Who this process is. Read once; nothing in it changes while the process lives. */
export function identifySelf(): ProcessIdentity {
  own ??= { ...surroundings(), pid: process.pid, start: ownStart(), uid: process.getuid?.() };
  return own;
}

/** Who the process `pid` is, in our surroundings: for a child that was started from here. */
export function identifyOther(pid: number): ProcessIdentity {
  return { ...surroundings(), pid, start: readStat(pid)?.start, uid: process.getuid?.() };
}

function surroundings(): Omit<ProcessIdentity, 'pid'> {
  const host = os.hostname();
  if (process.platform !== 'linux') return { machine: host, host };
  return {
    machine: readLine('/etc/machine-id') ?? host,
    host,
    boot: readLine('/proc/sys/kernel/random/boot_id'),
    pidNamespace: readNamespace('pid'),
    timeNamespace: readNamespace('time'),
  };
}

function ownStart(): string {
  // `self` and not the pid: /proc may be mounted for another namespace, where our pid is someone else's.
  const stat = process.platform === 'linux' ? readStat('self') : undefined;
  return stat?.start ?? new Date(performance.timeOrigin).toISOString();
}

function readLine(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8').trim() || undefined;
  } catch {
    // Not every system has it (Alpine has no machine-id); an identity with less in it proves less, and says so.
    return undefined;
  }
}

function readNamespace(kind: string): string | undefined {
  try {
    return /\[(\d+)\]/.exec(fs.readlinkSync(`/proc/self/ns/${kind}`))?.[1];
  } catch {
    // A kernel without this kind of namespace has only one, for all processes.
    return undefined;
  }
}
