/** What a host gives back to go on with a call: with it, who asked. Another could make nothing of it. */

import { Mistake } from './mistake.js';

const mark = 'rollcall-at ';

interface Origin {
  /** Of the instance that asked. */
  readonly id: string;
  /** What it gave, if anything. */
  readonly state?: string | undefined;
}

export const continuedAt = (id: string, state: unknown): string =>
  mark + JSON.stringify({ id, ...(typeof state === 'string' && { state }) });

/** `undefined`: it is not one of ours, and no matter who answers. */
export function originOf(state: string | undefined): Origin | undefined {
  if (state?.startsWith(mark) !== true) return undefined;
  try {
    const { id, state: given } = JSON.parse(state.slice(mark.length)) as Record<string, unknown>;
    if (typeof id === 'string') return { id, ...(typeof given === 'string' && { state: given }) };
  } catch {
    // A host that changes what it was given.
  }
  throw new Mistake('The requestState is not the one that was given: begin the call anew.');
}
