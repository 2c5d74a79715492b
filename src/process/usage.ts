/** What a process uses. For showing, and for start times where /proc does not tell them; never proof of death. */

export interface Usage {
  /** Share of one core, in percent. */
  readonly cpu: number;
  /** Resident memory, in bytes. */
  readonly memory: number;
  /** Since its start, in ms; good to a second or two. */
  readonly elapsed: number;
}

/** CPU and memory of a process, or `undefined` if it cannot be told. Spawns `ps` or PowerShell outside Linux. */
export async function readUsage(pid: number): Promise<Usage | undefined> {
  // Loaded on first use: most callers never ask.
  const { default: pidusage } = await import('pidusage');
  try {
    // It keeps /proc/PID/stat open for its maxage. With 0, or after its clear(), it leaves the file open for good.
    const { cpu, memory, elapsed } = await pidusage(pid, { maxage: 1_000 });
    return { cpu, memory, elapsed };
  } catch {
    // ENOENT for a pid that is gone, or no `ps` to run: not known, which is an answer here.
    return undefined;
  }
}
