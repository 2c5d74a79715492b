/** What Linux tells of a process in /proc (proc(5)). */

import { fs } from './builtins.js';

export interface Stat {
  /** One letter: `Z` is a zombie, `X` dead. It is that of the first thread, and speaks for the process only with `threads`. */
  readonly state: string;
  /** How many threads it has. Of a zombie one is left; a `Z` with more is a live process whose first thread has ended. */
  readonly threads: number;
  /** Start time in clock ticks since boot. Immune to clock steps. */
  readonly start: string;
}

const buffer = Buffer.allocUnsafe(1024);

/**
 * State, threads and start time of a process, or `undefined` if there is none or it cannot be read.
 * Measured: 9–12 µs.
 */
export function readStat(pid: number | 'self'): Stat | undefined {
  let text: string;
  try {
    const file = fs.openSync(`/proc/${pid}/stat`, 'r');
    try {
      text = buffer.toString('latin1', 0, fs.readSync(file, buffer, 0, buffer.length, 0));
    } finally {
      fs.closeSync(file);
    }
  } catch {
    // ENOENT and ESRCH: no such process. Whether that is proof is for the probe to say.
    return undefined;
  }
  // The name in parentheses may itself hold blanks and parentheses: count from the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, threads, start] = [fields[0], fields[17], fields[19]];
  return state === undefined || start === undefined ? undefined : { state, threads: Number(threads), start };
}

/** Clock ticks a second, as /proc counts them: USER_HZ, 100 on every architecture that Node runs on. */
const ticks = 100;

/** When a process with this start time began, in ms since 1970 by the wall clock of now; good to a second. */
export function startOf(start: string): number | undefined {
  try {
    const boot = /^btime (\d+)$/m.exec(fs.readFileSync('/proc/stat', 'latin1'))?.[1];
    const at = Number(boot) * 1000 + (Number(start) * 1000) / ticks;
    return Number.isFinite(at) ? at : undefined;
  } catch {
    // It is for showing only.
    return undefined;
  }
}

/** Whether `pid` is the id of a thread other than its process's first. */
export function isThread(pid: number): boolean {
  try {
    const group = /^Tgid:\s*(\d+)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return group !== undefined && Number(group) !== pid;
  } catch {
    // It has ended since; the next look will say so.
    return false;
  }
}

/** Whether /proc speaks of our own pid namespace: a mount that was inherited by `unshare --pid` does not. */
export function isOwnProc(): boolean {
  try {
    return fs.readlinkSync('/proc/self') === String(process.pid);
  } catch {
    // No /proc at all.
    return false;
  }
}
