/** What was read of the entries: all who look through one store share it, and none reads an entry twice. */

import { type Decoded, encode } from '../core/codec.js';
import type { Instance } from '../core/instance.js';
import { read } from '../core/read.js';
import type { ListedEntry, Store } from '../store/store.js';

/** An entry and what its text says. Without the text itself, which would be most of what it holds. */
export type Reading = ListedEntry & {
  readonly body: undefined;
  /** Missing if it is illegible. */
  readonly instance: Instance | undefined;
  readonly illegible: string | undefined;
};

const all = new WeakMap<Store, Readings>();

/** Those of this store. */
export function readingsOf(store: Store): Readings {
  const readings = all.get(store) ?? new Readings();
  all.set(store, readings);
  return readings;
}

export class Readings {
  readonly #last = new Map<string, Reading>();

  /** What was read last: the store gives it back instead of the entry, if that has not changed. */
  readonly last = (id: string): Reading | undefined => this.#last.get(id);

  /** What the entry says. An instance that has not changed is the same object. */
  of(entry: ListedEntry): Reading | Promise<Reading> {
    const { id, body = '', problem } = entry;
    if (isReading(entry)) return entry;
    if (problem !== undefined) return readingOf(entry, undefined, problem);
    const last = this.#last.get(id)?.instance;
    // As it was, or a heartbeat later.
    if (last !== undefined && encode(last) === body) return this.#keep(entry, { instance: last });
    const decoded = read(id, body);
    return decoded instanceof Promise ? decoded.then((late) => this.#keep(entry, late)) : this.#keep(entry, decoded);
  }

  /** Forgets all but these. */
  keep(ids: { readonly size: number; has(id: string): boolean }): void {
    if (this.#last.size <= ids.size) return;
    for (const id of this.#last.keys()) if (!ids.has(id)) this.#last.delete(id);
  }

  #keep(entry: ListedEntry, { instance, illegible }: Decoded): Reading {
    const last = this.#last.get(entry.id);
    const isSame = last !== undefined && isEqual(instance, last.instance);
    if (isSame && isOf(last, entry)) return last;
    const reading = readingOf(entry, isSame ? last.instance : instance, illegible);
    this.#last.set(reading.id, reading);
    return reading;
  }
}

/** Whether both say the same, in however different words. */
function isEqual(one: Instance | undefined, other: Instance | undefined): boolean {
  return one === other ? one !== undefined : one !== undefined && other !== undefined && encode(one) === encode(other);
}

function isOf({ version, renewedAt, mark }: Reading, entry: ListedEntry): boolean {
  const isAsGood = mark !== undefined || entry.mark === undefined;
  return version === entry.version && renewedAt === entry.renewedAt && isAsGood;
}

function readingOf(entry: ListedEntry, instance: Instance | undefined, illegible: string | undefined): Reading {
  const { version, renewedAt, mark, problem } = entry;
  // One text for the id, and not another one of which it is a part.
  const id = instance?.id ?? entry.id;
  return { id, body: undefined, version, renewedAt, mark, problem, instance, illegible };
}

function isReading(entry: ListedEntry): entry is Reading {
  return entry.body === undefined && 'instance' in entry;
}
