/** Why a call was not answered: every attempt, and who was left out. */

import { type Attempt, type LeftOut, RollcallError } from '../core/errors.js';
import { printable } from '../core/printable.js';

/** How many of those left out a message tells of. */
const most = 8;

/** As much of a reason as is told. */
const longest = 500;

export interface Story {
  readonly query: object;
  /** The tool or path, if that was asked for. */
  readonly what?: string | undefined;
  readonly attempts: readonly Attempt[];
  readonly leftOut: readonly LeftOut[];
  /** Why it was given up, for people. */
  readonly because: string;
  readonly cause?: unknown;
}

export function unanswered(story: Story): RollcallError<'ROLLCALL_UNANSWERED'> {
  const { query, what, attempts, leftOut, because, cause } = story;
  const subject = what === undefined ? JSON.stringify(query) : `${what} (${JSON.stringify(query)})`;
  const tried = attempts.map(
    ({ attempt, name, id, took, reason }) => `  ${attempt}. ${name} (${id}), ${Math.round(took)} ms: ${reason}`,
  );
  const others = leftOut.slice(0, most).map(({ id, reason }) => `  ${id}: ${reason}`);
  if (leftOut.length > most) others.push(`  … and ${leftOut.length - most} more`);
  const lines = [
    `No answer to ${subject}: ${because}`,
    ...(tried.length > 0 ? ['Attempts:', ...tried] : []),
    ...(others.length > 0 ? ['Left out:', ...others] : []),
  ];
  const message = lines.map(printable).join('\n');
  return new RollcallError('ROLLCALL_UNANSWERED', message, { query, attempts, leftOut }, { cause });
}

/** What an error says, in one line; of several causes the innermost that says something. */
export function reasonOf(error: unknown): string {
  try {
    return told(error);
  } catch {
    // Whatever was thrown is the caller's, and may not even be made a text.
    return 'an error that cannot be told';
  }
}

function told(error: unknown): string {
  const said = error instanceof Error ? error.message || codeOf(error) || error.name : String(error);
  const cause = error instanceof Error && error.cause instanceof Error ? codeOf(error.cause) : undefined;
  const whole = cause === undefined || said.includes(cause) ? said : `${said} (${cause})`;
  const line = printable(whole.trim().replaceAll(/\s*\n\s*/g, '; '));
  return line.length > longest ? `${line.slice(0, longest)} …` : line;
}

function codeOf(error: Error): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}
