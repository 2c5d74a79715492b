/** Looks at processes, for those who judge. */

import type { ProcessIdentity } from '../core/instance.js';
import type { Look } from '../core/verdict.js';
import type { Folder } from '../core/workspace.js';
import { rounds } from './grips.js';
import { identifySelf } from './identity.js';
import { isOwnProc, isThread, readStat, startOf } from './proc.js';

/** How the registry asks the operating system. Tests put their own in its place. */
export interface Probe {
  /** Who is asking. */
  readonly observer: ProcessIdentity;
  /**
   * What is at `pid` now. Never blocks for more than a system call or two. `start` is the start time on record: a
   * probe may spare itself further looks when it finds that very process.
   */
  look(pid: number, start?: string): Look;
  /**
   * The same for many at once: each process is looked at once a round, and one that is still the process it was gives
   * the same object as in the round before. For a round begun now; not to be kept for later. `look` does unless given.
   */
  round?(): (pid: number, start?: string) => Look;
  /** Lets go of what is held between rounds. The next one holds it again. */
  rest?(): void;
  /**
   * Finds out start times that `look` cannot tell, slowly; `look` knows them for a while afterwards. Asked only
   * for a pid that exists and whose heartbeat has lapsed. Missing where `look` can tell.
   */
  inquire?(pids: readonly number[]): Promise<void>;
  /** Whether none of this is real: then no program is started, no process ended, and the environment is not asked. */
  readonly isSimulated?: boolean | undefined;
  /** Ends this process, with the exit code that it has set. It does unless given. */
  exit?(): void;
  /** When the process with this start time began, in ms since 1970; for showing. `undefined` if it cannot be told. */
  startedAt?(start: string): number | undefined;
  /** What the file system knows of a folder; never rejects. Without it a folder is what it is called. */
  folder?(path: string): Promise<Folder>;
  /** How busy a process is: the cores it uses, plus its part of the machine's memory. `undefined` if that cannot be told. */
  load?(pid: number): Promise<number | undefined>;
}

// One object each: who finds the same again can see so at once.
const gone: Look = { is: 'gone' };
const zombie: Look = { is: 'zombie' };
const thread: Look = { is: 'thread' };
const hidden: Look = { is: 'hidden' };

/** The probe of this platform. */
export function createProbe(): Probe {
  const observer = identifySelf();
  return process.platform === 'linux' && isOwnProc() ? linuxProbe(observer) : portableProbe(observer);
}

/** The same on every platform. Loaded on first use: most callers never ask. */
const surroundings: Pick<Probe, 'folder' | 'load'> = {
  folder: async (path) => (await import('./folders.js')).folderOf(path),
  load: async (pid) => (await import('./usage.js')).readLoad(pid),
};

function linuxProbe(observer: ProcessIdentity): Probe {
  const look: Probe['look'] = (pid, start) => {
    const stat = readStat(pid);
    // hidepid (proc(5)) hides the processes of others: no file there is proof only together with ESRCH.
    if (stat === undefined) return signalZero(pid);
    if (stat.state === 'X' || (stat.state === 'Z' && stat.threads <= 1)) return zombie;
    if (stat.start !== start && isThread(pid)) return thread;
    return { is: 'there', start: stat.start };
  };
  return { observer, look, ...rounds(look), startedAt: startOf, ...surroundings };
}

/** How long a start time told by `ps` or PowerShell is believed, in ms: as long as a heartbeat usually takes. */
const inquiryLasts = 15_000;

/** For macOS, Windows and wherever /proc cannot be used: pids by signal 0, start times from `pidusage`. */
function portableProbe(observer: ProcessIdentity): Probe {
  const starts = new Map<number, { start: string | undefined; until: number }>();
  return {
    observer,
    ...surroundings,
    startedAt: (start) => Date.parse(start) || undefined,
    look(pid) {
      const look = signalZero(pid);
      if (look.is === 'gone') return look;
      const known = starts.get(pid);
      const start = known !== undefined && known.until > performance.now() ? known.start : undefined;
      return start === undefined ? hidden : { is: 'there', start };
    },
    // Inside a pid namespace with someone else's /proc, what pidusage reads there is of other processes.
    ...(process.platform !== 'linux' && {
      async inquire(pids: readonly number[]) {
        const { readUsage } = await import('./usage.js');
        for (const pid of pids) {
          const known = starts.get(pid);
          if (known !== undefined && known.until > performance.now()) continue;
          const usage = await readUsage(pid);
          const start = usage && new Date(Date.now() - usage.elapsed).toISOString();
          starts.set(pid, { start, until: performance.now() + inquiryLasts });
        }
      },
    }),
  };
}

/** kill(2) with signal 0: ESRCH is proof that there is no such process; all else, EPERM above all, is none. */
function signalZero(pid: number): Look {
  try {
    process.kill(pid, 0);
    return hidden;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH' ? gone : hidden;
  }
}
