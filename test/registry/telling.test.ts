/** What is told on the channels, when, how often, and what it costs while nobody listens. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { encode } from '../../src/core/codec.js';
import type { Instance } from '../../src/index.js';
import { channels } from '../../src/process/channels.js';
import type { Sighting } from '../../src/registry/sighting.js';
import { tellDeregister, tellReap, tellRegister } from '../../src/registry/telling.js';
import { Verdicts } from '../../src/registry/verdicts.js';
import { createCluster } from '../../src/testing/index.js';
import { endpoints, fakeWorld } from '../support/fake-world.js';
import { makeInstance } from '../support/make-instance.js';
import { start as startProgram } from '../support/processes.js';
import { tempFolder } from '../support/temp.js';
import { listen, names, type Told } from '../support/told.js';

const weather = { name: 'weather', endpoints };
const brief = (told: readonly Told[]) =>
  told.map((message) => {
    if (message.channel === 'rollcall:verdict') return `${message.by} ${message.previous} ${message.verdict}`;
    return message.channel.slice('rollcall:'.length);
  });

test('the names of the channels, by which anyone can listen', () => {
  const words = ['register', 'deregister', 'discover', 'verdict', 'reap', 'health', 'route'];
  expect(names).toEqual(words.map((word) => `rollcall:${word}`));
});

describe('a registration', () => {
  test('is told when its entry is there, and when its owner has taken it back', async () => {
    const { clock, registry, store } = fakeWorld();
    const told = listen('rollcall:register', 'rollcall:deregister');
    const registering = registry.register(weather);
    expect(told).toEqual([]);
    const registration = await registering;
    const { id, instance } = registration;
    const registered = {
      channel: 'rollcall:register',
      at: clock.now(),
      id,
      name: 'weather',
      pid: instance.process.pid,
    };
    expect(told).toEqual([registered]);
    await registration.update({ title: 'x' });
    // Neither a change nor what the heartbeat puts back is another registration.
    await store.delete(id);
    await clock.advance(20_000);
    expect(await store.get(id)).toBeDefined();
    expect(told).toEqual([registered]);
    await registration.deregister();
    await registration.deregister();
    expect(told).toEqual([registered, { channel: 'rollcall:deregister', at: clock.now(), id, name: 'weather' }]);
  });

  test('is told of by `close` as well, and with the pid of the process it speaks of', async () => {
    const { registry } = fakeWorld();
    const told = listen('rollcall:register', 'rollcall:deregister');
    const { id } = await registry.register(weather, { pid: process.ppid });
    await registry.close();
    expect(told).toMatchObject([{ id, pid: process.ppid }, { id }]);
    expect(brief(told)).toEqual(['register', 'deregister']);
  });

  test('that fails, is not ours any more or was gone is not told of', async () => {
    const { registry, store, start } = fakeWorld();
    const [first, second] = [await registry.register(weather), await registry.register(weather)];
    const told = listen('rollcall:register', 'rollcall:deregister');
    store.at(1, () => Promise.reject(new Error('full')), 'put');
    await expect(registry.register(weather)).rejects.toThrow('full');
    await store.delete(first.id);
    await first.deregister();
    const other = await start(201, { id: second.id });
    await second.deregister();
    expect(await store.get(other.id)).toBeDefined();
    expect(told).toEqual([]);
  });

  test('that is too late is told of twice: it was there, and is taken back', async () => {
    const { registry, store } = fakeWorld();
    const controller = new AbortController();
    const told = listen('rollcall:register', 'rollcall:deregister');
    store.at(1, () => controller.abort(new Error('never mind')), 'put');
    await expect(registry.register(weather, { signal: controller.signal })).rejects.toThrow('never mind');
    expect(brief(told)).toEqual(['register', 'deregister']);
  });
});

describe('the end of a process', () => {
  const program = (ending: string, heard: string) => `
    import { subscribe } from 'node:diagnostics_channel';
    import { writeSync } from 'node:fs';
    import { register } from 'rollcall';
    subscribe('rollcall:deregister', ({ name }) => { writeSync(1, 'gone ' + name + '\\n'); ${heard} });
    await register({ name: 'one', endpoints: [{ type: 'stdio' }] });
    await register({ name: 'two', endpoints: [{ type: 'stdio' }] });
    setInterval(() => {}, 1_000);
    ${ending}`;
  const endings: [string, string, object][] = [
    ['exit', 'process.exit(7);', { code: 7, signal: null }],
    ['SIGTERM', "process.kill(process.pid, 'SIGTERM');", { code: null, signal: 'SIGTERM' }],
    ['an exception', "setTimeout(() => { throw new Error('x'); });", { code: 1, signal: null }],
  ];

  test.each(endings)('by %s is told of all that it takes back, before it ends as it would', async (_, ending, end) => {
    const directory = tempFolder();
    const running = run(program(ending, ''), directory);
    expect(await running.ended, running.errors()).toEqual(end);
    expect(running.lines).toEqual(['gone one', 'gone two']);
    expect(entriesIn(directory)).toEqual([]);
  });

  test.each(endings)('by %s takes all back also if who is told throws', async (_, ending, end) => {
    const directory = tempFolder();
    const running = run(program(ending, "throw new Error('mine');"), directory);
    expect(await running.ended, running.errors()).toEqual(end);
    expect(running.lines).toEqual(['gone one', 'gone two']);
    expect(entriesIn(directory)).toEqual([]);
  });

  test('takes all back also if who is told ends it at once', async () => {
    const directory = tempFolder();
    const running = run(program('process.exit(7);', 'process.exit(8);'), directory);
    expect((await running.ended).signal).toBeNull();
    expect(running.lines).toEqual(['gone one']);
    expect(entriesIn(directory)).toEqual([]);
  });

  const run = (script: string, directory: string) =>
    startProgram(process.execPath, ['--input-type=module', '-e', script], { ROLLCALL_DIR: directory });
  const entriesIn = (directory: string) =>
    readdirSync(join(directory, 'v1')).filter((name) => name.endsWith('.json') && !name.startsWith('.'));
});

describe('a discovery', () => {
  test('is told with what was asked, how many were found, and how long it took', async () => {
    const { clock, registry, store, start } = fakeWorld();
    await start(201);
    await start(202, { name: 'maps' });
    store.before.list = () => clock.stop(30);
    const told = listen('rollcall:discover');
    const query = { name: 'weather' };
    await registry.discover(query);
    store.before = {};
    await registry.discover();
    await registry.discover({ name: 'nobody' }, { near: '/' });
    const [first, ...others] = told as Extract<Told, { channel: 'rollcall:discover' }>[];
    expect(first).toEqual({
      channel: 'rollcall:discover',
      at: clock.now(),
      took: 30,
      method: 'discover',
      query,
      found: 1,
      picked: undefined,
    });
    expect(first?.query).toBe(query);
    expect(others).toMatchObject([
      { query: {}, found: 2, took: 0 },
      { query: { name: 'nobody' }, found: 0, took: 0 },
    ]);
  });

  test('that picks says whom, and of how many', async () => {
    const { clock, registry, store, start } = fakeWorld();
    const [a, b] = [await start(201), await start(202, { registeredAt: '2026-01-02T00:00:00.000Z' })];
    const told = listen('rollcall:discover');
    store.before.list = () => clock.stop(30);
    await registry.pick({ name: 'weather' });
    store.before = {};
    await registry.pick(undefined, { strategy: 'nearest', cwd: '/nowhere' });
    await registry.pick({ name: 'nobody' });
    await registry.pick({}, { id: a.id });
    await registry.waitFor({ name: 'weather' }, { strategy: 'oldest' });
    expect(told).toMatchObject([
      { method: 'pick', query: { name: 'weather' }, found: 2, picked: b.id, took: 30, at: clock.now() },
      { method: 'pick', query: {}, found: 2, picked: undefined, took: 0 },
      { method: 'pick', query: { name: 'nobody' }, found: 0, picked: undefined },
      { method: 'pick', found: 2, picked: a.id },
      { method: 'pick', found: 2, picked: a.id },
    ]);
  });

  test('is told in the context of who asked, so that spans have their parents', async () => {
    const { registry, start } = fakeWorld();
    await start(201);
    const context = new AsyncLocalStorage<string>();
    const heard: unknown[] = [];
    const hear = () => void heard.push(context.getStore());
    subscribe('rollcall:discover', hear);
    onTestFinished(() => void unsubscribe('rollcall:discover', hear));
    await Promise.all([
      context.run('a', () => registry.discover()),
      context.run('b', () => registry.pick()),
      context.run('c', () => registry.discover({ name: 'weather' }, { near: '/' })),
    ]);
    expect(heard.sort()).toEqual(['a', 'b', 'c']);
  });

  test('that is refused or fails is not told of: who asked hears of it', async () => {
    const { registry, store } = fakeWorld();
    const told = listen('rollcall:discover');
    await expect(registry.discover({ nam: 'x' } as never)).rejects.toMatchObject({ code: 'ROLLCALL_INVALID' });
    await expect(registry.pick({}, { id: makeInstance().id })).rejects.toMatchObject({ code: 'ROLLCALL_GONE' });
    store.before.list = () => Promise.reject(new Error('broken'));
    await expect(registry.discover()).rejects.toThrow('broken');
    expect(told).toEqual([]);
  });
});

describe('a verdict', () => {
  test('is told when it is the first, and when it is another; nothing in between', async () => {
    const { clock, probe, registry, start } = fakeWorld();
    const told = listen('rollcall:verdict');
    const { id } = await start(201);
    const registration = await registry.register({ name: 'maps', endpoints });
    for (let round = 0; round < 3; round++) {
      await registry.discover();
      await registry.get(id);
      await registry.pick();
      await registration.update({ title: `${round}` });
      await clock.advance(3_000);
    }
    expect(told).toMatchObject([
      { by: 'registry', verdict: 'alive', previous: undefined },
      { by: 'registry', verdict: 'alive', previous: undefined },
    ]);
    expect(told.map((message) => 'id' in message && message.id).sort()).toEqual([id, registration.id].sort());
    probe.kill(201);
    expect(await registry.get(id)).toBeUndefined();
    await registry.inspect();
    expect(told[2]).toEqual({
      channel: 'rollcall:verdict',
      at: clock.now(),
      by: 'registry',
      id,
      name: 'weather',
      verdict: 'dead',
      previous: 'alive',
      reason: 'process 201 has ended',
    });
    expect(told).toHaveLength(3);
  });

  test('is told once for each who observes, and says who it is', async () => {
    const { clock, probe, registry, start } = fakeWorld();
    await start(201);
    const told = listen('rollcall:verdict');
    const watcher = registry.watch();
    await clock.advance(1_000);
    await registry.discover();
    expect(brief(told)).toEqual(['watcher undefined alive', 'registry undefined alive']);
    probe.kill(201);
    await clock.advance(1_000);
    await registry.reap();
    expect(brief(told).slice(2)).toEqual(['watcher alive dead', 'reaper undefined dead']);
    await watcher.close();
  });

  test('is told once by a watcher that is hinted at an entry, and then looks at all', async () => {
    const { clock, probe, registry, store, start } = fakeWorld();
    const told = listen('rollcall:verdict');
    const watcher = registry.watch();
    await clock.advance(1_100);
    const { id } = await start(201);
    await clock.advance(10);
    expect(brief(told)).toEqual(['watcher undefined alive']);
    await clock.advance(5_000);
    expect(told).toHaveLength(1);
    await store.put(id, '{');
    await clock.advance(5_000);
    expect(told[1]).toMatchObject({ verdict: 'illegible', previous: 'alive', name: undefined });
    // Gone, and there again: the first verdict on it.
    const instance = makeInstance({ id, process: probe.run(202) });
    await store.delete(id);
    await clock.advance(1_000);
    await store.put(id, encode(instance));
    await clock.advance(1_000);
    expect(brief(told).slice(2)).toEqual(['watcher undefined alive']);
    await watcher.close();
  });

  test.each([
    ['discover', () => ({})],
    ['get', (id: string) => id],
  ] as const)('is the first again on an entry that was gone, as seen by %s', async (method, argument) => {
    const { registry, store, put, start } = fakeWorld();
    const instance = await start(201);
    const told = listen('rollcall:verdict');
    const ask = () => registry[method](argument(instance.id) as never);
    await ask();
    await store.delete(instance.id);
    await ask();
    await put(instance);
    await ask();
    expect(brief(told)).toEqual(['registry undefined alive', 'registry undefined alive']);
  });

  test('of one that was asked for by its id alone is told once', async () => {
    const { registry, start } = fakeWorld();
    const told = listen('rollcall:verdict');
    const { id } = await start(201);
    await registry.get(id);
    await registry.get(id);
    await registry.discover();
    expect(brief(told)).toEqual(['registry undefined alive']);
  });

  test('is told when the look is over: not what was thought on the way', async () => {
    const { clock, registry, store, put } = fakeWorld();
    const told = listen('rollcall:verdict');
    const instance = makeInstance({ ttl: 5_000, process: { pidNamespace: 'another' } });
    await put(instance);
    await registry.inspect();
    store.follow = async () => ({ wasHeld: true, hasEnded: async () => false, stop() {} });
    // Its heartbeat has lapsed, and it holds its lifeline.
    for (let round = 0; round < 5; round++) {
      await clock.advance(10_000);
      expect(await registry.get(instance.id)).toBeDefined();
      expect(await registry.discover()).toHaveLength(1);
    }
    expect(brief(told)).toEqual(['registry undefined alive']);
    store.follow = async () => undefined;
    await clock.advance(10_000);
    await registry.discover();
    expect(brief(told).slice(1)).toEqual(['registry alive stale']);
  });

  test('that was known before anyone listened is told when it changes', async () => {
    const { probe, registry, start } = fakeWorld();
    await start(201);
    await start(202);
    await registry.discover();
    const told = listen('rollcall:verdict');
    await registry.discover();
    expect(told).toEqual([]);
    probe.kill(201);
    await registry.discover();
    expect(brief(told)).toEqual(['registry alive dead']);
  });

  test('on the records of claims is nobody’s business', async () => {
    const { clock, registry } = fakeWorld();
    const told = listen('rollcall:verdict', 'rollcall:register', 'rollcall:reap');
    const claim = await registry.claim('leader');
    await expect(registry.claim('leader')).rejects.toMatchObject({ code: 'ROLLCALL_CONFLICT' });
    await clock.advance(60_000);
    await claim.release();
    expect(told).toEqual([]);
  });

  test('is remembered of no more than ten thousand that were only asked for by their id', () => {
    const told = listen('rollcall:verdict');
    const verdicts = new Verdicts(fakeWorld().clock, 'registry');
    const look = (id: number) =>
      verdicts.tellOne([], `${id}`, { id: `${id}`, verdict: 'alive', reason: '', renewedAt: 0, version: '' });
    for (let id = 0; id <= 10_000; id++) look(id);
    look(10_000);
    expect(told).toHaveLength(10_001);
    look(0);
    expect(told).toHaveLength(10_002);
  });
});

describe('reaping', () => {
  test('is told of each entry that was removed, with the reason; a dry run removes none', async () => {
    const { clock, probe, registry, start } = fakeWorld();
    const told = listen('rollcall:reap');
    const { id } = await start(201);
    await start(202);
    probe.kill(201);
    await registry.reap({ dryRun: true });
    expect(told).toEqual([]);
    await registry.reap();
    await registry.reap();
    const reason = 'process 201 has ended';
    const reaped = { channel: 'rollcall:reap', at: clock.now(), id, name: 'weather', verdict: 'dead', reason };
    expect(told).toEqual([reaped]);
  });

  test('in the background is told, too, of the dead and of who has long been silent', async () => {
    const { clock, probe, registry, start, put } = fakeWorld();
    const told = listen('rollcall:reap');
    await start(201, { name: 'dead' });
    await put(makeInstance({ name: 'silent', ttl: 5_000, process: { machine: 'machine-2' } }));
    registry.watch();
    probe.kill(201);
    await clock.advance(200_000);
    expect(told).toMatchObject([
      { name: 'dead', verdict: 'dead' },
      { name: 'silent', verdict: 'stale' },
    ]);
  });

  test('is told by the one of many who was first', async () => {
    const cluster = await createCluster({ instances: [{ name: 'dead' }, { name: 'a' }, { name: 'b' }] });
    onTestFinished(() => cluster.close());
    const told = listen('rollcall:reap');
    await cluster.kill('dead');
    await cluster.advance(120_000);
    expect(told).toMatchObject([{ name: 'dead', verdict: 'dead' }]);
  });
});

describe('while nobody listens', () => {
  test('no message is made: nothing is read of what it would say, and no clock', () => {
    const untouchable = new Proxy({}, { get: (_, key) => expect.fail(`${String(key)} was read`) });
    tellRegister(untouchable as never, untouchable as Instance);
    tellDeregister(untouchable as never, untouchable as Instance);
    tellReap(untouchable as never, untouchable as Sighting);
    const verdicts = new Verdicts(untouchable as never, 'registry');
    verdicts.tellAll([untouchable as Sighting], [untouchable as Sighting]);
    verdicts.tellOne([untouchable as Sighting], 'x', untouchable as Sighting);
    expect(() => {
      listen('rollcall:register');
      tellRegister(untouchable as never, untouchable as Instance);
    }).toThrow('was read');
  });

  test('nothing is published, and no clock is asked more often than before', async () => {
    const spies = Object.values(channels).map((channel) => vi.spyOn(channel, 'publish'));
    onTestFinished(() => {
      for (const spy of spies) spy.mockRestore();
    });
    const { clock, probe, registry, start } = fakeWorld();
    const asked = vi.spyOn(clock, 'monotonic');
    const ask = async () => {
      asked.mockClear();
      await registry.discover();
      await registry.pick();
      return asked.mock.calls.length;
    };
    await start(201);
    const registration = await registry.register(weather);
    await ask();
    const unheard = await ask();
    await registration.deregister();
    probe.kill(201);
    await registry.reap();
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    await start(202);
    await start(203);
    await ask();
    const hear = () => {};
    subscribe('rollcall:discover', hear);
    const heard = await ask();
    unsubscribe('rollcall:discover', hear);
    expect(heard).toBe(unheard + 4);
    expect(await ask()).toBe(unheard);
  });
});

test('who listens and throws harms nobody here: the process is told, as Node has it', async () => {
  const script = `
    import { subscribe } from 'node:diagnostics_channel';
    import { MemoryStore, Registry } from 'rollcall';
    subscribe('rollcall:register', () => { throw new Error('mine'); });
    const uncaught = [];
    process.on('uncaughtException', ({ message }) => uncaught.push(message));
    const registry = new Registry({ store: new MemoryStore() });
    const { name } = (await registry.register({ name: 'weather', endpoints: [{ type: 'stdio' }] })).instance;
    await new Promise(setImmediate);
    console.log(name, ...uncaught);`;
  const running = startProgram(process.execPath, ['--input-type=module', '-e', script]);
  expect(await running.ended, running.errors()).toEqual({ code: 0, signal: null });
  expect(running.lines).toEqual(['weather mine']);
});
