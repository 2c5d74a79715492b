/** The last act of a process, however it ends short of SIGKILL. */

import { nextTurn, soon } from './turns.js';

/** If it gives a function, that is called when all are done: what it calls may be slow, or end the process at once. */
type Act = () => unknown;

const acts = new Set<Act>();
let unhook: (() => void) | undefined;

/**
 * What ends a process by default and asks it to end. Others are left alone: whoever sends SIGQUIT wants no last act,
 * and of some (SIGXFSZ) a listener would change what the program sees, since Node ignores them.
 */
const signals: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGINT', 'SIGTERM'];

/**
 * Runs `act` synchronously when the process ends: normally, by an uncaught exception or by SIGHUP, SIGINT or SIGTERM.
 * How it ends, its exit code or signal, is left as it would be. Returns what takes it back.
 *
 * A default SIGTERM does not emit `exit`, and a listener of one's own stops it from ending the process: so it is sent
 * again, unless the program listens itself. Nothing listens before there is an act, nor for long afterwards.
 */
export function onLastAct(act: Act): () => void {
  acts.add(act);
  if (unhook === undefined) hook();
  return () => {
    acts.delete(act);
    letGo(lastTurns);
  };
}

/** Turns of the event loop between the last act that was taken back and the end of listening. */
const lastTurns = 5;

/**
 * Stops listening when nothing is left to do, but not at once: a signal that has come, and that the loop has yet to
 * tell of, is lost with its last listener, and the program goes on. So were 151 of 200 SIGTERMs sent under load while
 * the last entry was deregistered; some turns later it takes one that comes in the very microsecond.
 *
 * Nor does it listen for good: of a program that sends itself the signal again when all is cleared up, and has nothing
 * else to wait for, the loop would end before the signal is told. For these turns it keeps the process alive.
 */
function letGo(turns: number): void {
  if (acts.size > 0) return;
  if (turns === 0) unhook?.();
  else void nextTurn().then(() => letGo(turns - 1));
}

/** Two copies of this package may be in one process: neither takes the other for a listener of the program's own. */
function countCopies(): { count: number } {
  const shared = globalThis as Record<symbol, unknown>;
  const key = Symbol.for('rollcall.last-act');
  shared[key] ??= { count: 0 };
  return shared[key] as { count: number };
}

function hook(): void {
  const copies = countCopies();
  const hear = (signal: NodeJS.Signals) => {
    if (process.listenerCount(signal) > copies.count + librariesListening()) return;
    runAll();
    unhook?.();
    process.kill(process.pid, signal);
    // As pid 1 of a container it lives on: the kernel ignores the default of a signal there.
    soon(() => {
      if (acts.size > 0 && unhook === undefined) hook();
    });
  };
  // First in line, when a `once` listener of the program's own can still be counted.
  for (const signal of signals) process.prependListener(signal, hear);
  process.on('exit', runAll);
  copies.count++;
  unhook = () => {
    unhook = undefined;
    copies.count--;
    process.off('exit', runAll);
    for (const signal of signals) process.off(signal, hear);
  };
}

/** Listeners of signal-exit 3 and 4, which send the signal again by themselves when they are the last ones left. */
function librariesListening(): number {
  const { __signal_exit_emitter__: third } = process as unknown as Record<string, { count?: number } | undefined>;
  const fourth = (globalThis as Record<symbol, unknown>)[Symbol.for('signal-exit emitter')] as
    | { count?: number }
    | undefined;
  return (third?.count ?? 0) + (fourth?.count ?? 0);
}

function runAll(): void {
  const afterwards: unknown[] = [];
  for (const act of acts) {
    try {
      afterwards.push(act());
    } catch {
      // The process is ending and nobody can be told; what is left behind is found dead by the next reader.
    }
  }
  for (const each of afterwards) if (typeof each === 'function') each();
}
