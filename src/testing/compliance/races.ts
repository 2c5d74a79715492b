/** Many at once: one wins, nobody sees a part of anything, and nothing that stands still is missed. */

import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { isRollcallError } from '../../core/errors.js';
import type { Store } from '../../store/store.js';
import { assertSame, type Cases, type Context, newId } from './area.js';

/** `count` calls at once, by both users in turn. */
function together<T>({ store, other }: Context, count: number, call: (user: Store, index: number) => Promise<T>) {
  return Promise.allSettled(Array.from({ length: count }, (_, index) => call(index % 2 === 0 ? store : other, index)));
}

/** The one that was done; all others must have been refused for their condition. */
function onlyWinner<T>(outcomes: readonly PromiseSettledResult<T>[]): T {
  const won = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected' && !isRollcallError(outcome.reason, 'ROLLCALL_CONFLICT')) throw outcome.reason;
  }
  assert.equal(won.length, 1, `${won.length} of ${outcomes.length} were done; it must be one.`);
  return won[0] as T;
}

export const races: Cases = {
  'of many who put only if absent, one succeeds': async (context) => {
    const id = newId();
    const outcomes = await together(context, 50, (user, index) => user.put(id, `${index}`, { ifAbsent: true }));
    const won = onlyWinner(outcomes);
    for (const user of [context.store, context.other]) assertSame(await user.get(id), won);
  },

  'of many who put only if unchanged, one succeeds': async (context) => {
    const id = newId();
    const { version } = await context.store.put(id, 'first');
    const outcomes = await together(context, 100, (user, index) => user.put(id, `${index}`, { ifVersion: version }));
    const won = onlyWinner(outcomes);
    for (const user of [context.store, context.other]) assertSame(await user.get(id), won);
  },

  'of many who delete, one is told that it did': async (context) => {
    for (const isConditional of [true, false]) {
      const id = newId();
      const { version } = await context.store.put(id, 'x');
      const condition = isConditional ? { ifVersion: version } : undefined;
      const outcomes = await together(context, 50, (user) => user.delete(id, condition));
      const answers = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason));
      assert.equal(answers.filter((answer) => answer === true).length, 1);
      assert.equal(answers.filter((answer) => answer === false).length, 49);
    }
  },

  'of one who puts and one who deletes the same version, one succeeds': async ({ store, other }) => {
    for (let round = 0; round < 40; round++) {
      const id = newId();
      const { version } = await store.put(id, 'first');
      const put = () => store.put(id, 'second', { ifVersion: version }).then(() => 'put', refused);
      const remove = () => other.delete(id, { ifVersion: version }).then((done) => (done ? 'removed' : 'refused'));
      const [first, second] = round % 2 === 0 ? [put, remove] : [remove, put];
      // The later one meets the earlier one at another point in each round.
      const outcome = await Promise.all([first(), turns(round >> 1).then(second)]);
      const left = (await other.get(id))?.body;
      assert.equal(outcome.filter((each) => each === 'refused').length, 1, `${outcome.join(' and ')}, left: ${left}`);
      assert.equal(left, outcome.includes('put') ? 'second' : undefined);
    }
  },

  'a touch that meets a removal does not bring the entry back': async ({ store, other }) => {
    for (let round = 0; round < 20; round++) {
      const id = newId();
      await store.put(id, 'x');
      const acts = [store.touch(id), other.delete(id), store.touch(id), other.touch(id)];
      assert.equal((await Promise.all(acts))[1], true);
      assert.equal(await store.get(id), undefined);
      assert.equal(await other.touch(id), false);
    }
  },

  'nothing that is added only if unchanged gets lost': async ({ store, other }) => {
    const id = newId();
    await store.put(id, '0');
    const add = async (user: Store) => {
      for (let attempt = 0; ; attempt++) {
        // Each attempt that is refused makes room for one that is not: four who add need few.
        assert.ok(attempt < 200, 'It was refused again and again, on the version just read.');
        const entry = await user.get(id);
        assert.ok(entry !== undefined);
        try {
          await user.put(id, `${Number(entry.body) + 1}`, { ifVersion: entry.version });
          return;
        } catch (error) {
          if (!isRollcallError(error, 'ROLLCALL_CONFLICT')) throw error;
          await setImmediate();
        }
      }
    };
    const addFive = async (user: Store) => {
      for (let time = 0; time < 5; time++) await add(user);
    };
    await Promise.all([addFive(store), addFive(other), addFive(store), addFive(other)]);
    assert.equal((await other.get(id))?.body, '20');
  },

  'a reader sees one body or the other, whole, while it is rewritten': async ({ store, other }) => {
    const id = newId();
    const whole = new Set(['a', 'b'].map((letter) => letter.repeat(60_000)));
    const [a = '', b = ''] = whole;
    await store.put(id, a);
    let isOver = false;
    const read = async (user: Store) => {
      while (!isOver) {
        for (const entry of [await user.get(id), ...(await user.list())]) {
          assert.ok(entry !== undefined, 'It was missing for a moment.');
          assert.equal(entry.problem, undefined);
          const { body = '' } = entry;
          assert.ok(whole.has(body), `A part was seen: ${body.length} characters.`);
        }
        assert.equal((await user.list()).length, 1, 'It was not listed once.');
        await setImmediate();
      }
    };
    const write = async () => {
      try {
        for (let round = 0; round < 50; round++) {
          await store.put(id, round % 2 === 0 ? b : a);
          await store.touch(id);
        }
      } finally {
        isOver = true;
      }
    };
    await Promise.all([write(), read(store), read(other)]);
  },

  'an entry that nobody touches is in every listing, whatever happens around it': async ({ store, other }) => {
    const still = Array.from({ length: 20 }, () => newId('still'));
    for (const id of still) await store.put(id, 'still');
    let isOver = false;
    const stir = async (user: Store) => {
      try {
        for (let round = 0; round < 25; round++) {
          const id = newId('stir');
          await user.put(id, 'x');
          await user.put(id, 'y');
          await user.delete(id);
        }
      } finally {
        isOver = true;
      }
    };
    const read = async () => {
      while (!isOver) {
        const listed = await other.list();
        const ids = listed.map(({ id }) => id);
        assert.equal(new Set(ids).size, ids.length, 'An entry was listed twice.');
        assert.deepEqual(ids.filter((id) => id.startsWith('still')).sort(), [...still].sort());
        await setImmediate();
      }
    };
    await Promise.all([stir(store), stir(other), read()]);
    assert.equal((await store.list()).length, still.length);
  },
};

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await setImmediate();
}

const refused = (error: unknown) => {
  if (isRollcallError(error, 'ROLLCALL_CONFLICT')) return 'refused';
  throw error;
};
