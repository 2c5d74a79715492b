/** The one error class of rollcall, told apart by a string code. */

import type { Explanation } from './explanation.js';
import type { Instance, ProcessIdentity } from './instance.js';

/** Every code there is, and what it means. The table in README.md is held against this one by a test. */
export const errorCodes = {
  ROLLCALL_INVALID: 'What was passed in is not valid; every problem is named by its path.',
  ROLLCALL_CONFLICT: 'Another holds the key, or the entry is not as the condition of a store operation demands.',
  ROLLCALL_STORE: 'The registry could not be read or written.',
  ROLLCALL_LOST: 'The entry or the claim is no longer its own: another has taken it.',
  ROLLCALL_GONE: 'The instance that was named by its id is not there any more.',
  ROLLCALL_TIMEOUT: 'What was waited for did not come in time.',
  ROLLCALL_FAILED: 'A program that was started has ended, or could not be started, before it had registered.',
  ROLLCALL_UNREACHABLE: 'The instance is registered, and could not be connected to.',
  ROLLCALL_UNANSWERED: 'A call was answered by no instance: every attempt is named, with its reason.',
  ROLLCALL_CLOSED: 'The registry, registration or watcher has been closed already.',
} as const;

export type RollcallErrorCode = keyof typeof errorCodes;

/** One thing that is wrong with an input. */
export interface Problem {
  /** Where, as a dotted path: `endpoints.0.url`. Empty for the input as a whole. */
  readonly path: string;
  readonly message: string;
}

/** One attempt of a call that was routed, and what it failed with. */
export interface Attempt {
  readonly id: string;
  readonly name: string;
  /** From 1. */
  readonly attempt: number;
  /** In ms. */
  readonly took: number;
  readonly reason: string;
}

/** Who was not considered for a call, and why. */
export interface LeftOut {
  readonly id: string;
  readonly reason: string;
}

/** What an error of each code tells beside its message. */
export interface RollcallErrorDetails {
  ROLLCALL_INVALID: { readonly problems: readonly Problem[] };
  ROLLCALL_CONFLICT: {
    readonly id: string;
    /** What is held by another, if it is a claim or an exclusive name. */
    readonly key?: string;
    /** Which process holds it. */
    readonly process?: ProcessIdentity | undefined;
    /** The live instance that has the exclusive name, to be used instead. */
    readonly holder?: Instance | undefined;
  };
  ROLLCALL_STORE: { readonly path?: string };
  ROLLCALL_LOST: { readonly id: string };
  ROLLCALL_GONE: { readonly id: string; readonly reason: string };
  ROLLCALL_TIMEOUT: {
    readonly query: object;
    readonly timeout: number;
    /** Those that come closest, a line each. */
    readonly saw: readonly string[];
    /** All that was there, and why it was no answer: see `Registry.explain`. */
    readonly explanation: readonly Explanation[];
    /** Of a program that was started and did not register: the file with its output, and the last lines of that. */
    readonly log?: string | undefined;
    readonly tail?: string | undefined;
  };
  ROLLCALL_FAILED: {
    readonly command: string;
    /** How it ended; both are missing if it never began. */
    readonly code?: number | null;
    readonly signal?: string | null;
    /** The file with its output, and the last lines of that. */
    readonly log?: string | undefined;
    readonly tail?: string | undefined;
  };
  ROLLCALL_UNREACHABLE: {
    readonly id: string;
    readonly reason: 'refused' | 'unauthorized' | 'timeout' | 'ended' | 'broken' | 'not-mcp';
    /** Of its answer over HTTP, if that is what tells. */
    readonly status?: number;
  };
  ROLLCALL_UNANSWERED: {
    readonly query: object;
    /** In order; none if there was no instance. */
    readonly attempts: readonly Attempt[];
    /** At the last look. */
    readonly leftOut: readonly LeftOut[];
  };
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
