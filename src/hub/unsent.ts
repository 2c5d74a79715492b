/** It is certain that nothing has been done: another may be asked. */
export class Unsent extends Error {
  /** What is told if there is no other. */
  readonly reason: unknown;

  constructor(reason: unknown) {
    super('Nothing was sent.');
    this.reason = reason;
  }
}
