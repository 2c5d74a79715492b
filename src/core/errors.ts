/** The one error class of rollcall, told apart by a string code. */

/** Every code there is, and what it means. The table in README.md is held against this one by a test. */
export const errorCodes = {
  ROLLCALL_INVALID: 'What was passed in is not valid; every problem is named by its path.',
  ROLLCALL_CONFLICT: 'The entry is not as the condition of a store operation demands.',
  ROLLCALL_STORE: 'The registry could not be read or written.',
  ROLLCALL_LOST: 'The entry of this registration is no longer its own: another writer has taken its id.',
  ROLLCALL_TIMEOUT: 'What was waited for did not come in time.',
  ROLLCALL_CLOSED: 'The registry, registration or watcher has been closed already.',
} as const;

export type RollcallErrorCode = keyof typeof errorCodes;

/** One thing that is wrong with an input. */
export interface Problem {
  /** Where, as a dotted path: `endpoints.0.url`. Empty for the input as a whole. */
  readonly path: string;
  readonly message: string;
}

/** What an error of each code tells beside its message. */
export interface RollcallErrorDetails {
  ROLLCALL_INVALID: { readonly problems: readonly Problem[] };
  ROLLCALL_CONFLICT: { readonly id: string };
  ROLLCALL_STORE: { readonly path?: string };
  ROLLCALL_LOST: { readonly id: string };
  ROLLCALL_TIMEOUT: { readonly query: object; readonly timeout: number; readonly saw: readonly string[] };
  ROLLCALL_CLOSED: Record<string, never>;
}

// Two copies of a package exist in real trees, so `instanceof` is not enough: the brand is shared by all copies.
const brand: unique symbol = Symbol.for('rollcall.error') as never;

/** What rollcall throws. Decide by `code`; the message says what failed, on what, and what to do. */
export class RollcallError<Code extends RollcallErrorCode = RollcallErrorCode> extends Error {
  override readonly name = 'RollcallError';
  readonly code: Code;
  readonly details: RollcallErrorDetails[Code];
  readonly [brand] = true;

  constructor(code: Code, message: string, details: RollcallErrorDetails[Code], options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}

/** Whether `error` is rollcall's, from whichever copy of the package, and of that `code` if one is given. */
export function isRollcallError<Code extends RollcallErrorCode = RollcallErrorCode>(
  error: unknown,
  code?: Code,
): error is RollcallError<Code> {
  if (typeof error !== 'object' || error === null || !(brand in error)) return false;
  return code === undefined || (error as RollcallError).code === code;
}

/** An error for a list of problems, each on a line of its own. */
export function invalid(what: string, problems: readonly Problem[]): RollcallError<'ROLLCALL_INVALID'> {
  const lines = problems.map(({ path, message }) => `  ${path === '' ? message : `${path}: ${message}`}`);
  return new RollcallError('ROLLCALL_INVALID', `${what} is not valid:\n${lines.join('\n')}`, { problems });
}
