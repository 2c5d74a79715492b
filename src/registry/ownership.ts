/** Whose an entry is, and whether whom it speaks of is still there. */

import { decodePlain } from '../core/codec.js';
import { RollcallError } from '../core/errors.js';
import type { Instance, ProcessIdentity } from '../core/instance.js';
import { read } from '../core/read.js';
import { prove } from '../core/verdict.js';
import type { Probe } from '../process/probe.js';
import type { StoreEntry } from '../store/store.js';

/** What is proved of a process now, if anything is. */
export function verdictOn(process: ProcessIdentity, probe: Probe): 'alive' | 'dead' | undefined {
  return prove(process, probe.observer, (pid, start) => probe.look(pid, start)).verdict;
}

/**
 * Ids are random and never reused, so what stands under ours is ours if it speaks of our process, and also if it
 * is broken: then it is what is left of it. Of a newer format it is not.
 */
export function isOwn({ id, process: mine }: Instance, body: string): boolean {
  // Without the schema: this is also asked in the last act, which waits for nothing.
  const decoded = decodePlain(id, body, (raw) => ({ instance: raw as Partial<Instance> }));
  if (decoded.instance === undefined) return !decoded.isNewer;
  const theirs = decoded.instance.process;
  if (typeof theirs !== 'object' || theirs === null) return true;
  const fields = ['pid', 'start', 'machine', 'boot', 'pidNamespace'] as const;
  return fields.every((field) => mine[field] === theirs[field]);
}

/** Whether it can be read; what was `written` can. */
export async function isLegible({ id, body, problem }: StoreEntry, written: string): Promise<boolean> {
  return problem === undefined && (body === written || (await read(id, body)).instance !== undefined);
}

export function lost(id: string): RollcallError<'ROLLCALL_LOST'> {
  const message = `The entry ${id} was taken by another writer; it is left alone. Register again for a new id.`;
  return new RollcallError('ROLLCALL_LOST', message, { id });
}
