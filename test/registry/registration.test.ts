/** The heartbeat, updates and the end of one's own entry. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { encode } from '../../src/core/codec.js';
import { decode } from '../../src/core/decode.js';
import { RollcallError } from '../../src/core/errors.js';
import { isSecret, Secret } from '../../src/core/secret.js';
import { createProbe } from '../../src/process/probe.js';
import { Registry } from '../../src/registry/registry.js';
import { settle } from '../../src/testing/fake-clock.js';
import { FakeProbe } from '../../src/testing/fake-probe.js';
import { gate } from '../../src/testing/faulty-store.js';
import { endpoints, fakeWorld } from '../support/fake-world.js';
import { makeInstance } from '../support/make-instance.js';

const weather = { name: 'weather', endpoints };
const broken = () => {
  throw new RollcallError('ROLLCALL_STORE', 'the disk is on fire', {});
};

test('a heartbeat every third of the ttl renews the entry and leaves its text alone', async () => {
  const { clock, store, registry } = fakeWorld();
  const { id } = await registry.register({ ...weather, ttl: 30_000 });
  const first = await store.get(id);
  const began = clock.now();
  await clock.advance(9_999);
  expect((await store.get(id))?.renewedAt).toBe(began);
  await clock.advance(1);
  const second = await store.get(id);
  expect(second?.renewedAt).toBe(began + 10_000);
  expect(second?.body).toBe(first?.body);
  await clock.advance(30_000);
  expect((await store.get(id))?.renewedAt).toBe(began + 40_000);
  expect(store.calls.filter((call) => call === 'put')).toHaveLength(1);
});

test('the heartbeat does not keep the process alive', async () => {
  const { clock, registry } = fakeWorld();
  await registry.register(weather);
  expect(clock.pending).toBeGreaterThan(0);
  expect(clock.held).toBe(0);
});

test('an entry that vanished is put back by the next heartbeat, as it was', async () => {
  const { clock, store, registry, errors } = fakeWorld();
  const { id } = await registry.register(weather);
  const body = (await store.get(id))?.body;
  await store.delete(id);
  await clock.advance(15_000);
  expect((await store.get(id))?.body).toBe(body);
  expect(errors).toEqual([]);
});

test('an updated entry that vanished is put back as updated', async () => {
  const { clock, store, registry } = fakeWorld();
  const registration = await registry.register(weather);
  await registration.update({ title: 'Weather' });
  await store.delete(registration.id);
  await clock.advance(15_000);
  expect(decode(registration.id, (await store.get(registration.id))?.body ?? '').instance?.title).toBe('Weather');
});

test("a night's sleep loses nothing, and an observer elsewhere that slept as well sees no gap", async () => {
  const { clock, store, registry } = fakeWorld();
  const elsewhere = new Registry({ store, clock, probe: new FakeProbe({ machine: 'machine-2', host: 'host-2' }) });
  const { id } = await registry.register(weather);
  const events: string[] = [];
  const watcher = elsewhere.watch();
  watcher.on('add', (instance) => void events.push(`add ${instance.id}`));
  watcher.on('remove', (instance) => void events.push(`remove ${instance.id}`));
  await clock.advance(60_000);
  clock.sleep(8 * 3_600_000);
  await clock.advance(600_000);
  expect(events).toEqual([`add ${id}`]);
  expect((await elsewhere.discover()).map((instance) => instance.id)).toEqual([id]);
  await elsewhere.close();
});

test('an entry that was removed while the machine slept comes back', async () => {
  const { clock, store, registry } = fakeWorld();
  const { id } = await registry.register(weather);
  await store.delete(id);
  clock.sleep(8 * 3_600_000);
  await clock.advance(15_000);
  expect((await registry.discover()).map((instance) => instance.id)).toEqual([id]);
});

test('deregistering takes the entry away, says so once, and nothing comes back', async () => {
  const { clock, store, registry } = fakeWorld();
  const registration = await registry.register(weather);
  expect(await registration.deregister()).toBe(true);
  expect(await registration.deregister()).toBe(false);
  expect(await store.list()).toEqual([]);
  await clock.advance(120_000);
  expect(await store.list()).toEqual([]);
  expect(clock.pending).toBe(0);
});

test('disposing of it deregisters', async () => {
  const { store, registry } = fakeWorld();
  {
    await using registration = await registry.register(weather);
    expect(await store.get(registration.id)).toBeDefined();
  }
  expect(await store.list()).toEqual([]);
});

test('deregistering says false when the entry is gone already', async () => {
  const { store, registry } = fakeWorld();
  const registration = await registry.register(weather);
  await store.delete(registration.id);
  expect(await registration.deregister()).toBe(false);
});

test('deregistering during an update in flight leaves nothing', async () => {
  const { clock, store, registry } = fakeWorld();
  const registration = await registry.register(weather);
  const door = gate();
  store.before.put = door.wait;
  const update = registration.update({ status: 'draining' });
  await door.reached;
  const deregistered = registration.deregister();
  const late = registration.update({ status: 'ready' });
  late.catch(() => {});
  door.open();
  await update;
  expect(await deregistered).toBe(true);
  await expect(late).rejects.toMatchObject({ code: 'ROLLCALL_CLOSED' });
  expect(await store.list()).toEqual([]);
  await clock.advance(120_000);
  expect(await store.list()).toEqual([]);
});

test('deregistering during a heartbeat that puts the entry back leaves nothing', async () => {
  const { clock, store, registry } = fakeWorld();
  const registration = await registry.register(weather);
  await store.delete(registration.id);
  const door = gate();
  store.before.put = door.wait;
  const passing = clock.advance(15_000);
  await door.reached;
  const deregistered = registration.deregister();
  door.open();
  await Promise.all([passing, deregistered]);
  expect(await store.list()).toEqual([]);
  await clock.advance(120_000);
  expect(await store.list()).toEqual([]);
});

test('a heartbeat that was still waiting its turn when the registration ended does nothing', async () => {
  const { clock, store, registry } = fakeWorld();
  const registration = await registry.register(weather);
  const door = gate();
  store.before.get = door.wait;
  const update = registration.update({ title: 'x' });
  await door.reached;
  await clock.advance(15_000);
  const deregistered = registration.deregister();
  door.open();
  await Promise.all([update, deregistered]);
  expect(store.calls).not.toContain('touch');
  expect(await store.list()).toEqual([]);
});

test('an entry that cannot be removed is reported to the caller, and counts as deregistered all the same', async () => {
  const { clock, store, registry } = fakeWorld();
  const registration = await registry.register(weather);
  store.before.delete = broken;
  await expect(registration.deregister()).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
  store.before = {};
  const { renewedAt } = (await store.get(registration.id)) ?? {};
  await clock.advance(120_000);
  expect((await store.get(registration.id))?.renewedAt).toBe(renewedAt);
  await expect(registration.update({ title: 'x' })).rejects.toMatchObject({ code: 'ROLLCALL_CLOSED' });
});

test('an update changes what it names, moves updatedAt and keeps the rest', async () => {
  const { clock, store, registry } = fakeWorld();
  const registration = await registry.register({ ...weather, title: 'Weather', tags: ['gpu'], metadata: { a: 1 } });
  await clock.advance(1_000);
  const before = registration.instance;
  const after = await registration.update({ status: 'draining', title: undefined, metadata: { b: 2 } });
  expect(after).toBe(registration.instance);
  const { title, ...rest } = before;
  expect(title).toBe('Weather');
  expect(after).toEqual({
    ...rest,
    status: 'draining',
    metadata: { b: 2 },
    updatedAt: new Date(clock.now()).toISOString(),
  });
  expect('title' in after).toBe(false);
  expect(decode(after.id, (await store.get(after.id))?.body ?? '').instance).toEqual(after);
});

test('an update keeps fields that this version does not know', async () => {
  const { store, registry } = fakeWorld();
  const registration = await registry.register(weather);
  const { id } = registration;
  const entry = JSON.parse((await store.get(id))?.body ?? '');
  entry.future = { deep: [1, { x: null }] };
  entry.process.cgroup = '/a';
  entry.endpoints[0].priority = 7;
  await store.put(id, JSON.stringify(entry));
  await registration.update({ title: 'Weather' });
  const after = JSON.parse((await store.get(id))?.body ?? '');
  expect(after.future).toEqual(entry.future);
  expect(after.process.cgroup).toBe('/a');
  expect(after.endpoints[0].priority).toBe(7);
  expect(after.title).toBe('Weather');
});

test('updates run one after the other and none is lost', async () => {
  const { registry } = fakeWorld();
  const registration = await registry.register(weather);
  await Promise.all([
    registration.update({ title: 'a' }),
    registration.update({ description: 'b' }),
    registration.update({ tags: ['c'] }),
  ]);
  expect(registration.instance).toMatchObject({ title: 'a', description: 'b', tags: ['c'] });
});

test('an update of an entry that vanished puts it back', async () => {
  const { store, registry } = fakeWorld();
  const registration = await registry.register(weather);
  await store.delete(registration.id);
  await registration.update({ title: 'Weather' });
  expect(decode(registration.id, (await store.get(registration.id))?.body ?? '').instance?.title).toBe('Weather');
});

test('an update of what is left of a broken entry writes it whole again', async () => {
  const { store, registry } = fakeWorld();
  const registration = await registry.register(weather);
  await store.put(registration.id, '{"format":1,"id":"wea');
  await registration.update({ title: 'Weather' });
  expect((await registry.get(registration.id))?.title).toBe('Weather');
});

test('an update that meets a touch in between reads again and succeeds', async () => {
  const { store, registry } = fakeWorld();
  const registration = await registry.register(weather);
  let times = 2;
  store.before.put = async (id = '') => {
    if (times-- > 0) await store.touch(id);
  };
  await registration.update({ title: 'Weather' });
  expect((await registry.get(registration.id))?.title).toBe('Weather');
});

test('an update that meets another change every time gives up with ROLLCALL_CONFLICT', async () => {
  const { store, registry } = fakeWorld();
  const registration = await registry.register(weather);
  store.before.put = async (id = '') => void (await store.touch(id));
  await expect(registration.update({ title: 'Weather' })).rejects.toMatchObject({ code: 'ROLLCALL_CONFLICT' });
  expect(registration.instance.title).toBeUndefined();
});

test.each([
  ['an unknown field', { titel: 'x' }, 'titel'],
  ['the name', { name: 'other' }, 'name'],
  ['the ttl', { ttl: 60_000 }, 'ttl'],
  ['an endpoint without address', { endpoints: [{ type: 'http' }] }, 'endpoints.0.url'],
  ['no endpoints while ready', { endpoints: [] }, ''],
])('an update with %s is refused and changes nothing', async (_, patch, path) => {
  const { store, registry } = fakeWorld();
  const registration = await registry.register(weather);
  const before = await store.get(registration.id);
  await expect(registration.update(patch as never)).rejects.toMatchObject({
    code: 'ROLLCALL_INVALID',
    details: { problems: [{ path }] },
  });
  expect(await store.get(registration.id)).toEqual(before);
  expect(await registration.update({ title: 'still works' })).toMatchObject({ title: 'still works' });
});

test('an update that would make the entry larger than an entry may be is refused and changes nothing', async () => {
  const { store, registry } = fakeWorld();
  const registration = await registry.register(weather);
  const before = await store.get(registration.id);
  const refused = registration.update({ description: 'é'.repeat(33_000) });
  await expect(refused).rejects.toMatchObject({ code: 'ROLLCALL_INVALID' });
  expect(await store.get(registration.id)).toEqual(before);
});

test('an update that cannot be written rejects, and the instance stays as it was', async () => {
  const { store, registry } = fakeWorld();
  const registration = await registry.register(weather);
  const before = registration.instance;
  store.before.put = broken;
  await expect(registration.update({ title: 'x' })).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
  expect(registration.instance).toBe(before);
});

test('an aborted update rejects with the reason and changes nothing, also while it waits its turn', async () => {
  const { store, registry } = fakeWorld();
  const registration = await registry.register(weather);
  const reason = new Error('enough');
  await expect(registration.update({ title: 'x' }, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  const door = gate();
  store.before.put = door.wait;
  const first = registration.update({ title: 'first' });
  const controller = new AbortController();
  const second = registration.update({ title: 'second' }, { signal: controller.signal });
  second.catch(() => {});
  await door.reached;
  controller.abort(reason);
  door.open();
  await first;
  await expect(second).rejects.toBe(reason);
  expect(registration.instance.title).toBe('first');
});

test.each([
  ['of another process', (id: string) => encode(makeInstance({ id, process: { pid: 4711, start: '9' } }))],
  ['of another machine', (id: string) => encode(makeInstance({ id, process: { machine: 'machine-2' } }))],
  ['of a newer format', (id: string) => JSON.stringify({ format: 2, id })],
])('an entry %s under our id is neither updated nor deregistered', async (_, body) => {
  const { store, registry } = fakeWorld();
  const registration = await registry.register(weather);
  const { id } = registration;
  await store.put(id, body(id));
  await expect(registration.update({ title: 'x' })).rejects.toMatchObject({ code: 'ROLLCALL_LOST', details: { id } });
  expect((await store.get(id))?.body).toBe(body(id));
  expect(await registration.deregister()).toBe(false);
  expect((await store.get(id))?.body).toBe(body(id));
});

test('a heartbeat that finds its id taken reports it once and stops', async () => {
  const { clock, probe, store, registry, errors } = fakeWorld();
  const { id } = await registry.register(weather);
  await store.delete(id);
  const body = encode(makeInstance({ id, process: probe.run(4711) }));
  store.before.put = async () => {
    store.before = {};
    await store.put(id, body);
  };
  await clock.advance(15_000);
  expect(errors).toEqual([]);
  await clock.advance(15_000);
  expect(errors).toMatchObject([{ code: 'ROLLCALL_LOST', details: { id } }]);
  const { renewedAt } = (await store.get(id)) ?? {};
  await clock.advance(120_000);
  expect(await store.get(id)).toMatchObject({ body, renewedAt });
  expect(errors).toHaveLength(1);
});

test.each([
  ['empty', ''],
  ['cut short', '{"format":1,"id":"wea'],
  ['of another id', JSON.stringify({ format: 1, id: 'other' })],
])('an entry that has become %s is mended by the next heartbeat', async (_, body) => {
  const { clock, store, registry, errors } = fakeWorld();
  const { id, instance } = await registry.register(weather);
  await store.put(id, body);
  expect(await registry.discover()).toEqual([]);
  await clock.advance(15_000);
  expect(await registry.discover()).toEqual([instance]);
  expect(errors).toEqual([]);
});

test('a heartbeat that finds its own entry put back by hand is content', async () => {
  const { clock, store, registry, errors } = fakeWorld();
  const { id } = await registry.register(weather);
  const body = (await store.get(id))?.body ?? '';
  await store.delete(id);
  store.before.put = async () => {
    store.before = {};
    await store.put(id, body);
  };
  await clock.advance(15_000);
  expect(errors).toEqual([]);
  await clock.advance(15_000);
  expect((await store.get(id))?.renewedAt).toBe(clock.now());
});

test('a failing store is reported once for each streak of failures, and the heartbeat goes on', async () => {
  const { clock, store, registry, errors } = fakeWorld();
  const { id } = await registry.register(weather);
  const fail = async () => {
    store.before.touch = broken;
    await clock.advance(60_000);
    store.before = {};
    await clock.advance(15_000);
  };
  await fail();
  expect(errors).toMatchObject([{ code: 'ROLLCALL_STORE' }]);
  expect((await store.get(id))?.renewedAt).toBe(clock.now());
  await fail();
  expect(errors).toHaveLength(2);
});

test("a child's entry is looked after while it lives, and not put back once it has ended", async () => {
  const { clock, store, registry } = fakeWorld({ probe: createProbe() });
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const { id, instance } = await registry.register(weather, { pid: child.pid });
  expect(instance.process.pid).toBe(child.pid);
  await store.delete(id);
  await clock.advance(15_000);
  expect(await store.get(id)).toBeDefined();
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await registry.discover()).toEqual([]);
  await store.delete(id);
  await clock.advance(60_000);
  expect(await store.get(id)).toBeUndefined();
  expect(clock.pending).toBe(0);
});

test('a secret is whole in the entry and nowhere else', async () => {
  const { store, registry } = fakeWorld();
  const registration = await registry.register({
    name: 'weather',
    endpoints: [
      {
        type: 'http',
        url: 'http://127.0.0.1:1/',
        headers: [
          { name: 'Authorization', value: 'Bearer canary-1', isSecret: true },
          { name: 'X-Token', value: new Secret('canary-2') },
        ],
      },
    ],
  });
  expect((await store.get(registration.id))?.body).toContain('canary-1');
  expect((await store.get(registration.id))?.body).toContain('canary-2');
  await registration.update({ title: 'x' });
  expect((await store.get(registration.id))?.body).toContain('canary-1');
  expect((await store.get(registration.id))?.body).toContain('canary-2');
  expect(JSON.stringify(registration.instance)).not.toContain('canary');
  const [first, second] = registration.instance.endpoints[0]?.headers ?? [];
  expect(first?.value).toBeInstanceOf(Secret);
  expect(isSecret(first?.value) && first.value.reveal()).toBe('Bearer canary-1');
  expect(second).toMatchObject({ isSecret: true });
});

test('nothing is left to wait for after the last registration has gone', async () => {
  const { clock, registry } = fakeWorld();
  const registrations = await Promise.all([registry.register(weather), registry.register(weather)]);
  await Promise.all(registrations.map((registration) => registration.deregister()));
  await settle();
  expect(clock.pending).toBe(0);
});
