/** What stands in the store for a claim: one record for each time a key was taken, numbered in a row.
 *
 * The one with the highest number says who holds the key, or that nobody does. Records are entries like others, in a
 * store beside them, so that reading and judging them is one and the same.
 */

import { createHash } from 'node:crypto';
import { nameIn } from '../core/id.js';
import { DEFAULT_TTL, FORMAT, type Instance, type ProcessIdentity } from '../core/instance.js';
import type { Probe } from '../process/probe.js';
import { verdictOn } from './ownership.js';
import type { Sighting } from './sighting.js';

/** How the 26 characters at the end of an id are used: what makes the key unique, and the number. */
const hashed = 14;
const digits = 12;

/** What a record says beside who made it, in its `metadata`. */
export interface Holding {
  readonly key: string;
  /** Tells the record from one that another made under the same number, after all were removed by hand. */
  readonly nonce: string;
  readonly isReleased: boolean;
  /** Who passed the key on to the process of the record, and looks after it. */
  readonly keeper?: ProcessIdentity | undefined;
  /** Whatever the holder wants those to know who come in vain. */
  readonly about?: Readonly<Record<string, unknown>> | undefined;
}

/** What the ids of all records of a key begin with: something of the key for people, and what makes it unique. */
export function recordPrefix(key: string): string {
  const shown = key
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 40)
    .replace(/-$/, '');
  const hash = BigInt(`0x${createHash('sha256').update(key).digest('hex')}`).toString(36);
  return `${shown || 'key'}-${hash.slice(0, hashed)}`;
}

export function recordId(prefix: string, token: number): string {
  return prefix + String(token).padStart(digits, '0');
}

export function prefixOf(id: string): string {
  return id.slice(0, -digits);
}

/** The number of a record: the fencing token of who made it. */
export function tokenOf(id: string): number {
  return Number(id.slice(-digits));
}

/** A record, as it is put. */
export function makeRecord(
  id: string,
  holding: Holding,
  { process, ttl, now }: { process: ProcessIdentity; ttl: number; now: number },
): Instance {
  const at = new Date(now).toISOString();
  return {
    format: FORMAT,
    id,
    name: nameIn(id),
    title: holding.key,
    // It holds a place, and cannot be reached.
    status: 'starting',
    endpoints: [],
    capabilities: [],
    tags: [],
    metadata: { ...holding },
    process,
    registeredAt: at,
    updatedAt: at,
    ttl,
  };
}

export function holdingOf(record: Instance | undefined): Partial<Holding> {
  return record?.metadata ?? {};
}

/** The records of a key, the newest last. */
export function recordsOf(sightings: readonly Sighting[], prefix: string): Sighting[] {
  const own = sightings.filter(({ id }) => id.length === prefix.length + digits && id.startsWith(prefix));
  return own.filter(({ id }) => Number.isSafeInteger(tokenOf(id))).sort((a, b) => tokenOf(a.id) - tokenOf(b.id));
}

/** Whether nobody holds the key any more, by its newest record. */
export function isFree({ instance, verdict, renewedAt }: Sighting, probe: Probe, now: number): boolean {
  // Of a newer version, or broken: someone may hold it, as long as it is renewed.
  if (instance === undefined) return now - renewedAt > DEFAULT_TTL;
  const { isReleased, keeper } = holdingOf(instance);
  if (isReleased === true || verdict === 'stale') return true;
  if (verdict !== 'dead') return false;
  // The process it was passed on to has ended; who passed it on has yet to say what became of it.
  const isSilent = now - renewedAt > instance.ttl;
  return keeper === undefined || isSilent || verdictOn(keeper, probe) === 'dead';
}
