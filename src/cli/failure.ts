/** An end of a command that is no success, with what to tell the person. */

/** What the command line exits with. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, timeout: 124 } as const;

export class Failure extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = exitCodes.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}
