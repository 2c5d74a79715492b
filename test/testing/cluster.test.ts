/** The simulated cluster: what happens to its processes is what the real registry makes of it. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Change } from '../../src/core/diff.js';
import { FileStore } from '../../src/store/file/file-store.js';
import { type Cluster, type ClusterOptions, createCluster } from '../../src/testing/cluster.js';
import { settle } from '../../src/testing/fake-clock.js';
import { failing, gate } from '../../src/testing/faulty-store.js';
import type { SimulatedInstance } from '../../src/testing/simulated-process.js';
import { eventually } from '../support/eventually.js';
import { tempFolder } from '../support/temp.js';

const minute = 60_000;

async function newCluster(options: ClusterOptions = {}) {
  const errors: unknown[] = [];
  const cluster = await createCluster({ onError: (error) => void errors.push(error), ...options });
  onTestFinished(() => cluster.close());
  const { registry } = cluster;
  const ids = async () => (await registry.discover()).map(({ id }) => id);
  const verdicts = async () => (await registry.inspect()).map(({ verdict }) => verdict);
  return { cluster, registry, errors, ids, verdicts };
}

/** What a watcher of the client tells from now on. */
function record(registry: Awaited<ReturnType<typeof newCluster>>['registry']) {
  const watcher = registry.watch();
  const changes: string[] = [];
  const note = (type: Change['type'], id: string, reason = '') => void changes.push(`${type} ${id} ${reason}`.trim());
  watcher.on('add', ({ id }) => note('add', id));
  watcher.on('change', ({ id }) => note('change', id));
  watcher.on('remove', ({ id }, reason) => note('remove', id, reason));
  return changes;
}

function only({ instances: [instance] }: Cluster): SimulatedInstance {
  if (instance === undefined) throw new Error('nothing was started');
  return instance;
}

describe('starting', () => {
  test('every instance is there, oldest first, with a pid and an endpoint of its own', async () => {
    const { cluster, registry, ids } = await newCluster({
      instances: Array.from({ length: 20 }, (_, index) => ({ name: 'weather', metadata: { index } })),
    });
    expect(await ids()).toEqual(cluster.instances.map(({ id }) => id));
    const found = await registry.discover({ name: 'weather' });
    expect(found.map(({ metadata }) => metadata.index)).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(new Set(found.map(({ process }) => process.pid)).size).toBe(20);
    expect(new Set(found.map(({ endpoints }) => endpoints[0]?.url)).size).toBe(20);
    expect((await registry.pick())?.id).toBe(cluster.instances.at(-1)?.id);
  });

  test('what is given is registered as it is', async () => {
    const { cluster } = await newCluster({ ttl: 9_000 });
    const endpoints = [{ type: 'streamable-http', url: 'http://127.0.0.1:7778/mcp' }];
    const weather = await cluster.start({ name: 'weather', endpoints, tags: ['gpu'] });
    expect(weather).toMatchObject({
      name: 'weather',
      state: 'running',
      instance: { endpoints, tags: ['gpu'], ttl: 9_000 },
    });
    expect((await cluster.start({ name: 'maps', status: 'starting' })).instance.endpoints).toEqual([]);
    expect((await cluster.start({ name: 'maps', ttl: 5_000 })).instance.ttl).toBe(5_000);
  });

  test('an instance that is not valid is refused by the registry itself, and leaves nothing behind', async () => {
    const listeners = process.listenerCount('exit');
    await expect(createCluster({ instances: [{ name: 'weather' }, { name: 'no good' }] })).rejects.toMatchObject({
      code: 'ROLLCALL_INVALID',
      message: expect.stringContaining('name'),
    });
    expect(process.listenerCount('exit')).toBe(listeners);
    const { cluster, ids } = await newCluster();
    await expect(cluster.start({ name: '' })).rejects.toMatchObject({ code: 'ROLLCALL_INVALID' });
    expect(cluster.instances).toEqual([]);
    expect(await ids()).toEqual([]);
    const { observer } = cluster.registry.probe;
    expect(cluster.registry.probe.look(observer.pid + 1)).toEqual({ is: 'gone' });
  });

  test('it begins at the time that is given', async () => {
    const now = '2030-05-06T07:08:09.000Z';
    for (const form of [now, new Date(now), Date.parse(now)]) {
      const { cluster } = await newCluster({ now: form, instances: [{ name: 'weather' }] });
      expect(cluster.instances[0]?.instance.registeredAt).toBe('2030-05-06T07:08:09.001Z');
    }
  });
});

describe('while time passes', () => {
  test('heartbeats come, and nothing is lost in an hour', async () => {
    const { cluster, registry, ids, errors } = await newCluster({ instances: [{ name: 'weather' }, { name: 'maps' }] });
    const before = await ids();
    await cluster.advance(60 * minute);
    expect(await ids()).toEqual(before);
    for (const { renewedAt } of await registry.inspect()) {
      expect(registry.clock.now() - renewedAt).toBeLessThanOrEqual(15_000);
    }
    expect(errors).toEqual([]);
  });

  test('timers of all processes run in one order', async () => {
    const { cluster } = await newCluster();
    const order: string[] = [];
    const [a, b] = [await cluster.start({ name: 'a' }), await cluster.start({ name: 'b' })];
    const began = b.registry.clock.now();
    const note =
      (text: string, { clock }: typeof a.registry) =>
      () =>
        order.push(`${text} ${clock.now() - began}`);
    a.registry.clock.after(300, note('a', a.registry));
    b.registry.clock.after(100, note('b', b.registry));
    b.registry.clock.after(400, note('b', b.registry));
    cluster.registry.clock.after(200.5, note('client', cluster.registry));
    await cluster.advance(399);
    expect(order).toEqual(['b 100', 'client 201', 'a 300']);
    await cluster.advance(1);
    expect(order.at(-1)).toBe('b 400');
  });

  test('waiting and watching end when time passes, and not before', async () => {
    const { cluster, registry } = await newCluster();
    let found: string | undefined;
    void registry.waitFor({ where: { name: { $regex: '^wea' } } }).then(({ id }) => {
      found = id;
    });
    const weather = await cluster.start({ name: 'weather' });
    // It waits for a hint, which needs no time.
    await settle();
    expect(found).toBe(weather.id);
    const late = expect(registry.waitFor({ name: 'maps' }, { timeout: 5_000 })).rejects.toMatchObject({
      code: 'ROLLCALL_TIMEOUT',
    });
    await cluster.advance(5_000);
    await late;
  });

  test('time goes forward only', async () => {
    const { cluster } = await newCluster();
    for (const ms of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(cluster.advance(ms)).rejects.toMatchObject({ code: 'ROLLCALL_INVALID' });
    }
  });
});

test('it needs no timer of the runner, also not while that fakes them', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { cluster, ids } = await newCluster({ instances: [{ name: 'weather' }, { name: 'maps' }] });
  await cluster.kill('maps');
  await cluster.advance(minute);
  expect(await ids()).toEqual([cluster.instances[0]?.id]);
  expect(vi.getTimerCount()).toBe(0);
});

describe('ends', () => {
  test('killed: not discovered, still there, then swept away by the others', async () => {
    const { cluster, registry, ids, verdicts } = await newCluster({
      instances: [{ name: 'weather' }, { name: 'maps' }],
    });
    const changes = record(registry);
    await cluster.advance(100);
    const [weather, maps] = cluster.instances;
    await cluster.kill(weather);
    expect(weather?.state).toBe('killed');
    expect(await ids()).toEqual([maps?.id]);
    expect(await verdicts()).toEqual(['dead', 'alive']);
    await cluster.advance(1_000);
    expect(changes).toEqual([`add ${weather?.id}`, `add ${maps?.id}`, `remove ${weather?.id} dead`]);
    await cluster.advance(minute);
    expect(await verdicts()).toEqual(['alive']);
  });

  test('killed: nothing of it writes any more, not even what was under way', async () => {
    const { cluster, verdicts } = await newCluster({ instances: [{ name: 'weather' }] });
    const weather = only(cluster);
    await cluster.stall(weather);
    const update = expect(weather.registration.update({ title: 'x' })).rejects.toMatchObject({
      code: 'ROLLCALL_STORE',
    });
    await cluster.kill(weather);
    await update;
    await expect(weather.registration.update({ title: 'y' })).rejects.toMatchObject({ code: 'ROLLCALL_CLOSED' });
    expect(await weather.registration.deregister()).toBe(false);
    expect(weather.registry.store.deleteNow?.(weather.id, () => true)).toBe(false);
    expect(weather.instance.title).toBeUndefined();
    await cluster.advance(10);
    expect(await verdicts()).toEqual(['dead']);
  });

  test('its pid given to another process: as dead as before', async () => {
    const { cluster, registry, ids } = await newCluster({ instances: [{ name: 'weather' }, { name: 'maps' }] });
    await cluster.reusePid('weather');
    expect(await ids()).toEqual([cluster.instances[1]?.id]);
    const [sighting] = await registry.inspect();
    expect(sighting).toMatchObject({ verdict: 'dead', reason: expect.stringContaining('another process') });
    await cluster.kill('maps');
    await cluster.reusePid('maps');
    await cluster.reusePid('maps');
    expect(await ids()).toEqual([]);
  });

  test('stopped: deregistered', async () => {
    const { cluster, registry, ids, verdicts } = await newCluster({ instances: [{ name: 'weather' }] });
    const changes = record(registry);
    await cluster.advance(100);
    await cluster.stop('weather');
    expect(await ids()).toEqual([]);
    expect(await verdicts()).toEqual([]);
    await cluster.advance(1_000);
    expect(changes.at(-1)).toBe(`remove ${cluster.instances[0]?.id} deregistered`);
  });

  test('what has ended can neither be stopped, killed, stalled nor resumed', async () => {
    const { cluster } = await newCluster({ instances: [{ name: 'weather' }, { name: 'maps' }] });
    await cluster.kill('weather');
    await cluster.stop('maps');
    for (const act of ['stop', 'kill', 'stall', 'resume'] as const) {
      await expect(cluster[act]('weather')).rejects.toThrow('was killed before');
      await expect(cluster[act]('maps')).rejects.toThrow('was stopped before');
    }
  });
});

describe('stalled', () => {
  test('it is alive, whatever its heartbeat says, and late once it is resumed', async () => {
    const { cluster, registry, ids, verdicts } = await newCluster({
      instances: [{ name: 'weather' }, { name: 'maps' }],
    });
    const [weather] = cluster.instances;
    await cluster.stall('weather');
    const before = (await registry.inspect())[0]?.renewedAt;
    await cluster.advance(60 * minute);
    expect((await registry.inspect())[0]?.renewedAt).toBe(before);
    expect(weather?.state).toBe('stalled');
    expect(await ids()).toHaveLength(2);
    await cluster.resume('weather');
    expect((await registry.inspect())[0]?.renewedAt).toBe(registry.clock.now());
    expect(await verdicts()).toEqual(['alive', 'alive']);
  });

  test('its calls wait until it is resumed', async () => {
    const { cluster, registry } = await newCluster({ instances: [{ name: 'weather' }] });
    const weather = only(cluster);
    await cluster.stall(weather);
    await cluster.stall(weather);
    const update = weather.registration.update({ title: 'x' });
    await cluster.advance(1_000);
    expect((await registry.get(weather.id))?.title).toBeUndefined();
    await expect(cluster.stop(weather)).rejects.toThrow('resume it');
    await cluster.resume(weather);
    expect((await update).title).toBe('x');
    expect((await registry.get(weather.id))?.title).toBe('x');
    await cluster.resume(weather);
  });

  test('no timer of it runs until it is resumed, and then all that are late', async () => {
    const { cluster } = await newCluster({ instances: [{ name: 'weather' }] });
    const { clock } = only(cluster).registry;
    const ran: number[] = [];
    const began = clock.now();
    for (const delay of [300, 100, 2_000]) clock.after(delay, () => ran.push(clock.now() - began));
    await cluster.stall('weather');
    await cluster.advance(1_000);
    expect(ran).toEqual([]);
    await cluster.resume('weather');
    expect(ran).toEqual([1_000, 1_000]);
    await cluster.advance(1_000);
    expect(ran).toEqual([1_000, 1_000, 2_000]);
  });

  test('it may be killed', async () => {
    const { cluster, verdicts } = await newCluster({ instances: [{ name: 'weather' }] });
    await cluster.stall('weather');
    await cluster.kill('weather');
    await cluster.advance(1_000);
    expect(await verdicts()).toEqual(['dead']);
  });
});

describe('asleep', () => {
  test('a night costs nobody its place', async () => {
    const { cluster, registry, verdicts } = await newCluster({ instances: [{ name: 'weather' }, { name: 'maps' }] });
    const changes = record(registry);
    await cluster.advance(100);
    const before = [registry.clock.now(), registry.clock.monotonic()] as const;
    await cluster.sleep(8 * 60 * minute);
    expect(registry.clock.now() - before[0]).toBe(8 * 60 * minute);
    expect(registry.clock.monotonic()).toBe(before[1]);
    await cluster.advance(5 * minute);
    expect(await verdicts()).toEqual(['alive', 'alive']);
    expect(changes).toHaveLength(2);
  });

  test('another machine is awake meanwhile', async () => {
    const { cluster, registry, ids } = await newCluster();
    const [near, far] = [
      await cluster.start({ name: 'near' }),
      await cluster.start({ name: 'far' }, { machine: 'other' }),
    ];
    await cluster.sleep(5 * minute);
    const [nearBeat, farBeat] = (await registry.inspect()).map(({ renewedAt }) => registry.clock.now() - renewedAt);
    expect(nearBeat).toBeGreaterThanOrEqual(5 * minute);
    expect(farBeat).toBeLessThanOrEqual(15_000);
    expect(await ids()).toEqual([near.id, far.id]);
    // After an hour without a heartbeat the other machine takes the entry away; awake, its owner puts it back.
    await cluster.sleep(60 * minute);
    expect(await ids()).toEqual([far.id]);
    await cluster.advance(15_000);
    expect(await ids()).toEqual([near.id, far.id]);
  });
});

describe('elsewhere', () => {
  test.each([{ machine: 'other' }, { namespace: 'container' }, { machine: 'other', namespace: 'container' }])(
    'on %o it is judged by its heartbeat alone, and not by its pid',
    async (place) => {
      const { cluster, registry, verdicts, ids } = await newCluster({ instances: [{ name: 'near' }] });
      const far = await cluster.start({ name: 'far' }, place);
      // The same pid as one of ours: it means nothing.
      expect([...cluster.instances, { pid: 101 }].filter(({ pid }) => pid === far.pid)).toHaveLength(2);
      expect(await ids()).toHaveLength(2);
      // It sees us no better than we see it, and its own better.
      expect(await far.registry.discover()).toHaveLength(2);
      await cluster.kill(far);
      expect(await verdicts()).toEqual(['alive', 'alive']);
      await cluster.advance(46_000);
      expect(await verdicts()).toEqual(['alive', 'stale']);
      expect((await registry.inspect())[1]?.reason).toMatch(/another (machine|container)/);
      // After ten times its ttl, somebody who watched all the while takes it away.
      await cluster.advance(20 * minute);
      expect(await verdicts()).toEqual(['alive']);
    },
  );

  test('processes of one machine or container know each other', async () => {
    const { cluster } = await newCluster();
    const place = { machine: 'other', namespace: 'container' };
    const [a, b] = [await cluster.start({ name: 'a' }, place), await cluster.start({ name: 'b' }, place)];
    await cluster.kill(a);
    expect((await b.registry.inspect()).map(({ verdict }) => verdict)).toEqual(['dead', 'alive']);
    // The name of this machine is this machine.
    const near = await cluster.start({ name: 'near' }, { machine: cluster.registry.probe.observer.machine });
    await cluster.kill(near);
    expect((await cluster.registry.inspect()).at(-1)?.verdict).toBe('dead');
  });

  test('a wall clock that was set makes no local instance dead, and a foreign one seem silent', async () => {
    const { cluster, registry, verdicts } = await newCluster({ instances: [{ name: 'near' }] });
    await cluster.start({ name: 'far' }, { machine: 'other' });
    await cluster.setClock(registry.clock.now() + 60 * minute);
    expect(await verdicts()).toEqual(['alive', 'stale']);
    await cluster.setClock('2020-01-01T00:00:00.000Z');
    expect(await verdicts()).toEqual(['alive', 'alive']);
    await cluster.advance(minute);
    expect(registry.clock.now()).toBe(Date.parse('2020-01-01T00:01:00.000Z'));
    const [near, far] = await registry.inspect();
    expect(near?.renewedAt).toBeLessThan(registry.clock.now() + 1);
    expect(far?.renewedAt).toBeGreaterThan(registry.clock.now());
  });
});

describe('a corrupted entry', () => {
  test('is illegible, and told of as such', async () => {
    const { cluster, registry, ids } = await newCluster({ instances: [{ name: 'weather' }] });
    const changes = record(registry);
    await cluster.advance(100);
    await cluster.corrupt('weather');
    expect(await ids()).toEqual([]);
    expect(await registry.inspect()).toMatchObject([{ verdict: 'illegible', reason: 'is not JSON' }]);
    await cluster.advance(10);
    expect(changes.at(-1)).toBe(`remove ${cluster.instances[0]?.id} illegible`);
  });

  test('has the text that is given', async () => {
    const { cluster, registry } = await newCluster({ instances: [{ name: 'weather' }] });
    await cluster.corrupt('weather', '{"format":2}');
    expect(await registry.inspect()).toMatchObject([{ reason: expect.stringContaining('format 2') }]);
    await cluster.corrupt('weather', '');
    expect(await registry.inspect()).toMatchObject([{ reason: 'is empty' }]);
  });

  test('must be there', async () => {
    const { cluster } = await newCluster({ instances: [{ name: 'weather' }] });
    await cluster.stop('weather');
    await expect(cluster.corrupt('weather')).rejects.toThrow('has no entry any more');
  });
});

describe('naming an instance', () => {
  test('by id, by a name that is alone, by what pick gives', async () => {
    const { cluster, registry } = await newCluster({
      instances: [{ name: 'a' }, { name: 'b' }, { name: 'c' }, { name: 'd' }],
    });
    const [a, , c] = cluster.instances;
    await cluster.kill(a?.id);
    await cluster.kill('b');
    await cluster.kill(c);
    await cluster.kill(await registry.pick());
    expect(await registry.discover()).toEqual([]);
  });

  test('what names none or many is refused, with what there is', async () => {
    const { cluster } = await newCluster();
    await expect(cluster.kill('weather')).rejects.toThrow('None was started');
    const [a, b] = [await cluster.start({ name: 'weather' }), await cluster.start({ name: 'weather' })];
    await expect(cluster.kill('maps')).rejects.toThrow(`"maps". There are: ${a.id}, ${b.id}.`);
    await expect(cluster.kill('weather')).rejects.toThrow(`say which: ${a.id}, ${b.id}.`);
    await expect(cluster.kill(undefined)).rejects.toMatchObject({ code: 'ROLLCALL_INVALID' });
    await expect(cluster.kill({ id: 'x' })).rejects.toThrow('"x"');
  });
});

test("the client's calls to the store can be made to fail, and nobody else's", async () => {
  const { cluster, registry, ids } = await newCluster({ instances: [{ name: 'weather' }] });
  cluster.store.before.list = failing();
  await expect(registry.discover()).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
  expect(await cluster.instances[0]?.registry.discover()).toHaveLength(1);
  cluster.store.reset();
  expect(await ids()).toHaveLength(1);
});

test('it may be over files: the same processes, and real entries', async () => {
  const directory = tempFolder();
  const stores: FileStore[] = [];
  const { cluster, verdicts, ids } = await newCluster({
    instances: [{ name: 'weather' }, { name: 'maps' }],
    openStore: (clock) => {
      const store = new FileStore({ directory, clock });
      stores.push(store);
      return store;
    },
  });
  const [weather, maps] = cluster.instances;
  expect(readdirSync(join(directory, 'v1'))).toEqual(
    expect.arrayContaining([`${weather?.id}.json`, `${maps?.id}.json`]),
  );
  // One for each process, and one for the client.
  expect(stores).toHaveLength(3);
  await cluster.kill(weather);
  expect(await verdicts()).toEqual(['dead', 'alive']);
  expect(await ids()).toEqual([maps?.id]);
  await cluster.stop(maps);
  expect(readdirSync(join(directory, 'v1'))).not.toContain(`${maps?.id}.json`);
  await cluster.close();
  for (const store of stores) await store.close();
});

describe('when it is closed', () => {
  test('no listener, no timer and no waiting call is left', async () => {
    const look = () => ({
      listeners: process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
      resources: process
        .getActiveResourcesInfo()
        .filter((name) => name !== 'Immediate')
        .sort(),
    });
    const before = await eventually('those of the tests before are gone', () => {
      const found = look();
      return process.listenerCount('SIGTERM') === 0 && found;
    });
    const { cluster, registry } = await newCluster({ instances: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] });
    await registry.register({ name: 'client', status: 'starting' });
    await cluster.kill('a');
    await cluster.stall('b');
    const changes: Change[] = [];
    const ended = (async () => {
      for await (const change of registry.watch()) changes.push(change);
    })();
    await cluster.advance(100);
    const door = gate();
    cluster.store.before.get = door.wait;
    const get = registry.get(cluster.instances[2]?.id ?? '');
    await door.reached;
    await cluster.close();
    await cluster[Symbol.asyncDispose]();
    expect(await get).toMatchObject({ name: 'c' });
    await ended;
    expect(changes.map(({ type }) => type)).toEqual(['add', 'add', 'add']);
    await eventually('none is left', () => process.listenerCount('SIGTERM') === 0);
    const after = look();
    expect(after.listeners).toEqual(before.listeners);
    // Fewer may be left: the test runner has timers of its own, which end when they like.
    const left = [...before.resources];
    const more = after.resources.filter(
      (name) => !left.includes(name) || left.splice(left.indexOf(name), 1).length === 0,
    );
    expect(more).toEqual([]);
    expect(cluster.instances.map(({ state }) => state)).toEqual(['killed', 'stopped', 'stopped']);
  });

  test('every method says that it is', async () => {
    const { cluster } = await newCluster({ instances: [{ name: 'a' }] });
    await cluster.close();
    const acts = [
      () => cluster.start({ name: 'b' }),
      () => cluster.kill('a'),
      () => cluster.advance(1),
      () => cluster.sleep(1),
      () => cluster.setClock(0),
      () => cluster.registry.discover(),
    ];
    for (const act of acts) await expect(act()).rejects.toMatchObject({ code: 'ROLLCALL_CLOSED' });
  });
});

test('a hundred instances are little work', async () => {
  const { cluster, registry, ids } = await newCluster({
    instances: Array.from({ length: 100 }, () => ({ name: 'weather' })),
  });
  const changes = record(registry);
  await cluster.advance(100);
  for (const instance of cluster.instances.slice(0, 50)) await cluster.kill(instance);
  await cluster.advance(minute);
  expect(await ids()).toHaveLength(50);
  expect(await registry.inspect()).toHaveLength(50);
  expect(changes).toHaveLength(150);
});

describe('restarting', () => {
  test('is a new instance in a new process, with what it had and where it was', async () => {
    const { cluster, registry } = await newCluster();
    const first = await cluster.start({ name: 'db', tags: ['x'], cwd: '/p' }, { namespace: 'container' });
    const second = await cluster.restart(first);
    expect(first.state).toBe('stopped');
    expect(second.id).not.toBe(first.id);
    expect(second.pid).not.toBe(first.pid);
    expect(second.instance).toMatchObject({ name: 'db', tags: ['x'], cwd: '/p' });
    expect(second.instance.process.pidNamespace).toBe('container');
    expect((await registry.discover()).map(({ id }) => id)).toEqual([second.id]);
  });

  test('of one that was killed leaves its entry to be found dead', async () => {
    const { cluster, verdicts } = await newCluster({ instances: [{ name: 'db' }] });
    await cluster.kill('db');
    await cluster.restart('db');
    expect(await verdicts()).toEqual(['dead', 'alive']);
  });
});

test('folders are those of the simulation: what it is told of links and repositories, and nothing of the real disk', async () => {
  const links: Record<string, { paths: string[] }> = { '/link': { paths: ['/link', '/p/a'] } };
  const { cluster, registry } = await newCluster({ folder: (path) => links[path] });
  const a = await cluster.start({ name: 'dev', cwd: '/p/a' });
  await cluster.start({ name: 'dev', cwd: '/p/b' });
  expect((await registry.pick({ name: 'dev' }, { cwd: '/link' }))?.id).toBe(a.id);
  expect(await registry.pick({ name: 'dev' }, { cwd: process.cwd() })).toBeUndefined();
});

describe('what would reach out of the simulation', () => {
  test('an instance that exits when it is idle ends its own process, and not the test’s', async () => {
    const { cluster, ids } = await newCluster({ instances: [{ name: 'idle' }] });
    const idle = only(cluster);
    idle.registration.exitWhenIdle(60_000);
    idle.registration.exitWithParent();
    await cluster.advance(59_000);
    idle.registration.touchActivity();
    await cluster.advance(59_000);
    expect(idle.state).toBe('running');
    await cluster.advance(2_000);
    expect(idle.state).toBe('stopped');
    expect(await ids()).toEqual([]);
  });

  test('no program is started', async () => {
    const { cluster, registry } = await newCluster();
    await expect(registry.ensure({ name: 'x' }, { command: 'false' })).rejects.toMatchObject({
      details: { problems: [expect.objectContaining({ path: 'command' })] },
    });
    const ensuring = registry.ensure({ name: 'x' }, () => cluster.start({ name: 'x' }));
    await cluster.advance(1_000);
    expect((await ensuring).name).toBe('x');
  });

  test('the environment is not asked', async () => {
    const { cluster, registry } = await newCluster({ instances: [{ name: 'x' }] });
    vi.stubEnv('ROLLCALL_INSTANCE', 'x-00000000000000000000000000');
    onTestFinished(() => void vi.unstubAllEnvs());
    expect((await registry.pick({ name: 'x' }))?.id).toBe(only(cluster).id);
  });

  test('who was killed reports nothing, whatever it held', async () => {
    const { cluster, errors } = await newCluster({ instances: [{ name: 'x', exclusive: true }] });
    await only(cluster).registry.claim('leader');
    await cluster.kill('x');
    await cluster.advance(100_000);
    expect(errors).toEqual([]);
  });
});
