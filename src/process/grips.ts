/** Grips on processes: files of /proc that stay open, so that to look again costs one read, which no reused pid answers. */

import type { Look } from '../core/verdict.js';
import { fs } from './builtins.js';

interface Grip {
  /** Of /proc/PID/statm. An open file of /proc belongs to that process for good: once it has ended, reading fails. */
  readonly file: number;
  readonly start: string;
  readonly look: Look;
  /** The last round in which it was asked for. */
  round: number;
}

type LookAt = (pid: number, start?: string) => Look;

/** How long unused grips are kept, in ms. */
const idle = 10_000;

/** How many at most, and how much of the files this process may have open. */
const most = 1_024;
const share = 1 / 8;

/**
 * Makes rounds of looks at processes out of single ones. A process that is met in two rounds is gripped; from then on a
 * round costs 1–2 µs for it instead of 10. What is gripped is let go of when its process has ended, when it is not
 * asked for any more, and altogether after 10 s without a round.
 */
export function rounds(look: LookAt): { readonly round: () => LookAt; readonly rest: () => void } {
  const grips = new Map<number, Grip>();
  let met = new Map<number, string | undefined>();
  let round = 0;
  let timer: NodeJS.Timeout | undefined;

  const letGo = (pid: number, { file }: Grip) => {
    grips.delete(pid);
    fs.closeSync(file);
  };
  const rest = () => {
    clearTimeout(timer);
    timer = undefined;
    met.clear();
    for (const [pid, grip] of grips) letGo(pid, grip);
  };
  const lookAt = (pid: number, start: string | undefined, before: ReadonlyMap<number, string | undefined>): Look => {
    const grip = grips.get(pid);
    if (grip !== undefined && grip.start === start) {
      grip.round = round;
      if (isRunning(grip.file)) return grip.look;
      letGo(pid, grip);
    }
    if (start === undefined || before.get(pid) !== start || grips.has(pid) || grips.size >= limit()) {
      return look(pid, start);
    }
    // Opened before the look: that process had this pid already then, so it is the one that is gripped.
    const file = open(pid);
    const seen = look(pid, start);
    if (file === undefined) return seen;
    if (seen.is === 'there' && seen.start === start) grips.set(pid, { file, start, look: seen, round });
    else fs.closeSync(file);
    return seen;
  };

  const begin = (): LookAt => {
    const before = met;
    met = new Map();
    round++;
    for (const [pid, grip] of grips) if (grip.round < round - 2) letGo(pid, grip);
    if (timer === undefined) timer = setTimeout(rest, idle).unref();
    else timer.refresh();
    const seen = new Map<number, Look>();
    return (pid, start) => {
      const known = seen.get(pid);
      // Two entries may claim one pid with different starts: each is answered for itself.
      if (known !== undefined && met.get(pid) === start) return known;
      const now = lookAt(pid, start, before);
      seen.set(pid, now);
      met.set(pid, start);
      return now;
    };
  };
  return { round: begin, rest };
}

const buffer = Buffer.allocUnsafe(1);
const zero = '0'.charCodeAt(0);

/** A process that has ended has no memory any more: read(2) fails with ESRCH, or of a zombie tells `0 0 0 …`. */
function isRunning(file: number): boolean {
  try {
    return fs.readSync(file, buffer, 0, 1, 0) === 1 && buffer[0] !== zero;
  } catch {
    return false;
  }
}

function open(pid: number): number | undefined {
  try {
    return fs.openSync(`/proc/${pid}/statm`, 'r');
  } catch {
    // Gone, hidden, or no file left to open: then it is looked at from anew each time.
    return undefined;
  }
}

let limitKnown: number | undefined;

function limit(): number {
  limitKnown ??= Math.min(most, Math.floor(openFiles() * share));
  return limitKnown;
}

function openFiles(): number {
  try {
    return Number(/^Max open files\s+(\d+)/m.exec(fs.readFileSync('/proc/self/limits', 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
