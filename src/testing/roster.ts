/** All that were started in a cluster, and how a test names one of them. */

import { RollcallError } from '../core/errors.js';
import type { RegistrationInput } from '../core/instance.js';
import type { Place } from './simulated-machine.js';
import type { SimulatedInstance, SimulatedProcess } from './simulated-process.js';

/**
 * An instance of a cluster: its id, its name if no other has it, or anything with its id, as `discover` and `pick`
 * give. `undefined` is refused when it is met, so that what `pick` gives can be passed on as it is.
 */
export type Which = string | { readonly id: string } | undefined;

/** One that was started, and its process. */
export interface Member {
  readonly process: SimulatedProcess;
  readonly handle: SimulatedInstance;
  /** With what, and where, it was started. */
  readonly input: RegistrationInput;
  readonly place: Place;
}

export class Roster {
  readonly #members: Member[] = [];

  add(member: Member): void {
    this.#members.push(member);
  }

  get size(): number {
    return this.#members.length;
  }

  /** In the order in which they were started. */
  get handles(): readonly SimulatedInstance[] {
    return this.#members.map(({ handle }) => handle);
  }

  /** @throws ROLLCALL_INVALID if it is none, or not one alone. */
  find(which: Which): Member {
    if (which === undefined) throw misuse('No instance was given: it is undefined.');
    const text = typeof which === 'string' ? which : which.id;
    const byId = this.#members.find(({ handle }) => handle.id === text);
    if (byId !== undefined) return byId;
    const [byName, ...others] = this.#members.filter(({ handle }) => handle.name === text);
    if (byName === undefined) {
      const present = this.size === 0 ? 'None was started.' : `There are: ${idsOf(this.#members)}.`;
      throw misuse(`No instance of this cluster has the id or the name "${text}". ${present}`);
    }
    if (others.length > 0) throw misuse(`More than one is named "${text}"; say which: ${idsOf([byName, ...others])}.`);
    return byName;
  }

  /** The process of one that has not ended. @throws ROLLCALL_INVALID */
  living(which: Which): SimulatedProcess {
    const { process, handle } = this.find(which);
    if (process.hasEnded) throw misuse(`The process of ${handle.id} was ${process.state} before.`);
    return process;
  }
}

/** What the test asks for cannot be. */
export function misuse(message: string): RollcallError<'ROLLCALL_INVALID'> {
  return new RollcallError('ROLLCALL_INVALID', message, { problems: [{ path: '', message }] });
}

const idsOf = (members: readonly Member[]) => members.map(({ handle }) => handle.id).join(', ');
