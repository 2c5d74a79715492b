/** The methods that a store may leave out: what those do that it has. */

import assert from 'node:assert/strict';
import type { Follower, Store } from '../../store/store.js';
import { assertConflict, assertSame, type Cases, newId } from './area.js';

export type OptionalMethod = 'watch' | 'sweep' | 'deleteNow' | 'stamp' | 'hold' | 'follow' | 'beside';

export const allMethods: readonly OptionalMethod[] = [
  'watch',
  'sweep',
  'deleteNow',
  'stamp',
  'hold',
  'follow',
  'beside',
];

export const deletingNow: Cases = {
  'deleting at once, as the last act of a process, asks whether the entry is its own': async ({ store, other }) => {
    const [mine, theirs] = [newId(), newId()];
    await store.put(mine, 'mine');
    await other.put(theirs, 'theirs');
    const asked: string[] = [];
    const isOwn = (body: string) => asked.push(body) > 0 && body === 'mine';
    assert.equal(store.deleteNow?.(mine, isOwn), true);
    assert.equal(store.deleteNow?.(theirs, isOwn), false);
    assert.deepEqual(asked, ['mine', 'theirs']);
    // Nobody has had a turn since; it was gone when the call returned.
    assert.deepEqual(
      (await other.list()).map(({ id }) => id),
      [theirs],
    );
    assert.equal(
      store.deleteNow?.(mine, () => true),
      false,
    );
  },
};

export const sweeping: Cases = {
  'sweeping touches no entry, and finds nothing where nobody crashed': async ({ store, other, passIfPossible }) => {
    const id = newId();
    const put = await store.put(id, 'x');
    await store.put(id, 'y', { ifAbsent: true }).catch(() => {});
    await store.put(id, 'y', { ifVersion: 'z' }).catch(() => {});
    await passIfPossible(24 * 60 * 60_000);
    assert.equal(await other.sweep?.({ dryRun: true }), 0);
    assert.equal(await other.sweep?.(), 0);
    assertSame(await store.get(id), put);
  },
};

export const besides: Cases = {
  'a store beside it has entries of its own, the same for all who ask for it by its name': async ({ store, other }) => {
    const id = newId();
    await store.put(id, 'here');
    assert.equal(await beside(store, 'claims').get(id), undefined);
    const put = await beside(store, 'claims').put(id, 'there', { ifAbsent: true });
    assertSame(await beside(other, 'claims').get(id), put);
    await assertConflict(beside(other, 'claims').put(id, 'again', { ifAbsent: true }), id);
    assert.equal(await beside(other, 'elsewhere').get(id), undefined);
    assert.equal((await other.get(id))?.body, 'here');
    assert.equal((await other.list()).length, 1, 'What is beside it is not in its list.');
    assert.equal(await beside(other, 'claims').delete(id), true);
    assert.equal((await store.get(id))?.body, 'here');
  },
};

function beside(store: Store, name: string): Store {
  const found = store.beside?.(name);
  assert.ok(found !== undefined, 'It gives no store; then leave out the method.');
  return found;
}

export const stamping: Cases = {
  'a stamp is told, and another one after every put and removal, by whichever user': async ({ store, other, soon }) => {
    const id = newId();
    await store.put(newId(), 'x');
    for (const user of [store, other]) {
      for (const act of [() => user.put(id, 'x'), () => user.put(id, 'y'), () => user.delete(id)]) {
        for (const asked of [store, other]) {
          await soon('a stamp can be told', async () => (await asked.stamp?.()) !== undefined);
        }
        const before = await Promise.all([store.stamp?.(), other.stamp?.()]);
        await act();
        const after = await Promise.all([store.stamp?.(), other.stamp?.()]);
        for (const [index, stamp] of after.entries()) {
          assert.ok(stamp === undefined || stamp !== before[index], 'The stamp is that of before the change.');
        }
      }
    }
  },
};

export const holding: Cases = {
  'what is let go of is told to whoever follows it, once, and only that': async ({ store, other, soon, quiet }) => {
    const [first, second] = [newId(), newId()];
    const told: string[] = [];
    const letGo: (() => void)[] = [];
    for (const id of [first, second]) {
      await store.put(id, 'x');
      letGo.push(await take(store.hold?.(id)));
      await follow(other, id, () => void told.push(id));
    }
    await quiet();
    assert.deepEqual(told, [], 'Nothing was let go of yet.');
    letGo[0]?.();
    await soon('the follower is told', () => told.length > 0);
    await quiet();
    assert.deepEqual(told, [first]);
  },

  'who stops following hears no more, and takes no other along': async ({ store, other, soon, quiet }) => {
    const id = newId();
    await store.put(id, 'x');
    const letGo = await take(store.hold?.(id));
    let [left, stayed] = [0, 0];
    const follower = await follow(other, id, () => void left++);
    await follow(other, id, () => void stayed++);
    follower.stop();
    follower.stop();
    letGo();
    await soon('the other follower is told', () => stayed > 0);
    await quiet();
    assert.equal(left, 0);
  },

  'what nobody holds is not said to be held': async ({ store, other }) => {
    const [never, before] = [newId(), newId()];
    for (const id of [never, before]) await store.put(id, 'x');
    const letGo = await take(store.hold?.(before));
    letGo();
    for (const id of [never, before]) {
      const follower = await other.follow?.(id, () => {});
      assert.notEqual(follower?.wasHeld, true);
      assert.notEqual(await follower?.hasEnded(), true, 'Nobody was seen to hold it: then no end is proved.');
    }
  },

  'who holds has not ended, and who lets go has not, either': async ({ store, other, soon }) => {
    const id = newId();
    await store.put(id, 'x');
    const letGo = await take(store.hold?.(id));
    let ended = 0;
    const follower = await follow(other, id, () => void ended++);
    assert.equal(await follower.hasEnded(), false);
    letGo();
    await soon('the follower is told', () => ended > 0);
    assert.equal(await follower.hasEnded(), false, 'Its process lives, and has only let go.');
  },

  'closing lets go of what was held': async ({ store, other, soon }) => {
    const id = newId();
    await store.put(id, 'x');
    await take(store.hold?.(id));
    let ended = 0;
    await follow(other, id, () => void ended++);
    await store.close();
    await soon('the follower is told', () => ended > 0);
  },
};

async function follow(store: Store, id: string, ended: () => void): Promise<Follower> {
  const follower = await take(store.follow?.(id, ended));
  assert.ok(follower.wasHeld, 'It is held, and not said to be.');
  return follower;
}

async function take<Value>(given: Promise<Value | undefined> | undefined): Promise<Value> {
  const value = await given;
  assert.ok(value !== undefined, 'It can neither hold nor follow; then leave out both methods.');
  return value;
}
