/** Why there is no MCP server where an entry says that there is one. */

import { RollcallError, type RollcallErrorDetails } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
import { printable } from '../core/printable.js';

/** What an MCP server was not reached for. */
export type Obstacle = RollcallErrorDetails['ROLLCALL_UNREACHABLE']['reason'];

/** What is wrong, and what its user can do. */
const advice: Record<Obstacle, string> = {
  refused: 'accepts no connection there. It is about to start, or to end; `rollcall doctor` says what is registered.',
  unauthorized: 'does not let us in. Its entry needs the token that it asks for, as a header marked isSecret.',
  timeout: 'does not answer. It hangs, has been stopped, or stands in a debugger.',
  ended: 'is not there. What it offers is there again as soon as it is.',
  broken: 'has broken off in the middle: whether it was done is not known, and it is not done again.',
  'not-mcp': 'answers, but not as an MCP server does. Its entry may name another path than that of MCP.',
};

export function unreachable(
  { id, name }: Instance,
  obstacle: Obstacle,
  told: { cause?: unknown; status?: number | undefined } = {},
): RollcallError<'ROLLCALL_UNREACHABLE'> {
  const hint = told.status === undefined ? codeIn(told.cause) : `HTTP ${told.status}`;
  const message = printable(`${name} (${id}) ${advice[obstacle]}${hint === undefined ? '' : ` (${hint})`}`);
  return new RollcallError(
    'ROLLCALL_UNREACHABLE',
    message,
    { id, reason: obstacle, ...(told.status !== undefined && { status: told.status }) },
    { cause: told.cause },
  );
}

/** What the platform calls it: ECONNREFUSED, DEPTH_ZERO_SELF_SIGNED_CERT. */
const codeIn = (error: unknown): string | undefined =>
  causesOf(error)
    .map(({ code }) => code)
    .findLast((code): code is string => typeof code === 'string' && /^[A-Z][A-Z_]+$/.test(code));

/** Nobody was there to take what was sent: not a doubt about it. */
export function isUndelivered(error: unknown): boolean {
  return causesOf(error).some(({ code }) => code === 'ECONNREFUSED' || code === 'ENOENT');
}

/**
 * What an error of the SDK's, or of the platform's, comes from. They are told apart by what lies under them: the code of
 * "cannot connect" and of "401" differs from mode to mode.
 */
export function obstacleIn(error: unknown): { obstacle: Obstacle; status?: number | undefined } {
  const chain = causesOf(error);
  const status = chain.map((each) => numberOf(each, 'status') ?? numberOf(each, 'code')).find(isHttpStatus);
  if (status === 401 || status === 403) return { obstacle: 'unauthorized', status };
  const codes = chain.map((each) => (each as { code?: unknown }).code);
  // Over SSE the SDK keeps only the words of it.
  const hasCode = (...some: string[]) =>
    some.some((code) => codes.includes(code) || chain.some(({ message }) => message.includes(code)));
  if (chain.some(({ name }) => name === 'UnauthorizedError')) return { obstacle: 'unauthorized', status: 401 };
  if (hasCode('ECONNREFUSED', 'ENOENT')) return { obstacle: 'refused' };
  if (hasCode('ECONNRESET', 'EPIPE')) return { obstacle: 'broken' };
  if (hasCode('REQUEST_TIMEOUT') || chain.some(({ name }) => name === 'TimeoutError')) return { obstacle: 'timeout' };
  return { obstacle: 'not-mcp', status };
}

function causesOf(error: unknown): (Error & { readonly code?: unknown })[] {
  const chain: Error[] = [];
  for (let each = error; each instanceof Error && chain.length < 10; each = each.cause) {
    chain.push(each);
    if (each instanceof AggregateError) chain.push(...each.errors.filter((one) => one instanceof Error));
  }
  return chain;
}

const numberOf = (value: object, name: string): number | undefined => {
  const number: unknown = (value as Record<string, unknown>)[name];
  return typeof number === 'number' ? number : undefined;
};

const isHttpStatus = (status: number | undefined) => status !== undefined && status >= 300 && status < 600;
