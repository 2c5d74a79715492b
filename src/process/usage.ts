/** What a process uses. For showing, and for start times where /proc does not tell them; never proof of death. */

import { os } from './builtins.js';

export interface Usage {
  /** Share of one core, in percent. */
  readonly cpu: number;
  /** Resident memory, in bytes. */
  readonly memory: number;
  /** Since its start, in ms; good to a second or two. */
  readonly elapsed: number;
}

/** Between two measurements of a load, in ms: CPU is counted from one to the next, and else since the process began. */
const span = 10_000;

/** How busy a process is: the cores it uses, plus its part of the machine's memory. */
export async function readLoad(pid: number): Promise<number | undefined> {
  const usage = await readUsage(pid, span);
  return usage && usage.cpu / 100 + usage.memory / os.totalmem();
}

/** CPU and memory of a process, or `undefined` if it cannot be told. Spawns `ps` or PowerShell outside Linux. */
export async function readUsage(pid: number, maxage = 1_000): Promise<Usage | undefined> {
  // Loaded on first use: most callers never ask.
  const { default: pidusage } = await import('pidusage');
  try {
    // It keeps /proc/PID/stat open for its maxage. With 0, or after its clear(), it leaves the file open for good.
    const { cpu, memory, elapsed } = await pidusage(pid, { maxage });
    return { cpu, memory, elapsed };
  } catch {
    // ENOENT for a pid that is gone, or no `ps` to run: not known, which is an answer here.
    return undefined;
  }
}
