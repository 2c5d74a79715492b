/** A name that only one live instance may have. */

import { statuses } from '../core/bounds.js';
import { isRollcallError, RollcallError } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
import type { Query } from '../core/query.js';
import type { Claim } from './claim.js';
import { holdingOf } from './claim-record.js';
import type { Claims } from './claims.js';
import type { WaitOptions } from './options.js';
import type { Sighting } from './sighting.js';

/** How long to wait for the entry of a holder that is about to register, in ms. */
const patience = 1_000;

interface Source {
  waitFor(query: Query, options: WaitOptions): Promise<Instance>;
}

/** @throws ROLLCALL_CONFLICT with the instance that has the name. */
export async function claimName(
  registry: Source,
  claims: Claims,
  instance: Instance,
  exclusive: true | string,
): Promise<Claim> {
  const key = exclusive === true ? instance.name : exclusive;
  let newest: Sighting | undefined;
  try {
    return await claims.claim(`exclusive ${key}`, {
      process: instance.process,
      about: { id: instance.id },
      onLook: (seen) => {
        newest = seen;
      },
    });
  } catch (error) {
    if (!isRollcallError(error, 'ROLLCALL_CONFLICT')) throw error;
    const id = holdingOf(newest?.instance).about?.id;
    const holder = typeof id === 'string' ? await find(registry, id) : undefined;
    const by = holder?.id ?? `process ${error.details.process?.pid ?? 'of which nothing is known'}`;
    const message = `${instance.name} is not registered: ${by} is the only one that may be ${key}. Use that instance, or end it first.`;
    throw new RollcallError('ROLLCALL_CONFLICT', message, { ...error.details, key, holder }, { cause: error });
  }
}

async function find(registry: Source, id: string): Promise<Instance | undefined> {
  try {
    return await registry.waitFor({ id, status: statuses }, { timeout: patience });
  } catch (error) {
    // It holds the name, and has no entry: not yet, or not any more.
    if (isRollcallError(error, 'ROLLCALL_TIMEOUT')) return undefined;
    throw error;
  }
}
