/** What every store must do, whatever it keeps its entries in. */

import { describe, expect, test } from 'vitest';
import { createId } from '../../src/core/id.js';
import type { Store } from '../../src/store/store.js';
import { eventually } from '../support/eventually.js';

export interface StoreUnderTest {
  readonly store: Store;
  /** Another user of the same entries. */
  readonly other: Store;
  /** Lets some time pass by the clock of both. */
  pass(ms: number): void;
}

/** Holds the store that `make` makes afresh for each test to the contract. */
export function storeSuite(name: string, make: () => Promise<StoreUnderTest> | StoreUnderTest): void {
  describe(`${name} keeps the contract`, () => {
    const id = () => createId('weather');

    test('an entry is there, whole and for every user, when put resolves', async () => {
      const { store, other } = await make();
      const [a, body] = [id(), '{"text":"Grüße, 世界 🌍\\u0000"}\n'];
      const put = await store.put(a, body);
      expect(put).toMatchObject({ id: a, body });
      expect(put.problem).toBeUndefined();
      expect(await store.get(a)).toEqual(put);
      expect(await other.get(a)).toEqual(put);
      expect(await other.list()).toEqual([put]);
    });

    test('what is absent is a value, not an error', async () => {
      const { store } = await make();
      expect(await store.get(id())).toBeUndefined();
      expect(await store.list()).toEqual([]);
      expect(await store.touch(id())).toBe(false);
      expect(await store.delete(id())).toBe(false);
      expect(await store.delete(id(), { ifVersion: '1' })).toBe(false);
      expect((await store.deleteNow?.(id(), () => true)) ?? false).toBe(false);
      expect((await store.sweep?.()) ?? 0).toBe(0);
    });

    test('a second put replaces the first', async () => {
      const { store, other } = await make();
      const a = id();
      const first = await store.put(a, 'first');
      expect(await other.list()).toHaveLength(1);
      const second = await store.put(a, 'second');
      expect(second.version).not.toBe(first.version);
      expect(await other.list()).toEqual([second]);
    });

    test('the listing holds every entry once', async () => {
      const { store, other } = await make();
      const ids = Array.from({ length: 600 }, id).sort();
      await Promise.all(ids.map((each) => store.put(each, each)));
      const listed = await other.list();
      expect(listed.map((entry) => entry.id).sort()).toEqual(ids);
      expect(listed.every((entry) => entry.body === entry.id)).toBe(true);
    });

    test('the listing shows changes, renewals and removals made since the last one', async () => {
      const { store, other, pass } = await make();
      const [a, b, c] = [id(), id(), id()];
      for (const each of [a, b, c]) await store.put(each, 'x');
      await other.list();
      pass(5_000);
      await store.put(a, 'y');
      await store.touch(b);
      await store.delete(c);
      const listed = new Map((await other.list()).map((entry) => [entry.id, entry]));
      expect([...listed.keys()].sort()).toEqual([a, b].sort());
      expect(listed.get(a)).toEqual(await store.get(a));
      expect(listed.get(a)?.body).toBe('y');
      expect(listed.get(b)).toEqual(await store.get(b));
    });

    test('touching renews the entry, leaves its body alone and changes its version', async () => {
      const { store, other, pass } = await make();
      const a = id();
      const before = await store.put(a, 'body');
      pass(5_000);
      expect(await store.touch(a)).toBe(true);
      const after = await other.get(a);
      expect(after?.body).toBe('body');
      expect(after?.version).not.toBe(before.version);
      expect((after?.renewedAt ?? 0) - before.renewedAt).toBeGreaterThan(4_000);
    });

    test('touching never brings an entry back', async () => {
      const { store, other } = await make();
      const a = id();
      await store.put(a, 'x');
      await other.delete(a);
      expect(await store.touch(a)).toBe(false);
      expect(await store.list()).toEqual([]);
    });

    test('put only if absent keeps what is there and says CONFLICT', async () => {
      const { store, other } = await make();
      const a = id();
      const first = await store.put(a, 'first', { ifAbsent: true });
      const refused = other.put(a, 'second', { ifAbsent: true });
      await expect(refused).rejects.toMatchObject({ code: 'ROLLCALL_CONFLICT', details: { id: a } });
      expect(await store.get(a)).toEqual(first);
      await store.delete(a);
      expect((await other.put(a, 'third', { ifAbsent: true })).body).toBe('third');
    });

    test('of many who put only if absent, one succeeds', async () => {
      const { store, other } = await make();
      const a = id();
      const all = Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? store : other).put(a, `${index}`, { ifAbsent: true }),
      );
      const won = (await Promise.allSettled(all)).filter(({ status }) => status === 'fulfilled');
      expect(won).toHaveLength(1);
      expect(await store.get(a)).toEqual(won[0]?.status === 'fulfilled' && won[0].value);
    });

    test('put only if unchanged succeeds on the version that was read', async () => {
      const { store, other } = await make();
      const a = id();
      const { version } = await store.put(a, 'first');
      expect((await other.put(a, 'second', { ifVersion: version })).body).toBe('second');
    });

    test.each<[string, (store: Store, a: string) => Promise<unknown>]>([
      ['rewritten', (store, a) => store.put(a, 'other')],
      ['renewed', (store, a) => store.touch(a)],
      ['removed', (store, a) => store.delete(a)],
    ])('put and delete only if unchanged leave an entry alone that was %s meanwhile', async (_, change) => {
      const { store, other, pass } = await make();
      const a = id();
      const { version } = await store.put(a, 'first');
      pass(5_000);
      await change(other, a);
      const left = await store.get(a);
      const refused = store.put(a, 'second', { ifVersion: version });
      await expect(refused).rejects.toMatchObject({ code: 'ROLLCALL_CONFLICT', details: { id: a } });
      expect(await store.delete(a, { ifVersion: version })).toBe(false);
      expect(await store.get(a)).toEqual(left);
    });

    test('deleting only if unchanged removes the version that was read', async () => {
      const { store, other } = await make();
      const a = id();
      await store.put(a, 'x');
      const [listed] = await other.list();
      expect(await other.delete(a, { ifVersion: listed?.version ?? '' })).toBe(true);
      expect(await store.get(a)).toBeUndefined();
    });

    test('deleting says whether there was something to delete', async () => {
      const { store, other } = await make();
      const a = id();
      await store.put(a, 'x');
      expect(await other.delete(a)).toBe(true);
      expect(await store.delete(a)).toBe(false);
    });

    test('deleting at once, as the last act of a process, asks whether the entry is its own', async () => {
      const { store, other } = await make();
      if (store.deleteNow === undefined) return;
      const [mine, theirs] = [id(), id()];
      await store.put(mine, 'mine');
      await store.put(theirs, 'theirs');
      const isOwn = (body: string) => body === 'mine';
      expect(store.deleteNow(mine, isOwn)).toBe(true);
      expect(store.deleteNow(theirs, isOwn)).toBe(false);
      expect((await other.list()).map((entry) => entry.id)).toEqual([theirs]);
    });

    test('a watcher is told of a put and a removal, by whichever user, and no more once it is taken back', async () => {
      const { store, other, pass } = await make();
      if (store.watch === undefined) return;
      let hints = 0;
      const unwatch = await store.watch(() => void hints++);
      for (const act of [(a: string) => other.put(a, 'x'), (a: string) => other.delete(a)] as const) {
        const before = hints;
        await act('weather-00000000000000000000000000');
        await eventually('a hint comes', () => hints > before);
      }
      await unwatch();
      const before = hints;
      await other.put(id(), 'x');
      pass(5_000);
      await other.list();
      expect(hints).toBe(before);
    });

    test('closing twice does no harm, and ends the watching', async () => {
      const { store, other } = await make();
      let hints = 0;
      await store.watch?.(() => void hints++);
      await store.close();
      await store.close();
      await other.put(id(), 'x');
      await other.list();
      expect(hints).toBe(0);
    });
  });
}
