/** Conditions: an entry is written or removed only if it is as the caller thinks. */

import assert from 'node:assert/strict';
import type { Store } from '../../store/store.js';
import { assertConflict, assertSame, type Cases, newId } from './area.js';

/** What may happen to an entry between the look and the act. */
const changes: Readonly<Record<string, (store: Store, id: string) => Promise<unknown>>> = {
  rewritten: (store, id) => store.put(id, 'other'),
  renewed: (store, id) => store.touch(id),
  removed: (store, id) => store.delete(id),
};

export const conditions: Cases = {
  'put only if absent keeps what is there and says CONFLICT': async ({ store, other }) => {
    const id = newId();
    const first = await store.put(id, 'first', { ifAbsent: true });
    for (const user of [store, other]) await assertConflict(user.put(id, 'second', { ifAbsent: true }), id);
    assertSame(await store.get(id), first);
    await store.delete(id);
    assert.equal((await other.put(id, 'third', { ifAbsent: true })).body, 'third');
  },

  'put only if unchanged succeeds on the version that was read, again and again': async ({ store, other }) => {
    const id = newId();
    let { version } = await store.put(id, '0');
    for (let round = 1; round <= 5; round++) {
      const user = round % 2 === 0 ? store : other;
      const put = await user.put(id, `${round}`, { ifVersion: version });
      assert.equal(put.body, `${round}`);
      assertSame(await store.get(id), put);
      version = put.version;
    }
  },

  'put only if unchanged makes no new entry': async ({ store, other }) => {
    const [id, there] = [newId(), newId()];
    const { version } = await store.put(there, 'x');
    for (const ifVersion of ['', '1', version]) await assertConflict(store.put(id, 'y', { ifVersion }), id);
    assert.deepEqual(
      (await other.list()).map((entry) => entry.id),
      [there],
    );
  },

  ...Object.fromEntries(
    Object.entries(changes).map(([what, change]): [string, Cases[string]] => [
      `put and delete only if unchanged leave an entry alone that was ${what} meanwhile`,
      async ({ store, other, passIfPossible }) => {
        const id = newId();
        const { version } = await store.put(id, 'first');
        await passIfPossible(5_000);
        await change(other, id);
        const left = await store.get(id);
        await assertConflict(store.put(id, 'second', { ifVersion: version }), id);
        assert.equal(await store.delete(id, { ifVersion: version }), false);
        assertSame(await store.get(id), left);
      },
    ]),
  ),

  'versions are compared as they are': async ({ store, other }) => {
    const [id, neighbour] = [newId(), newId()];
    const entry = await store.put(id, 'x');
    const { version } = entry;
    const others = [
      (await store.put(neighbour, 'x')).version,
      '',
      version.slice(0, -1),
      version.slice(1),
      `${version} `,
      `0${version}`,
      `${version}0`,
      '*',
    ];
    for (const ifVersion of others) {
      assert.equal(await other.delete(id, { ifVersion }), false, `"${ifVersion}" is not "${version}".`);
      await assertConflict(other.put(id, 'y', { ifVersion }), id);
    }
    assertSame(await other.get(id), entry);
  },

  'deleting only if unchanged removes the version that was read': async ({ store, other }) => {
    const [id, kept] = [newId(), newId()];
    await store.put(id, 'x');
    await store.put(kept, 'x');
    const version = (await other.list()).find((entry) => entry.id === id)?.version ?? '';
    assert.equal(await other.delete(id, { ifVersion: version }), true);
    assert.equal(await store.get(id), undefined);
    assert.equal(await store.delete(id, { ifVersion: version }), false);
    assert.notEqual(await store.get(kept), undefined);
  },
};
