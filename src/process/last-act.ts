/** The last act of a process, however it ends short of SIGKILL. */

type Act = () => void;

const acts = new Set<Act>();
let unhook: (() => void) | undefined;

/**
 * Runs `act` synchronously when the process ends: normally, by an uncaught exception or by a signal whose default
 * is to end it. How it ends, its exit code or signal, is left as it would be. Returns what takes it back.
 *
 * A default SIGTERM does not emit `exit`, and a listener of one's own would stop it from ending the process:
 * signal-exit listens only as long as there is an act, and sends the signal again if nobody else listens.
 */
export async function onLastAct(act: Act): Promise<() => void> {
  const { onExit } = await import('signal-exit');
  acts.add(act);
  unhook ??= onExit(runAll);
  return () => {
    acts.delete(act);
    if (acts.size > 0) return;
    unhook?.();
    unhook = undefined;
  };
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
