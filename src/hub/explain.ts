/** What a host is told of a call that an instance has not answered. */

import { ProtocolError, SdkError } from '@modelcontextprotocol/client';
import { isRollcallError } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
import { obstacleIn, unreachable } from '../mcp/unreachable.js';

/** An error of the server's own is passed on as it is; any other names the instance. */
export function explain(instance: Instance, error: unknown): unknown {
  if (error instanceof ProtocolError || isRollcallError(error)) return error;
  if (error instanceof SdkError && error.code === 'CONNECTION_CLOSED') {
    return unreachable(instance, 'broken');
  }
  const { obstacle, status } = obstacleIn(error);
  return unreachable(instance, obstacle, { cause: error, status });
}
