/** The last act of a process, however it ends short of SIGKILL. */

import { withoutPatches } from './patches.js';

type Act = () => void;

const acts = new Set<Act>();
let unhook: (() => void) | undefined;

/**
 * Runs `act` synchronously when the process ends: normally, by an uncaught exception or by a signal whose default
 * is to end it. How it ends, its exit code or signal, is left as it would be. Returns what takes it back.
 *
 * A default SIGTERM does not emit `exit`, and a listener of one's own would stop it from ending the process:
 * signal-exit sends the signal again if nobody else listens. Nothing listens while there is no act.
 */
export async function onLastAct(act: Act): Promise<() => void> {
  const { onExit } = await import('signal-exit');
  acts.add(act);
  if (unhook === undefined) {
    let forgetSignals = () => {};
    unhook = () => {
      process.off('exit', runAll);
      forgetSignals();
    };
    process.on('exit', runAll);
    await withoutPatches(() => {
      forgetSignals = onExit(runAll);
    });
  }
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
