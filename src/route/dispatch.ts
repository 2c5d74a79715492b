/** Whether a call that failed can have reached anyone. */

import { isRollcallError } from '../core/errors.js';
import { isUndelivered } from '../mcp/unreachable.js';

/**
 * Whether nobody accepted the connection over which it was to be sent (ECONNREFUSED, a socket that is not there,
 * ROLLCALL_UNREACHABLE because of that). For a function that sends one thing, that means that nothing was sent:
 * `router.use(query, send, { idempotent: isRefused })`. One that has sent something before may be refused as well.
 */
export function isRefused(error: unknown): boolean {
  return isUndelivered(error) || isRefusal(error);
}

/** That `rollcall/mcp` could not connect. */
export function isRefusal(error: unknown, id?: string): boolean {
  if (!isRollcallError(error, 'ROLLCALL_UNREACHABLE') || error.details.reason !== 'refused') return false;
  return id === undefined || error.details.id === id;
}

/** Whether it is the server's answer, in the words of the SDK: then it was reached, and it is no use to ask another. */
export function isAnswer(error: unknown): boolean {
  return error instanceof Error && error.name === 'ProtocolError';
}
