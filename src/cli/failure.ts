/** An end of a command that is no success, with what to tell the person. */

import { printable } from '../core/printable.js';

/** What the command line exits with. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, critical: 3, timeout: 124 } as const;

/** Its message is one line, whatever it quotes: an id or a reason with a line break would forge another. */
export class Failure extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = exitCodes.failed) {
    super(printable(message));
    this.exitCode = exitCode;
  }
}
