/** What a store says of itself: each trait it has is tried, and of each it lacks the opposite. */

import assert from 'node:assert/strict';
import type { Store, StoreTraits } from '../../store/store.js';
import { assertSame, type Cases, newId } from './area.js';
import { allMethods, besides, deletingNow, holding, type OptionalMethod, stamping, sweeping } from './optional.js';

/** What a store declares. */
export interface Declared {
  readonly traits: StoreTraits;
  readonly methods: readonly OptionalMethod[];
}

/** The tests for a store that declares this. */
export function traitCases(declared: Declared): Cases {
  const { traits, methods } = declared;
  return {
    ...always(declared),
    ...(traits.reach === 'process' ? {} : reaching),
    ...(traits.expiry ? expiring : lasting),
    ...(methods.includes('watch') ? watching : {}),
    ...(traits.hints ? hinting : silent),
    ...(methods.includes('deleteNow') ? deletingNow : {}),
    ...(methods.includes('sweep') ? sweeping : {}),
    ...(methods.includes('stamp') ? stamping : {}),
    ...(methods.includes('hold') ? holding : {}),
    ...(methods.includes('beside') ? besides : {}),
  };
}

const always = ({ traits, methods }: Declared): Cases => ({
  'it is what it declares to be': async ({ store, other }) => {
    for (const user of [store, other]) {
      assert.deepEqual({ ...user.traits }, { ...traits });
      for (const method of allMethods) {
        const has = user[method] === undefined ? 'missing' : 'there';
        assert.equal(has, methods.includes(method) ? 'there' : 'missing', `${method} is ${has}, and not so declared.`);
      }
    }
  },

  'closing twice does no harm, and ends the watching': async ({ store, other, quiet }) => {
    let hints = 0;
    await store.watch?.(() => void hints++);
    await store.close();
    await store.close();
    const before = hints;
    await other.put(newId(), 'x');
    await other.list();
    await quiet();
    assert.equal(hints, before);
  },

  'closing harms neither the entries nor the other user': async ({ store, other, soon }) => {
    const id = newId();
    const put = await store.put(id, 'x');
    let hints = 0;
    if (store !== other && traits.hints) await other.watch?.(() => void hints++);
    await store.close();
    assertSame(await other.get(id), put);
    assert.equal((await other.list()).length, 1);
    assert.equal(await other.touch(id), true);
    await other.put(id, 'y');
    assert.equal((await other.get(id))?.body, 'y');
    if (store !== other && traits.hints) await soon('the other user is still told of changes', () => hints > 0);
    assert.equal(await other.delete(id), true);
  },
});

const reaching: Cases = {
  'it reaches beyond one object': async ({ store, other }) => {
    assert.notEqual(store, other, 'The `other` store must be another object, as it would be in another process.');
    const [a, b] = [newId(), newId()];
    await store.put(a, 'x');
    await other.put(b, 'y');
    for (const user of [store, other]) {
      assert.deepEqual((await user.list()).map(({ id }) => id).sort(), [a, b].sort());
    }
  },
};

const lasting: Cases = {
  'an entry that nobody touches stays': async ({ store, other, pass }) => {
    const id = newId();
    const put = await store.put(id, 'x');
    await pass(400 * 24 * 60 * 60_000);
    await store.put(newId(), 'y');
    await store.sweep?.();
    assertSame(await other.get(id), put);
    assert.equal((await other.list()).length, 2);
  },
};

const expiring: Cases = {
  'an entry that nobody touches goes, and one that is touched stays': async ({
    store,
    other,
    pass,
    soon,
    lifetime,
  }) => {
    const [left, touched] = [newId(), newId()];
    await store.put(left, 'x');
    await store.put(touched, 'y');
    for (let round = 0; round < 8; round++) {
      await pass(lifetime / 4);
      assert.equal(await store.touch(touched), true, 'It was touched in time, and went all the same.');
    }
    await soon('what nobody touched is gone', async () => (await other.get(left)) === undefined);
    assert.deepEqual(
      (await other.list()).map(({ id }) => id),
      [touched],
    );
    assert.equal(await store.touch(left), false);
  },
};

const watching: Cases = {
  'a watcher that leaves hears no more, and takes no other along': async ({ store, quiet, soon }) => {
    let [first, second] = [0, 0];
    const leave = await ask(store, () => void first++);
    await ask(store, () => void second++);
    await leave();
    await leave();
    const before = first;
    await soon('the other watcher of the same store is told', async () => {
      // What a store knows by itself, it tells, whether or not it hears of others.
      await store.put(newId(), 'x');
      return second > 0;
    });
    await quiet();
    assert.equal(first, before);
  },
};

const hinting: Cases = {
  'a watcher is told of a put and a removal, by whichever user': async ({ store, other, soon }) => {
    let hints = 0;
    const unwatch = await ask(store, () => void hints++);
    const id = newId();
    for (const user of [other, store]) {
      for (const act of [() => user.put(id, 'x'), () => user.delete(id)]) {
        const before = hints;
        await act();
        await soon('a hint comes', () => hints > before);
      }
    }
    await unwatch();
  },

  'a hint names the entry that changed, or none': async ({ store, other, soon }) => {
    const ids: (string | undefined)[] = [];
    const unwatch = await ask(store, (id) => void ids.push(id));
    const id = newId();
    await other.put(id, 'x');
    await soon('a hint comes', () => ids.length > 0);
    await unwatch();
    assert.deepEqual(
      ids.filter((each) => each !== undefined && each !== id),
      [],
    );
  },
};

const silent: Cases = {
  'no hint comes of what another user does': async ({ store, other, quiet }) => {
    if (store.watch === undefined) return;
    let hints = 0;
    const unwatch = await ask(store, () => void hints++);
    const id = newId();
    await other.put(id, 'x');
    await other.delete(id);
    await quiet();
    await unwatch();
    assert.equal(hints, 0, 'It does tell; then its trait `hints` should say so.');
  },
};

async function ask(store: Store, hint: (id?: string) => void) {
  assert.ok(store.watch !== undefined, 'It has no `watch`.');
  return store.watch(hint);
}
