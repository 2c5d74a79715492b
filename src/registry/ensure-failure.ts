/** What is told when a program that was to be started is not there. */

import { RollcallError, type RollcallErrorDetails } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
import { printable } from '../core/printable.js';
import type { Query } from '../core/query.js';
import { tailOf } from '../process/log-file.js';
import { holdingOf, tokenOf } from './claim-record.js';
import type { Sighting } from './sighting.js';

export type Failure = RollcallErrorDetails['ROLLCALL_FAILED'];

/** Whom we have waited for, if that was another starter. */
export function tellStarter(error: RollcallError<'ROLLCALL_TIMEOUT'>, newest: Instance | undefined): Error {
  const { keeper, isReleased, about } = holdingOf(newest);
  if (newest === undefined || isReleased === true) return error;
  const by =
    keeper === undefined ? `process ${newest.process.pid}` : `process ${keeper.pid}, as process ${newest.process.pid}`;
  const log = typeof about?.log === 'string' ? ` See ${printable(about.log)}` : '';
  const message = `${error.message}\nIt is being started by ${by}, since ${newest.updatedAt}.${log}`;
  return new RollcallError('ROLLCALL_TIMEOUT', message, error.details, { cause: error });
}

/** What we have started has not registered in time, or not as what was asked for. */
export function tellOverdue(
  error: RollcallError<'ROLLCALL_TIMEOUT'>,
  { pid, query = {}, timeout, ...failure }: Failure & { pid: number; query: Query | undefined; timeout: number },
): Error {
  const own = error.details.explanation.find(({ instance }) => instance?.process.pid === pid);
  const how =
    own === undefined ? 'did not register' : `registered as ${printable(own.id)}, which is no answer (${own.reason})`;
  const message = `No instance for ${JSON.stringify(query)} within ${timeout} ms: ${failure.command} was started, ${how}, and was ended.${tellOutput(failure)}`;
  const { log, tail } = failure;
  return new RollcallError('ROLLCALL_TIMEOUT', message, { ...error.details, timeout, log, tail }, { cause: error });
}

/** If whom we waited for has failed, so have we: a program that cannot start is not started once for everyone. */
export function failTogether(command: string | undefined): (newest: Sighting | undefined) => void {
  let awaited: number | undefined;
  return (newest) => {
    if (newest === undefined) return;
    const { isReleased, about } = holdingOf(newest.instance);
    const token = tokenOf(newest.id);
    if (isReleased !== true) {
      awaited = token;
    } else if (awaited === token && about?.failure !== undefined) {
      const details = about.failure as Failure;
      const how = details.signal ? `signal ${details.signal}` : `exit code ${details.code}`;
      throw failure(
        { ...details, command: details.command ?? command ?? '' },
        details.code === undefined ? 'it could not be started' : how,
      );
    }
  };
}

export function failure(details: Failure, how: string, cause?: unknown): RollcallError<'ROLLCALL_FAILED'> {
  const told =
    details.code === undefined
      ? `could not be started (${how}).`
      : `ended (${how}) before it had registered.${tellOutput(details)}`;
  return new RollcallError('ROLLCALL_FAILED', `${details.command} ${told}`, details, { cause });
}

export function tellOutput({ log, tail }: Failure): string {
  const output = tail ? ` Its last output:\n${tail}` : ' It has put out nothing.';
  return log === undefined ? output : `${output}\nSee ${log}`;
}

export function printableTail(path: string): string {
  try {
    return tailOf(path)
      .split('\n')
      .map((line) => printable(line))
      .join('\n');
  } catch {
    // Removed meanwhile: the error says all else.
    return '';
  }
}
