/** Holding a key alone: who gets it, who waits, who loses it. */

import { describe, expect, onTestFinished, test } from 'vitest';
import type { Claim } from '../../src/registry/claim.js';
import { createCluster } from '../../src/testing/cluster.js';
import { settle } from '../../src/testing/fake-clock.js';
import { FaultyStore, failing } from '../../src/testing/faulty-store.js';
import { fakeWorld } from '../support/fake-world.js';

const ttl = 9_000;

/** A machine with three processes, and one in a container. */
async function machine() {
  const errors: unknown[] = [];
  const cluster = await createCluster({ ttl, onError: (error) => void errors.push(error) });
  onTestFinished(() => cluster.close());
  const [a, b, c] = [
    await cluster.start({ name: 'a' }),
    await cluster.start({ name: 'b' }),
    await cluster.start({ name: 'c' }),
  ];
  const inside = await cluster.start({ name: 'inside' }, { namespace: 'container' });
  return { cluster, errors, a, b, c, inside };
}

/** Whether it was lost, as far as is known now. */
async function isLost(claim: Claim): Promise<boolean> {
  let lost = false;
  void claim.lost.then(() => {
    lost = true;
  });
  await settle();
  return lost;
}

const conflict = expect.objectContaining({ code: 'ROLLCALL_CONFLICT' });

describe('a key', () => {
  test('is held by one, and named in the error of the other', async () => {
    const { a, b } = await machine();
    const claim = await a.registry.claim('leader');
    expect(claim).toMatchObject({ key: 'leader', token: 1, isHeld: true });
    await expect(b.registry.claim('leader')).rejects.toMatchObject({
      code: 'ROLLCALL_CONFLICT',
      details: { key: 'leader', process: { pid: a.pid } },
      message: expect.stringContaining(`process ${a.pid}`),
    });
    await expect(a.registry.claim('leader')).rejects.toThrow(conflict);
    expect((await b.registry.claim('another')).token).toBe(1);
  });

  test('is free when it was released, and the next token is higher', async () => {
    const { a, b } = await machine();
    const first = await a.registry.claim('leader');
    expect(await first.release()).toBe(true);
    expect(first.isHeld).toBe(false);
    expect(await first.release()).toBe(false);
    expect(await first.check()).toBe(false);
    expect((await b.registry.claim('leader')).token).toBe(2);
  });

  test('is free at once when its holder was killed, or its pid is another process’s', async () => {
    const { cluster, a, b, c } = await machine();
    await a.registry.claim('leader');
    await cluster.kill(a);
    expect((await b.registry.claim('leader')).token).toBe(2);
    await cluster.reusePid(b);
    expect((await c.registry.claim('leader')).token).toBe(3);
  });

  test('is not free when its holder has passed it on, and was killed while another looked', async () => {
    const { cluster, a, b } = await machine();
    const claim = await a.registry.claim('leader');
    const records = cluster.store.beside?.('claims') as FaultyStore;
    const list = records.list.bind(records);
    records.list = async (options) => {
      const listed = await list(options);
      records.list = list;
      await claim.passTo(b.instance.process, {});
      await cluster.kill(a);
      return listed;
    };
    await expect(cluster.registry.claim('leader')).rejects.toMatchObject({ details: { process: { pid: b.pid } } });
    await cluster.kill(b);
    expect((await cluster.registry.claim('leader')).token).toBe(2);
  });

  test('stays with a holder that is stopped, for however long', async () => {
    const { cluster, a, b } = await machine();
    const claim = await a.registry.claim('leader');
    await cluster.stall(a);
    await cluster.advance(100 * ttl);
    await expect(b.registry.claim('leader')).rejects.toThrow(conflict);
    await cluster.resume(a);
    expect(await claim.check()).toBe(true);
    expect(await isLost(claim)).toBe(false);
  });

  test('stays with its holder while the machine sleeps and its clock is set', async () => {
    const { cluster, a, b } = await machine();
    const claim = await a.registry.claim('leader');
    await cluster.sleep(100 * ttl);
    await cluster.setClock('2031-01-01');
    await expect(b.registry.claim('leader')).rejects.toThrow(conflict);
    expect(await claim.check()).toBe(true);
  });

  test('is given back with the registry, and with what holds it', async () => {
    const { cluster, a, b, c } = await machine();
    await a.registry.claim('leader');
    await cluster.stop(a);
    {
      await using claim = await b.registry.claim('leader');
      expect(claim.token).toBe(2);
    }
    expect((await c.registry.claim('leader')).token).toBe(3);
  });

  test('may be any text, and each is another', async () => {
    const { a } = await machine();
    const keys = [
      'x',
      'X',
      'x ',
      '../../etc/passwd',
      '',
      '☃',
      '☃☃',
      'a/b',
      'a-b',
      `${'l'.repeat(1_000)}1`,
      `${'l'.repeat(1_000)}2`,
    ];
    for (const key of keys.filter(Boolean)) expect((await a.registry.claim(key)).token, key).toBe(1);
    for (const key of ['', 'l'.repeat(1_025), 5, undefined]) {
      await expect(a.registry.claim(key as string)).rejects.toMatchObject({
        code: 'ROLLCALL_INVALID',
        details: { problems: [expect.objectContaining({ path: 'key' })] },
      });
    }
  });

  test('leaves eight records behind it, and never fewer than one', async () => {
    const { cluster, a } = await machine();
    for (let token = 1; token <= 20; token++) {
      const claim = await a.registry.claim('leader');
      expect(claim.token).toBe(token);
      await claim.release();
    }
    expect(await cluster.store.beside?.('claims').list()).toHaveLength(8);
  });
});

describe('of a container, whose processes cannot be seen', () => {
  test('the key is taken when its heartbeat has lapsed, and it learns of that before all else', async () => {
    const { cluster, a, inside } = await machine();
    const claim = await inside.registry.claim('leader');
    await expect(a.registry.claim('leader')).rejects.toThrow(conflict);
    await cluster.advance(10 * ttl);
    await expect(a.registry.claim('leader')).rejects.toThrow(conflict);
    await cluster.stall(inside);
    await cluster.advance(2 * ttl);
    const next = await a.registry.claim('leader');
    expect(next.token).toBe(2);
    const told: string[] = [];
    void claim.lost.then(({ code }) => told.push(code));
    claim.signal.addEventListener('abort', () => told.push('aborted'));
    const releasing = claim.release().then((isReleased) => told.push(`released ${isReleased}`));
    await cluster.resume(inside);
    await releasing;
    expect(told).toEqual(['aborted', 'ROLLCALL_LOST', 'released false']);
    expect(await next.check()).toBe(true);
  });

  test('a holder that is awake keeps it', async () => {
    const { cluster, a, inside } = await machine();
    const claim = await inside.registry.claim('leader');
    for (let count = 0; count < 20; count++) {
      await cluster.advance(ttl);
      await expect(a.registry.claim('leader')).rejects.toThrow(conflict);
    }
    expect(await isLost(claim)).toBe(false);
  });
});

describe('waiting', () => {
  test('ends when the key is released', async () => {
    const { cluster, a, b, c } = await machine();
    const claim = await a.registry.claim('leader');
    const waiting = [b, c].map(({ registry }) => registry.claim('leader', { wait: true }));
    const got: number[] = [];
    for (const each of waiting) void each.then(({ token }) => got.push(token));
    await cluster.advance(10 * ttl);
    expect(got).toEqual([]);
    await claim.release();
    await cluster.advance(0);
    expect(got).toEqual([2]);
    await (await Promise.race(waiting)).release();
    await cluster.advance(0);
    expect(got).toEqual([2, 3]);
  });

  test('ends within a look when the holder is killed', async () => {
    const { cluster, a, b } = await machine();
    await a.registry.claim('leader');
    const waiting = b.registry.claim('leader', { wait: true });
    await cluster.advance(1_000);
    await cluster.kill(a);
    await cluster.advance(500);
    expect((await waiting).token).toBe(2);
  });

  test('ends when the time is up, saying who holds it', async () => {
    const { cluster, a, b } = await machine();
    const claim = await a.registry.claim('leader');
    const waiting = b.registry.claim('leader', { wait: 3_000 }).catch((error) => error);
    await cluster.advance(3_000);
    expect(await waiting).toMatchObject({
      code: 'ROLLCALL_TIMEOUT',
      message: expect.stringContaining(`process ${a.pid}`),
    });
    await claim.release();
    expect((await b.registry.claim('leader', { wait: 0 })).token).toBe(2);
  });

  test('ends with its signal, and leaves nothing behind', async () => {
    const { cluster, a, b } = await machine();
    const claim = await a.registry.claim('leader');
    const controller = new AbortController();
    const waiting = b.registry.claim('leader', { wait: true, signal: controller.signal });
    waiting.catch(() => {});
    await cluster.advance(100);
    controller.abort(new Error('no more'));
    await expect(waiting).rejects.toThrow('no more');
    await claim.release();
    await cluster.advance(1_000);
    expect((await a.registry.claim('leader')).token).toBe(2);
    await expect(b.registry.claim('leader', { signal: controller.signal })).rejects.toThrow('no more');
  });

  test('ends with the registry', async () => {
    const { cluster, a, b } = await machine();
    await a.registry.claim('leader');
    const waiting = b.registry.claim('leader', { wait: true });
    waiting.catch(() => {});
    await cluster.advance(100);
    await b.registry.close();
    await expect(waiting).rejects.toMatchObject({ code: 'ROLLCALL_CLOSED' });
    await expect(b.registry.claim('x')).rejects.toMatchObject({ code: 'ROLLCALL_CLOSED' });
  });

  test('for nothing: a claim that is made while the registry closes is given back', async () => {
    const { a, b } = await machine();
    const claiming = b.registry.claim('leader');
    claiming.catch(() => {});
    await b.registry.close();
    await expect(claiming).rejects.toMatchObject({ code: 'ROLLCALL_CLOSED' });
    expect((await a.registry.claim('leader')).isHeld).toBe(true);
  });

  test.each([[-1], ['long'], [Number.NaN]])('for %s is refused', async (wait) => {
    const { registry } = fakeWorld();
    await expect(registry.claim('x', { wait: wait as number })).rejects.toMatchObject({ code: 'ROLLCALL_INVALID' });
  });
});

describe('when someone meddles with the files', () => {
  test('a record that is removed is put back', async () => {
    const { cluster, a, b } = await machine();
    const claim = await a.registry.claim('leader');
    const records = cluster.store.beside?.('claims') as FaultyStore;
    const [record] = await records.list();
    await records.delete(record?.id ?? '');
    await cluster.advance(ttl);
    expect(await isLost(claim)).toBe(false);
    await expect(b.registry.claim('leader')).rejects.toThrow(conflict);
  });

  test('a record that is broken is mended, and meanwhile nobody takes the key', async () => {
    const { cluster, a, b } = await machine();
    const claim = await a.registry.claim('leader');
    const records = cluster.store.beside?.('claims') as FaultyStore;
    const [record] = await records.list();
    await cluster.stall(a);
    await records.put(record?.id ?? '', '{"format":1');
    await expect(b.registry.claim('leader')).rejects.toMatchObject({
      message: expect.stringContaining('cannot be read'),
    });
    await cluster.resume(a);
    await cluster.advance(ttl);
    expect(await claim.check()).toBe(true);
  });

  test('who lost it to another, because the files were removed, is told', async () => {
    const { cluster, a, b } = await machine();
    const claim = await a.registry.claim('leader');
    const records = cluster.store.beside?.('claims') as FaultyStore;
    await cluster.stall(a);
    for (const { id } of await records.list()) await records.delete(id);
    const next = await b.registry.claim('leader');
    await cluster.resume(a);
    expect(await isLost(claim)).toBe(true);
    expect(claim.signal.reason).toMatchObject({ code: 'ROLLCALL_LOST' });
    expect(await next.check()).toBe(true);
  });

  test('a record that nobody can read or renews holds the key only for a while', async () => {
    const { cluster, a } = await machine();
    await (await a.registry.claim('leader')).release();
    const records = cluster.store.beside?.('claims') as FaultyStore;
    const [record] = await records.list();
    await records.put(record?.id ?? '', '{"format":99}');
    await expect(a.registry.claim('leader')).rejects.toThrow(conflict);
    await cluster.advance(46_000);
    expect((await a.registry.claim('leader')).token).toBe(2);
  });
});

describe('when the store fails', () => {
  test('a claim is not made, and not left behind', async () => {
    for (const method of ['list', 'put'] as const) {
      const { cluster, b } = await machine();
      const records = cluster.store.beside?.('claims') as FaultyStore;
      records.before[method] = failing();
      await expect(cluster.registry.claim('leader')).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
      expect((await b.registry.claim('leader')).token).toBe(1);
    }
  });

  test('in the look after the key was taken, it is given back', async () => {
    const { cluster, b } = await machine();
    const records = cluster.store.beside?.('claims') as FaultyStore;
    records.at(2, failing(), 'list');
    await expect(cluster.registry.claim('leader')).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
    expect((await b.registry.claim('leader')).token).toBe(1);
  });

  test('an old record that cannot be removed is no reason to fail', async () => {
    const { cluster, errors } = await machine();
    const records = cluster.store.beside?.('claims') as FaultyStore;
    for (let token = 1; token <= 8; token++) await (await cluster.registry.claim('leader')).release();
    records.before.delete = failing();
    const claim = await cluster.registry.claim('leader');
    expect([claim.token, await claim.check(), errors.length]).toEqual([9, true, 1]);
  });

  test('a release can be tried again', async () => {
    const { cluster, b } = await machine();
    const records = cluster.store.beside?.('claims') as FaultyStore;
    const claim = await cluster.registry.claim('leader');
    records.before.put = failing();
    await expect(claim.release()).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
    expect(claim.isHeld).toBe(true);
    await expect(b.registry.claim('leader')).rejects.toThrow(conflict);
    records.before = {};
    expect(await claim.release()).toBe(true);
    expect((await b.registry.claim('leader')).token).toBe(2);
  });

  test('heartbeats go on, and of a streak of failures one is reported', async () => {
    const { cluster, errors } = await machine();
    const records = cluster.store.beside?.('claims') as FaultyStore;
    const claim = await cluster.registry.claim('leader');
    records.before.touch = failing();
    await cluster.advance(3 * ttl);
    expect(errors).toHaveLength(1);
    records.before = {};
    await cluster.advance(ttl);
    expect(await claim.check()).toBe(true);
  });

  test('a store that has none beside it cannot keep claims, and says so', async () => {
    const store = new FaultyStore();
    Object.assign(store, { beside: undefined });
    const { registry } = fakeWorld({ store });
    await expect(registry.claim('x')).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
  });
});

describe('an exclusive registration', () => {
  const endpoints = [{ type: 'stdio' }];

  test('is the only one of its name, and the other is told who that is', async () => {
    const { a, b } = await machine();
    const first = await a.registry.register({ name: 'db', endpoints, exclusive: true });
    expect(first.instance).not.toHaveProperty('exclusive');
    const error = await b.registry.register({ name: 'db', endpoints, exclusive: true }).catch((reason) => reason);
    expect(error).toMatchObject({
      code: 'ROLLCALL_CONFLICT',
      details: { key: 'db', holder: { id: first.id, name: 'db' } },
    });
    expect(error.message).toContain(first.id);
    expect((await b.registry.register({ name: 'other', endpoints, exclusive: true })).instance.name).toBe('other');
    expect((await b.registry.register({ name: 'db', endpoints })).instance.name).toBe('db');
  });

  test('is the only one of its key', async () => {
    const { a, b } = await machine();
    const first = await a.registry.register({ name: 'x', endpoints, exclusive: '/p/a' });
    await expect(b.registry.register({ name: 'y', endpoints, exclusive: '/p/a' })).rejects.toMatchObject({
      details: { key: '/p/a', holder: { id: first.id } },
    });
    await first.deregister();
    expect((await b.registry.register({ name: 'y', endpoints, exclusive: '/p/a' })).instance.name).toBe('y');
  });

  test('makes way at once for the next when its process was killed', async () => {
    const { cluster, a, b } = await machine();
    await a.registry.register({ name: 'db', endpoints, exclusive: true });
    await cluster.kill(a);
    const next = await b.registry.register({ name: 'db', endpoints, exclusive: true });
    expect((await cluster.registry.discover({ name: 'db' })).map(({ id }) => id)).toEqual([next.id]);
  });

  test('of a container that is silent makes way after its heartbeat, and is taken away when it comes back', async () => {
    const { cluster, errors, a, inside } = await machine();
    await inside.registry.register({ name: 'db', endpoints, exclusive: true });
    await cluster.stall(inside);
    await cluster.advance(2 * ttl);
    const next = await a.registry.register({ name: 'db', endpoints, exclusive: true });
    await cluster.resume(inside);
    await cluster.advance(100);
    expect((await cluster.registry.discover({ name: 'db' })).map(({ id }) => id)).toEqual([next.id]);
    expect(errors).toEqual([expect.objectContaining({ code: 'ROLLCALL_LOST' })]);
  });

  test('gives the name back at the second attempt, if the first fails', async () => {
    const { cluster, b } = await machine();
    const records = cluster.store.beside?.('claims') as FaultyStore;
    const first = await cluster.registry.register({ name: 'db', endpoints, exclusive: true });
    records.before.put = failing();
    await expect(first.deregister()).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
    records.before = {};
    expect(await first.deregister()).toBe(false);
    expect((await b.registry.register({ name: 'db', endpoints, exclusive: true })).instance.name).toBe('db');
  });

  test('that cannot be written gives the name back', async () => {
    const { cluster, b } = await machine();
    cluster.store.before.put = failing();
    await expect(cluster.registry.register({ name: 'db', endpoints, exclusive: true })).rejects.toMatchObject({
      code: 'ROLLCALL_STORE',
    });
    expect((await b.registry.register({ name: 'db', endpoints, exclusive: true })).instance.name).toBe('db');
  });

  test.each([[''], [5], [null]])('%j is refused', async (exclusive) => {
    const { registry } = fakeWorld();
    await expect(registry.register({ name: 'db', endpoints, exclusive: exclusive as never })).rejects.toMatchObject({
      details: { problems: [expect.objectContaining({ path: 'exclusive' })] },
    });
  });
});
