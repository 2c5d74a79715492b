/** The door: register, discover, get, pick, waitFor, reap, inspect, close. */

import { inspect } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { RollcallError } from '../../src/core/errors.js';
import { isIdOf } from '../../src/core/id.js';
import { Registry } from '../../src/registry/registry.js';
import { MemoryStore } from '../../src/store/memory-store.js';
import { settle } from '../../src/testing/fake-clock.js';
import { gate } from '../../src/testing/faulty-store.js';
import { eventually } from '../support/eventually.js';
import { endpoints, fakeWorld } from '../support/fake-world.js';
import { makeInstance } from '../support/make-instance.js';

const weather = { name: 'weather', endpoints };
const broken = () => {
  throw new RollcallError('ROLLCALL_STORE', 'the disk is on fire', {});
};
const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z`;

describe('the options', () => {
  test.each([
    ['a ttl of 0', { ttl: 0 }, 'ttl'],
    ['a ttl below a second', { ttl: 999 }, 'ttl'],
    ['a ttl above a day', { ttl: 86_400_001 }, 'ttl'],
    ['a ttl in words', { ttl: '45s' }, 'ttl'],
    ['a broken ttl', { ttl: 1_000.5 }, 'ttl'],
    ['an empty directory', { directory: '' }, 'directory'],
    ['an onError that is no function', { onError: 'console' }, 'onError'],
    ['an unknown option', { dir: '/tmp' }, 'dir'],
    ['a store and a directory', { store: new MemoryStore(), directory: '/tmp/x' }, 'directory'],
  ])('with %s are refused, naming it', (_, options, path) => {
    const make = () => new Registry(options as never);
    expect(make).toThrow(expect.objectContaining({ code: 'ROLLCALL_INVALID' }));
    expect(make).toThrow(expect.objectContaining({ details: { problems: [expect.objectContaining({ path })] } }));
  });

  test('may be left out, and given as undefined', () => {
    expect(new Registry()).toBeInstanceOf(Registry);
    expect(new Registry({ directory: undefined, ttl: undefined, onError: undefined })).toBeInstanceOf(Registry);
  });

  test('a ttl given to the registry is that of its instances, unless they have their own', async () => {
    const { registry } = fakeWorld({ ttl: 5_000 });
    expect((await registry.register(weather)).instance.ttl).toBe(5_000);
    expect((await registry.register({ ...weather, ttl: 7_000 })).instance.ttl).toBe(7_000);
  });
});

test('making a registry does nothing', async () => {
  const { clock, store, probe } = fakeWorld();
  await settle();
  expect(clock.pending).toBe(0);
  expect(store.calls).toEqual([]);
  expect(probe.looks).toEqual([]);
});

test('an error of background work is a process warning with its code unless someone takes it', async () => {
  const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  try {
    const registry = new Registry({ store: new MemoryStore() });
    registry.report(new RollcallError('ROLLCALL_STORE', 'cannot', {}));
    registry.report('text');
    expect(warning.mock.calls).toEqual([
      ['cannot', { type: 'RollcallWarning', code: 'ROLLCALL_STORE' }],
      ['text', { type: 'RollcallWarning' }],
    ]);
  } finally {
    warning.mockRestore();
  }
});

test.each([null, undefined, Object.create(null)])('a report of %s does not throw', (thrown) => {
  const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  try {
    expect(() => new Registry({ store: new MemoryStore() }).report(thrown)).not.toThrow();
  } finally {
    warning.mockRestore();
  }
});

test('an onError that throws hurts nobody', () => {
  const registry = new Registry({
    store: new MemoryStore(),
    onError: () => {
      throw new Error('mine');
    },
  });
  expect(() => registry.report(new Error('yours'))).not.toThrow();
});

describe('register', () => {
  test('stamps what the caller does not say', async () => {
    const { clock, probe, registry } = fakeWorld();
    const { id, instance } = await registry.register({ ...weather, metadata: { region: 'eu' } });
    const now = new Date(clock.now()).toISOString();
    expect(isIdOf('weather', id)).toBe(true);
    expect(instance).toEqual({
      format: 1,
      id,
      name: 'weather',
      endpoints,
      capabilities: [],
      tags: [],
      metadata: { region: 'eu' },
      status: 'ready',
      cwd: process.cwd(),
      process: probe.observer,
      registeredAt: now,
      updatedAt: now,
      ttl: 45_000,
    });
    expect(Object.isFrozen(instance)).toBe(true);
  });

  test('leaves the input of the caller alone', async () => {
    const { registry } = fakeWorld();
    const input = { name: 'weather', endpoints: [{ type: 'http', url: 'http://127.0.0.1:1/' }], tags: ['a'] };
    await registry.register(input);
    input.endpoints.push({ type: 'ws', url: 'ws://127.0.0.1:1/' });
    input.tags.push('b');
    const [found] = await registry.discover();
    expect(found?.endpoints).toHaveLength(1);
    expect(found?.tags).toEqual(['a']);
  });

  test('gives every registration an id of its own', async () => {
    const { registry } = fakeWorld();
    const all = await Promise.all(Array.from({ length: 50 }, () => registry.register(weather)));
    expect(new Set(all.map(({ id }) => id)).size).toBe(50);
    expect(await registry.discover()).toHaveLength(50);
  });

  test('refuses an invalid input, naming every problem, and writes nothing', async () => {
    const { store, registry } = fakeWorld();
    const input = { name: 'no spaces', endpoints: [{ type: 'http', url: 'http://127.0.0.1:0/' }], ttl: 5 };
    const error = await registry.register(input).catch((reason) => reason);
    expect(error).toMatchObject({ code: 'ROLLCALL_INVALID' });
    expect(error.details.problems.map(({ path }: { path: string }) => path).sort()).toEqual([
      'endpoints.0.url',
      'name',
      'ttl',
    ]);
    expect(store.calls).toEqual([]);
  });

  test.each([0, -1, 1.5, 4_194_305, '1'])('refuses the pid %s', async (pid) => {
    const { registry } = fakeWorld();
    await expect(registry.register(weather, { pid: pid as number })).rejects.toMatchObject({
      code: 'ROLLCALL_INVALID',
      details: { problems: [{ path: 'pid' }] },
    });
  });

  test('refuses an entry that would be too large for readers', async () => {
    const { store, registry } = fakeWorld();
    const tooLarge = registry.register({ ...weather, description: 'x'.repeat(65_536) });
    await expect(tooLarge).rejects.toMatchObject({ code: 'ROLLCALL_INVALID' });
    expect(await store.list()).toEqual([]);
  });

  test('one after the other in the same ms: the later is the newer', async () => {
    const { registry } = fakeWorld();
    const ids: string[] = [];
    for (let index = 0; index < 20; index++) ids.push((await registry.register(weather)).id);
    expect((await registry.discover()).map(({ id }) => id)).toEqual(ids);
    expect((await registry.pick())?.id).toBe(ids.at(-1));
  });

  test('rejects with the reason of an aborted signal and writes nothing', async () => {
    const { store, registry } = fakeWorld();
    const reason = new Error('enough');
    await expect(registry.register(weather, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(store.calls).toEqual([]);
  });

  test('takes the entry back when the signal is aborted while it is written', async () => {
    const { clock, store, registry } = fakeWorld();
    const door = gate();
    store.before.put = door.wait;
    const controller = new AbortController();
    const reason = new Error('enough');
    const registering = registry.register(weather, { signal: controller.signal });
    registering.catch(() => {});
    await door.reached;
    controller.abort(reason);
    door.open();
    await expect(registering).rejects.toBe(reason);
    expect(await store.list()).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('takes the entry back when the registry is closed while it is written', async () => {
    const { clock, store, registry } = fakeWorld();
    const door = gate();
    store.before.put = door.wait;
    const registering = registry.register(weather);
    registering.catch(() => {});
    await door.reached;
    const closed = registry.close();
    door.open();
    await closed;
    await expect(registering).rejects.toMatchObject({ code: 'ROLLCALL_CLOSED' });
    expect(await store.list()).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('rejects when the entry cannot be written, and leaves no timer and no listener', async () => {
    const { clock, store, registry } = fakeWorld();
    const before = process.listenerCount('exit');
    store.before.put = broken;
    await expect(registry.register(weather)).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
    expect(clock.pending).toBe(0);
    expect(process.listenerCount('exit')).toBe(before);
  });
});

describe('discover', () => {
  test('lists what is alive, oldest first, and nothing else', async () => {
    const { clock, probe, store, registry, start, put } = fakeWorld();
    const young = await start(201, { registeredAt: at(9) });
    const old = await start(202, { registeredAt: at(1) });
    const dead = await start(203);
    probe.kill(203);
    const reused = await start(204);
    probe.run(204, '77');
    await put(makeInstance({ process: { boot: 'boot-0' } }));
    const stale = await put(makeInstance({ process: { machine: 'machine-2' }, ttl: 1_000 }));
    await clock.advance(1_001);
    const foreign = await put(makeInstance({ process: { machine: 'machine-2' }, registeredAt: at(5) }));
    await store.put(makeInstance().id, 'not JSON');
    const before = await store.list();
    const ids = (await registry.discover()).map(({ id }) => id);
    expect(ids).toEqual([old.id, foreign.id, young.id]);
    expect(ids).not.toContain(dead.id);
    expect(ids).not.toContain(reused.id);
    expect(ids).not.toContain(stale.id);
    // Reading removes nothing.
    expect(await store.list()).toEqual(before);
    expect(store.calls).not.toContain('delete');
  });

  test('lists what meets all of the query', async () => {
    const { registry, start } = fakeWorld();
    const first = await start(201, { capabilities: ['weather.current'], metadata: { priority: 9 } });
    await start(202, { capabilities: ['weather.current'], metadata: { priority: 7 } });
    await start(203, { name: 'news', metadata: { priority: 9 } });
    const query = { name: 'weather', capability: 'weather.*', where: { 'metadata.priority': { $gte: 8 } } };
    expect((await registry.discover(query)).map(({ id }) => id)).toEqual([first.id]);
  });

  test('gives an empty list where nothing is registered', async () => {
    expect(await fakeWorld().registry.discover()).toEqual([]);
  });

  test('refuses a query with an unknown field instead of finding nothing', async () => {
    const { registry } = fakeWorld();
    await expect(registry.discover({ nam: 'weather' } as never)).rejects.toMatchObject({
      code: 'ROLLCALL_INVALID',
      details: { problems: [{ path: 'nam' }] },
    });
  });

  test('rejects when the store fails, and never looks empty', async () => {
    const { store, registry } = fakeWorld();
    store.before.list = broken;
    await expect(registry.discover()).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
  });

  test('rejects with the reason of an aborted signal', async () => {
    const { registry } = fakeWorld();
    const reason = new Error('enough');
    await expect(registry.discover({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test('goes through many more entries than one slice', async () => {
    const { registry, start } = fakeWorld();
    for (let pid = 1_000; pid < 1_400; pid++) await start(pid);
    expect(await registry.discover()).toHaveLength(400);
  });
});

describe('get', () => {
  test('gives the instance of an id while it is alive', async () => {
    const { probe, registry, start } = fakeWorld();
    const { id } = await start(201);
    expect((await registry.get(id))?.id).toBe(id);
    probe.kill(201);
    expect(await registry.get(id)).toBeUndefined();
  });

  test('gives undefined for what is absent or illegible', async () => {
    const { store, registry } = fakeWorld();
    const { id } = makeInstance();
    expect(await registry.get(id)).toBeUndefined();
    await store.put(id, '{}');
    expect(await registry.get(id)).toBeUndefined();
  });

  test.each(['', 'weather', '../../etc/passwd', 'a/b', '.hidden', 'x\0y'])(
    'does not ask the store for %j, which cannot be an id',
    async (id) => {
      const { store, registry } = fakeWorld();
      expect(await registry.get(id)).toBeUndefined();
      expect(store.calls).toEqual([]);
    },
  );

  test('rejects with the reason of an aborted signal', async () => {
    const { registry } = fakeWorld();
    const reason = new Error('enough');
    await expect(registry.get(makeInstance().id, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe('pick', () => {
  test('takes the newest of those that are ready, unless told otherwise', async () => {
    const { registry, start } = fakeWorld();
    const oldest = await start(201, { registeredAt: at(1) });
    const newest = await start(202, { registeredAt: at(2) });
    const draining = await start(203, { registeredAt: at(3), status: 'draining' });
    expect((await registry.pick())?.id).toBe(newest.id);
    expect((await registry.pick({}, { strategy: 'oldest' }))?.id).toBe(oldest.id);
    expect((await registry.pick({ status: 'draining' }))?.id).toBe(draining.id);
    expect((await registry.pick({ status: ['ready', 'draining'] }))?.id).toBe(draining.id);
    expect(await registry.pick({ name: 'news' })).toBeUndefined();
  });

  test('goes round per query', async () => {
    const { registry, start } = fakeWorld();
    const a = await start(201, { registeredAt: at(1) });
    const b = await start(202, { registeredAt: at(2) });
    const turn = async (query = {}) => (await registry.pick(query, { strategy: 'round-robin' }))?.id;
    expect([await turn(), await turn(), await turn()]).toEqual([a.id, b.id, a.id]);
    expect(await turn({ name: 'weather' })).toBe(a.id);
    expect(await turn()).toBe(b.id);
  });

  test('refuses an unknown strategy, also where there is nothing to pick from', async () => {
    const { registry } = fakeWorld();
    await expect(registry.pick({}, { strategy: 'nearby' as never })).rejects.toMatchObject({
      code: 'ROLLCALL_INVALID',
      details: { problems: [{ path: 'strategy' }] },
    });
  });
});

describe('waitFor', () => {
  test('gives what is there at once, without a timer', async () => {
    const { clock, registry, start } = fakeWorld();
    const { id } = await start(201);
    expect((await registry.waitFor({ name: 'weather' }, { timeout: 0 })).id).toBe(id);
    expect(clock.pending).toBe(0);
  });

  test('gives what comes later, keeping the process alive until then and no longer', async () => {
    const { clock, registry, start } = fakeWorld();
    const waiting = registry.waitFor({ name: 'weather' }, { timeout: 60_000 });
    await clock.advance(1_000);
    expect(clock.held).toBeGreaterThan(0);
    await start(201, { name: 'news' });
    await clock.advance(1_000);
    const { id } = await start(202);
    await clock.advance(600);
    expect((await waiting).id).toBe(id);
    expect(clock.pending).toBe(0);
  });

  test('gives an instance once it has become ready', async () => {
    const { clock, registry } = fakeWorld();
    const registration = await registry.register({ name: 'weather', status: 'starting' });
    const waiting = registry.waitFor({ name: 'weather' });
    await clock.advance(1_000);
    await registration.update({ status: 'ready', endpoints });
    await clock.advance(1_000);
    expect((await waiting).id).toBe(registration.id);
  });

  test('asks a strategy of the caller again when an instance has changed', async () => {
    const { clock, registry } = fakeWorld();
    const registration = await registry.register(weather);
    const waiting = registry.waitFor(
      {},
      { strategy: (all) => all.find(({ metadata }) => metadata.isWarm === true), timeout: 30_000 },
    );
    waiting.catch(() => {});
    await clock.advance(1_000);
    await registration.update({ metadata: { isWarm: true } });
    await clock.advance(30_000);
    expect((await waiting).id).toBe(registration.id);
  });

  test('says after the timeout what was there instead and why that was no answer', async () => {
    const { clock, probe, store, registry, start } = fakeWorld();
    const news = await start(201, { name: 'news' });
    const draining = await start(202, { status: 'draining' });
    const dead = await start(203);
    probe.kill(203);
    const illegible = makeInstance({ name: 'broken' });
    await store.put(illegible.id, 'x');
    const waiting = registry.waitFor({ name: 'weather' }, { timeout: 5_000 });
    waiting.catch(() => {});
    await clock.advance(4_999);
    expect(clock.pending).toBeGreaterThan(0);
    await clock.advance(1);
    const error = await waiting.catch((reason) => reason);
    expect(error).toMatchObject({ code: 'ROLLCALL_TIMEOUT', details: { query: { name: 'weather' }, timeout: 5_000 } });
    expect([...error.details.saw].sort()).toEqual(
      [
        `${news.id}: name is news`,
        `${draining.id}: status is draining`,
        `${dead.id}: dead: process 203 has ended`,
        `${illegible.id}: illegible: is not JSON`,
      ].sort(),
    );
    expect(error.message).toContain('{"name":"weather"}');
    expect(error.message).toContain('status is draining');
    expect(clock.pending).toBe(0);
  });

  test('says after the timeout that nothing is registered', async () => {
    const { clock, registry } = fakeWorld();
    const waiting = registry.waitFor({}, { timeout: 10 });
    waiting.catch(() => {});
    await clock.advance(10);
    await expect(waiting).rejects.toThrow('Nothing is registered');
  });

  test.each([undefined, Number.POSITIVE_INFINITY])('waits for ever with a timeout of %s', async (timeout) => {
    const { clock, registry, start } = fakeWorld();
    const waiting = registry.waitFor({}, { timeout });
    waiting.catch(() => {});
    await clock.advance(600_000);
    const { id } = await start(201);
    await clock.advance(1_000);
    expect((await waiting).id).toBe(id);
  });

  // setTimeout takes no more than 2^31 - 1 ms, and fires at once for more.
  test.each([-1, Number.NaN, '5', 2 ** 31])('refuses the timeout %s', async (timeout) => {
    const { registry } = fakeWorld();
    const waiting = registry.waitFor({}, { timeout: timeout as number });
    await expect(waiting).rejects.toMatchObject({ code: 'ROLLCALL_INVALID' });
  });

  test('rejects with the reason of its signal when it is aborted, and lets go of everything', async () => {
    const { clock, registry } = fakeWorld();
    const controller = new AbortController();
    const reason = new Error('enough');
    const waiting = registry.waitFor({}, { timeout: 60_000, signal: controller.signal });
    waiting.catch(() => {});
    await clock.advance(1_000);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(clock.pending).toBe(0);
  });

  test('rejects with the reason of a signal that was aborted before, or while it looks for the first time', async () => {
    const { clock, store, registry } = fakeWorld();
    const reason = new Error('enough');
    await expect(registry.waitFor({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const door = gate();
    store.before.list = door.wait;
    const controller = new AbortController();
    const waiting = registry.waitFor({}, { signal: controller.signal });
    waiting.catch(() => {});
    await door.reached;
    controller.abort(reason);
    door.open();
    await expect(waiting).rejects.toBe(reason);
    expect(clock.pending).toBe(0);
  });

  test('rejects with ROLLCALL_CLOSED when the registry is closed meanwhile', async () => {
    const { clock, registry } = fakeWorld();
    const waiting = registry.waitFor({});
    waiting.catch(() => {});
    await clock.advance(1_000);
    await registry.close();
    await expect(waiting).rejects.toMatchObject({ code: 'ROLLCALL_CLOSED' });
  });

  test('rejects when the store fails at the first look', async () => {
    const { store, registry } = fakeWorld();
    store.before.list = broken;
    await expect(registry.waitFor({})).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
  });
});

test('inspect shows everything with verdict and reason: the legible by age, then the illegible by id', async () => {
  const { probe, store, registry, start, put } = fakeWorld();
  const dead = await start(201, { registeredAt: at(2) });
  probe.kill(201);
  const alive = await start(202, { registeredAt: at(1) });
  const stale = await put(makeInstance({ registeredAt: at(3), process: { machine: 'machine-2' } }));
  const clockAhead = await registry.inspect();
  expect(clockAhead.map(({ verdict }) => verdict)).toEqual(['alive', 'dead', 'alive']);
  registry.clock.now = () => Date.parse('2026-01-02T00:00:00Z');
  const broken = ['b', 'a'].map((name) => makeInstance({ name }).id);
  for (const id of broken) await store.put(id, '{');
  const sightings = await registry.inspect();
  expect(sightings.map(({ id, verdict }) => [id, verdict])).toEqual([
    [alive.id, 'alive'],
    [dead.id, 'dead'],
    [stale.id, 'stale'],
    [broken[1], 'illegible'],
    [broken[0], 'illegible'],
  ]);
  expect(sightings[1]?.reason).toBe('process 201 has ended');
  expect(sightings[4]?.reason).toBe('is not JSON');
  expect(sightings[4]?.instance).toBeUndefined();
});

test('lists, events and inspections show no secret', async () => {
  const { registry } = fakeWorld();
  await registry.register({
    name: 'weather',
    endpoints: [
      { type: 'http', url: 'http://127.0.0.1:1/', headers: [{ name: 'A', value: 'canary', isSecret: true }] },
    ],
  });
  const shown = [await registry.discover(), await registry.inspect(), (await registry.reap({ dryRun: true })).kept];
  expect(JSON.stringify(shown)).not.toContain('canary');
  expect(inspect(shown, { depth: null, showHidden: true, getters: true })).not.toContain('canary');
});

describe('close', () => {
  test('deregisters what was registered, closes the watchers and leaves no timer', async () => {
    const { clock, store, registry } = fakeWorld();
    await registry.register(weather);
    await registry.register(weather);
    const watcher = registry.watch();
    await clock.advance(1_000);
    await registry.close();
    expect(await store.list()).toEqual([]);
    expect(watcher.isClosed).toBe(true);
    expect(clock.pending).toBe(0);
    await registry.close();
  });

  test('leaves the entries of others alone', async () => {
    const { store, registry, start } = fakeWorld();
    const { id } = await start(201);
    await registry.register(weather);
    await registry.close();
    expect((await store.list()).map((entry) => entry.id)).toEqual([id]);
  });

  test('rejects if an entry cannot be removed, and closes the rest all the same', async () => {
    const { clock, store, registry } = fakeWorld();
    const kept = await registry.register(weather);
    await registry.register(weather);
    const watcher = registry.watch();
    store.before.delete = (id) => (id === kept.id ? broken() : undefined);
    await expect(registry.close()).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
    expect((await store.list()).map(({ id }) => id)).toEqual([kept.id]);
    expect(watcher.isClosed).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test.each<[string, (registry: Registry) => unknown]>([
    ['register', (registry) => registry.register(weather)],
    ['discover', (registry) => registry.discover()],
    ['get', (registry) => registry.get(makeInstance().id)],
    ['pick', (registry) => registry.pick()],
    ['waitFor', (registry) => registry.waitFor()],
    ['watch', async (registry) => registry.watch()],
    ['reap', (registry) => registry.reap()],
    ['inspect', (registry) => registry.inspect()],
  ])('makes %s reject with ROLLCALL_CLOSED', async (_, ask) => {
    const { registry } = fakeWorld();
    await registry.close();
    await expect(ask(registry)).rejects.toMatchObject({ code: 'ROLLCALL_CLOSED' });
  });

  test('happens at the end of the block that owns the registry', async () => {
    const store = new MemoryStore();
    {
      await using registry = new Registry({ store });
      await registry.register(weather);
      expect(await store.list()).toHaveLength(1);
    }
    expect(await store.list()).toEqual([]);
  });
});

test('it sweeps while it holds a registration or a watcher, and not before or after', async () => {
  const { clock, probe, store, registry, start } = fakeWorld();
  await start(201);
  probe.kill(201);
  await registry.discover();
  await clock.advance(120_000);
  expect(await store.list()).toHaveLength(1);
  const registration = await registry.register(weather);
  await clock.advance(60_000);
  await eventually('the dead one is removed', async () => (await store.list()).length === 1);
  await registration.deregister();
  expect(clock.pending).toBe(0);
  await start(202);
  probe.kill(202);
  const watcher = registry.watch();
  await clock.advance(60_000);
  expect(await store.list()).toEqual([]);
  await watcher.close();
  expect(clock.pending).toBe(0);
});

test.each<[string, (registry: Registry) => Promise<unknown>]>([
  ['waitFor', (registry) => registry.waitFor({}, { timeOut: 5 } as object)],
  ['pick', (registry) => registry.pick({}, { stratgy: 'oldest' } as object)],
  ['discover', (registry) => registry.discover({}, { timeout: 5 } as object)],
  ['register', (registry) => registry.register({ name: 'a', status: 'starting' }, { ttl: 5 } as object)],
  ['reap', (registry) => registry.reap({ dryrun: true } as object)],
  ['watch', async (registry) => registry.watch({}, { timeout: 5 } as object)],
])('%s refuses an option that it does not take, and says which there are', async (_, call) => {
  const { registry } = fakeWorld();
  await expect(call(registry)).rejects.toMatchObject({
    code: 'ROLLCALL_INVALID',
    message: expect.stringContaining('not a known option; there is '),
  });
});
