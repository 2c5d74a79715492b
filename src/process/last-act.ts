/** The last act of a process, however it ends short of SIGKILL. */

type Act = () => void;

const acts = new Set<Act>();
let unhook: (() => void) | undefined;

/**
 * Runs `act` synchronously when the process ends: normally, by an uncaught exception or by a signal whose default
 * is to end it. How it ends, its exit code or signal, is left as it would be. Returns what takes it back.
 *
 * A default SIGTERM does not emit `exit`, and a listener of one's own stops it from ending the process: so it is sent
 * again, unless the program listens itself. Nothing listens while there is no act.
 */
export async function onLastAct(act: Act): Promise<() => void> {
  // Only its list of the signals that end a process. Its own hook changes exit codes (see patches.ts), and sends the
  // signal again although a `once` listener of the program's is at work: that has removed itself by then.
  const { signals } = await import('signal-exit/signals');
  acts.add(act);
  if (unhook === undefined) hook(signals);
  return () => {
    acts.delete(act);
    if (acts.size === 0) unhook?.();
  };
}

/** Two copies of this package may be in one process: neither takes the other for a listener of the program's own. */
function countCopies(): { count: number } {
  const shared = globalThis as Record<symbol, unknown>;
  const key = Symbol.for('rollcall.last-act');
  shared[key] ??= { count: 0 };
  return shared[key] as { count: number };
}

function hook(signals: readonly NodeJS.Signals[]): void {
  const copies = countCopies();
  const hear = (signal: NodeJS.Signals) => {
    if (process.listenerCount(signal) > copies.count + librariesListening()) return;
    runAll();
    unhook?.();
    process.kill(process.pid, signal);
    // As pid 1 of a container it lives on: the kernel ignores the default of a signal there.
    setImmediate(() => {
      if (acts.size > 0 && unhook === undefined) hook(signals);
    }).unref();
  };
  const heard = signals.filter((signal) => {
    try {
      // First in line, when a `once` listener can still be counted.
      process.prependListener(signal, hear);
      return true;
    } catch {
      // Not a signal of this platform.
      return false;
    }
  });
  process.on('exit', runAll);
  copies.count++;
  unhook = () => {
    unhook = undefined;
    copies.count--;
    process.off('exit', runAll);
    for (const signal of heard) process.off(signal, hear);
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
  for (const act of acts) {
    try {
      act();
    } catch {
      // The process is ending and nobody can be told; what is left behind is found dead by the next reader.
    }
  }
}
