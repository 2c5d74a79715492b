/** Keeping entries: put, get, list, touch, delete. */

import assert from 'node:assert/strict';
import { LARGEST_ENTRY } from '../../core/codec.js';
import type { Store } from '../../store/store.js';
import { assertSame, type Cases, newId } from './area.js';

/** Nothing of these may get lost, change, or be understood. */
const bodies: Readonly<Record<string, string>> = {
  'many scripts and a NUL': '{"text":"Grüße, 世界 🌍\u0000"}\n',
  'blanks around it': ' \t\r\n x \r\n\t ',
  'a byte order mark': '\ufeff{}',
  'line separators': 'a\u2028b\u2029c\u0085d\rf',
  'two forms of the same letter': '\u00e9 e\u0301',
  'what looks like a number': '007',
  'what looks like code': '"\\u0000", $(x) %s \' ; -- \\',
  'a format of the future': '{"format":99,"id":"another","__proto__":{"x":1}}',
  nothing: '',
  'as much as an entry may have': 'x'.repeat(LARGEST_ENTRY),
  'as much, in characters of four bytes': '🌍'.repeat(LARGEST_ENTRY / 4),
};

/** Names of which one could be taken for another, or for more than a name. */
const names = ['weather', 'Weather', 'WEATHER', 'weather.eu', 'weather_eu', 'weather-eu', 'a..b', '0', 'con', '1.json'];

export const entries: Cases = {
  'an entry is there, whole and for every user, when put resolves': async ({ store, other }) => {
    const [id, body] = [newId(), '{"text":"Grüße, 世界 🌍"}\n'];
    const put = await store.put(id, body);
    assert.deepEqual([put.id, put.body, put.problem], [id, body, undefined]);
    assert.ok(put.version.length > 0 && Number.isFinite(put.renewedAt));
    // Not one after the other: what is not there yet must not have time to come.
    const [own, got, listed] = await Promise.all([store.get(id), other.get(id), other.list()]);
    assertSame(own, put);
    assertSame(got, put);
    assert.equal(listed.length, 1);
    assertSame(listed[0], put);
  },

  'what is absent is a value, not an error': async ({ store, other }) => {
    for (const user of [store, other]) {
      assert.equal(await user.get(newId()), undefined);
      assert.deepEqual(await user.list(), []);
      assert.equal(await user.touch(newId()), false);
      assert.equal(await user.delete(newId()), false);
      assert.equal(await user.delete(newId(), { ifVersion: '1' }), false);
      assert.equal(user.deleteNow?.(newId(), () => true) ?? false, false);
      assert.equal((await user.sweep?.()) ?? 0, 0);
    }
  },

  'a body comes back as it was put, whatever is in it': async ({ store, other }) => {
    for (const [what, body] of Object.entries(bodies)) {
      const id = newId();
      const put = await store.put(id, body);
      const [got, listed] = [await other.get(id), (await other.list()).find((entry) => entry.id === id)];
      for (const entry of [put, got, listed]) assert.ok(entry?.body === body, `It did not come back whole: ${what}.`);
    }
  },

  'a second put replaces the first, whole': async ({ store, other }) => {
    const id = newId();
    const first = await store.put(id, 'the first, and the longer one');
    assert.equal((await other.list()).length, 1);
    const second = await other.put(id, 'second');
    assert.notEqual(second.version, first.version);
    for (const user of [store, other]) {
      assertSame(await user.get(id), second);
      assert.equal((await user.list()).length, 1);
      assertSame((await user.list())[0], second);
    }
  },

  'ids are kept apart, however alike they are': async ({ store, other }) => {
    const random = newId().slice('weather'.length);
    const long = `weather${random}`;
    const ids = [...names.map((name) => name + random), long + random, newId(), newId('w'.repeat(64))];
    for (const id of ids) await store.put(id, id, { ifAbsent: true });
    for (const id of ids) assert.equal((await other.get(id))?.body, id);
    assert.deepEqual((await other.list()).map(({ id }) => id).sort(), [...ids].sort());
    assert.equal(await other.delete(long), true);
    assert.equal(await other.touch(long), false);
    assert.deepEqual((await store.list()).map(({ id }) => id).sort(), ids.filter((id) => id !== long).sort());
  },

  'the listing holds every entry once': async ({ store, other }) => {
    const ids = Array.from({ length: 600 }, () => newId()).sort();
    await Promise.all(ids.map((id) => store.put(id, id)));
    const listed = await other.list();
    assert.deepEqual(listed.map(({ id }) => id).sort(), ids);
    assert.ok(listed.every(({ id, body }) => body === id));
  },

  'the listing shows changes, renewals and removals made since the last one': async ({
    store,
    other,
    passIfPossible,
  }) => {
    const [changed, renewed, removed, added] = [newId(), newId(), newId(), newId()];
    for (const id of [changed, renewed, removed]) await store.put(id, 'x');
    await Promise.all([store.list(), other.list()]);
    await passIfPossible(5_000);
    await store.put(changed, 'y');
    await store.touch(renewed);
    await store.delete(removed);
    await store.put(added, 'z');
    for (const user of [store, other]) {
      const listed = new Map((await user.list()).map((entry) => [entry.id, entry]));
      assert.deepEqual([...listed.keys()].sort(), [changed, renewed, added].sort());
      for (const [id, entry] of listed) assertSame(entry, await store.get(id));
      assert.deepEqual([listed.get(changed)?.body, listed.get(renewed)?.body], ['y', 'x']);
    }
  },

  'an entry is given back only if it has not changed, and with its text otherwise': async ({ store, other }) => {
    const [changed, renewed, removed, still] = [newId(), newId(), newId(), newId()];
    for (const id of [changed, renewed, removed, still]) await store.put(id, 'x');
    const lists = async (user: Store) => {
      const had = new Map((await user.list()).map((entry) => [entry.id, { ...entry, body: undefined }]));
      await other.put(changed, 'y');
      await other.touch(renewed);
      await other.delete(removed);
      const listed = await user.list({ last: (id) => had.get(id) });
      assert.deepEqual(listed.map(({ id }) => id).sort(), [changed, renewed, still].sort());
      for (const entry of listed) {
        const { id } = entry;
        const whole = await other.get(id);
        assertSame({ ...entry, body: entry.body ?? 'x' }, whole);
        if (id !== still) assert.equal(entry.body, whole?.body, 'It has changed since, and came without its text.');
        else if (entry.body === undefined) assert.equal(entry, had.get(id), 'It is to be given back, and not a copy.');
      }
      await other.put(changed, 'x');
      await other.put(removed, 'x');
    };
    for (const user of [store, other]) await lists(user);
  },

  'touching renews the entry, leaves its body alone and changes its version': async ({ store, other, pass }) => {
    const id = newId();
    const before = await store.put(id, 'body');
    await pass(5_000);
    assert.equal(await store.touch(id), true);
    const after = await other.get(id);
    assert.equal(after?.body, 'body');
    assert.notEqual(after?.version, before.version);
    const later = (after?.renewedAt ?? 0) - before.renewedAt;
    assert.ok(later > 4_000, `5,000 ms had passed, and it was renewed ${later} ms later.`);
  },

  'touching never brings an entry back': async ({ store, other }) => {
    const id = newId();
    await store.put(id, 'x');
    await other.delete(id);
    assert.equal(await store.touch(id), false);
    assert.deepEqual(await store.list(), []);
    assert.equal(await other.get(id), undefined);
  },

  'the version changes with every put and every touch': async ({ store, other, passIfPossible }) => {
    const id = newId();
    let { version } = await store.put(id, 'x');
    for (const act of ['put', 'put', 'touch', 'touch', 'put', 'touch'] as const) {
      await passIfPossible(5);
      // The same text again is a change, too.
      if (act === 'put') await store.put(id, 'x');
      else await store.touch(id);
      const next = (await other.get(id))?.version ?? '';
      assert.notEqual(next, version, `A ${act} left the version as it was.`);
      version = next;
    }
    assert.equal((await store.get(id))?.version, version, 'Reading it changes nothing.');
  },

  'deleting says whether there was something to delete': async ({ store, other }) => {
    const [id, kept] = [newId(), newId()];
    await store.put(id, 'x');
    await store.put(kept, 'y');
    assert.equal(await other.delete(id), true);
    assert.equal(await store.get(id), undefined);
    assert.equal(await store.delete(id), false);
    assert.equal(await other.delete(id), false);
    assert.deepEqual(
      (await store.list()).map((entry) => entry.id),
      [kept],
    );
  },

  'a store that cannot be reached says so, and never looks empty': async ({ store, other, fail }) => {
    const id = newId();
    await store.put(id, 'x');
    await fail();
    for (const user of [store, other]) {
      const calls = {
        list: () => user.list(),
        get: () => user.get(id),
        put: () => user.put(newId(), 'x'),
        'put if absent': () => user.put(newId(), 'x', { ifAbsent: true }),
        touch: () => user.touch(id),
        delete: () => user.delete(id),
      };
      for (const [what, call] of Object.entries(calls)) {
        await assert.rejects(call(), { code: 'ROLLCALL_STORE' }, `${what} did not reject with ROLLCALL_STORE.`);
      }
    }
  },
};
