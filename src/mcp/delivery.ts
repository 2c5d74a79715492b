/** Whether the messages of one call have reached anyone: what may be sent again, and what may not. */

import type { Onlooker } from './fetch.js';
import { isForgotten } from './forgotten.js';
import { isUndelivered } from './unreachable.js';

export interface Delivery {
  /** A message was refused: by nobody listening, or by a server that does not know the session. */
  wasRefused: boolean;
  /** A message was taken, or may have been: also if a later one, an answer to a question say, is refused. */
  mayBeTaken: boolean;
}

/** Notes what becomes of each message of the call that is being made, if one is. */
export function noting(call: () => Delivery | undefined): Required<Onlooker> {
  const note = (request: Request, isRefused: boolean) => {
    const delivery = call();
    if (delivery !== undefined && isRefused) delivery.wasRefused = true;
    else if (delivery !== undefined && request.method === 'POST') delivery.mayBeTaken = true;
  };
  return {
    answered: (request, status, refusal) => note(request, isForgotten(request, status, refusal)),
    failed: (request, error) => note(request, request.method === 'POST' && isUndelivered(error)),
  };
}
