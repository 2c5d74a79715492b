/** `rollcall stop`: ends an instance, and never another process. */

import { setTimeout as pause } from 'node:timers/promises';
import { printable } from '../../core/printable.js';
import { prove } from '../../core/verdict.js';
import type { Registry } from '../../registry/registry.js';
import { Failure } from '../failure.js';
import { find } from '../find.js';
import type { Terminal } from '../terminal.js';

/** Between two looks whether it has ended, in ms. */
const attention = 20;

/** How long it may take to be gone after SIGKILL, in ms: it may be waiting for a disk. */
const patience = 5_000;

/**
 * SIGTERM, and SIGKILL to what is still there after `grace` ms. Each time only after proof, in the same turn, that the
 * pid is still that process: a heartbeat is none.
 */
export async function stop(
  registry: Registry,
  terminal: Terminal,
  word: string,
  { grace }: { grace: number },
): Promise<undefined> {
  const { instance, id, verdict, reason } = await find(registry, word, terminal, { isOnly: true });
  if (instance === undefined) throw new Failure(`${id} is ${verdict}: ${reason}.`);
  const { name } = instance;
  const { probe } = registry;
  const { pid, uid } = instance.process;
  const look = () => prove(instance.process, probe.observer, (at, start) => probe.look(at, start));
  const send = async (signal: NodeJS.Signals): Promise<boolean> => {
    // Where a start time must be asked for (macOS, Windows), ask; what follows is one turn.
    await probe.inquire?.([pid]);
    const proof = look();
    if (proof.verdict === 'dead') return false;
    if (proof.verdict === undefined) {
      throw new Failure(
        `${id} is not stopped: ${printable(proof.reason)}, so nothing proves that pid ${pid} is that process.`,
      );
    }
    try {
      process.kill(pid, signal);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ESRCH') return false;
      const whose = uid === undefined ? 'another user' : `the user with id ${uid}`;
      throw new Failure(`${id} is not stopped: process ${pid} belongs to ${whose} (${code}).`);
    }
    return true;
  };
  const isGone = async (within: number): Promise<boolean> => {
    for (let left = within; left > 0 && look().verdict !== 'dead'; left -= attention) await pause(attention);
    return look().verdict === 'dead';
  };

  // The beginning of an id is enough if it is one: `api` is not to end `api-gateway`.
  if (word !== name && word.length <= name.length + 1) {
    throw new Failure(`No live instance is named ${word}. ${id} begins alike; name it by its id, or more of it.`);
  }
  if (pid === process.pid) throw new Failure('That is this very process.');
  if (!(await send('SIGTERM'))) {
    terminal.say(printable(`${id} had ended already: ${look().reason}.`));
  } else if (await isGone(grace)) {
    terminal.say(`${id} (pid ${pid}) has ended.`);
  } else {
    await send('SIGKILL');
    if (!(await isGone(patience)))
      throw new Failure(`${id} is still there after SIGKILL: process ${pid} cannot be ended.`);
    terminal.say(`${id} (pid ${pid}) did not end by SIGTERM within ${grace / 1000} s, and was killed.`);
  }
  // So that whoever looks at the folder next need not find that out again.
  await registry.reap();
  return undefined;
}
