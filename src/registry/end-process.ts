/** Ends the process of an instance, and never another. */

import type { Instance } from '../core/instance.js';
import { printable } from '../core/printable.js';
import { type Proof, prove } from '../core/verdict.js';
import { pause } from '../process/turns.js';
import type { World } from './world.js';

/** Between two looks whether it has ended, in ms. */
const attention = 20;

/** How long it may take to be gone after SIGKILL, in ms: it may be waiting for a disk. */
const patience = 5_000;

/** How it came to its end: it had come to it before, by SIGTERM, or by SIGKILL. */
export type Ended = 'before' | 'SIGTERM' | 'SIGKILL';

/**
 * SIGTERM, and SIGKILL to what is still there after `grace` ms. Each time only after proof, in the same turn, that the
 * pid is still that process: a heartbeat is none.
 *
 * @throws Error that says why it was not ended, or cannot be.
 */
export async function endProcess({ probe }: Pick<World, 'probe'>, instance: Instance, grace: number): Promise<Ended> {
  const { id } = instance;
  const { pid, uid } = instance.process;
  const look = (): Proof => prove(instance.process, probe.observer, (at, start) => probe.look(at, start));
  if (pid === process.pid && look().verdict === 'alive') {
    throw new Error(`${id} is not stopped: that is this very process.`);
  }
  const send = async (signal: NodeJS.Signals): Promise<boolean> => {
    // Where a start time must be asked for (macOS, Windows), ask; what follows is one turn.
    await probe.inquire?.([pid]);
    const proof = look();
    if (proof.verdict === 'dead') return false;
    if (proof.verdict === undefined || probe.isSimulated === true) {
      const why = probe.isSimulated === true ? 'it is simulated' : printable(proof.reason);
      throw new Error(`${id} is not stopped: ${why}, so nothing proves that pid ${pid} is that process.`);
    }
    try {
      process.kill(pid, signal);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ESRCH') return false;
      const whose = uid === undefined ? 'another user' : `the user with id ${uid}`;
      throw new Error(`${id} is not stopped: process ${pid} belongs to ${whose} (${code}).`, { cause: error });
    }
    return true;
  };
  const isGone = async (within: number): Promise<boolean> => {
    for (let left = within; left > 0 && look().verdict !== 'dead'; left -= attention) await pause(attention);
    return look().verdict === 'dead';
  };
  if (!(await send('SIGTERM'))) return 'before';
  if (await isGone(grace)) return 'SIGTERM';
  await send('SIGKILL');
  if (!(await isGone(patience))) throw new Error(`${id} is still there after SIGKILL: process ${pid} cannot be ended.`);
  return 'SIGKILL';
}
