/** The live set: order, reasons, listeners, loops, slow consumers, failures. */

import { describe, expect, test } from 'vitest';
import { encode } from '../../src/core/codec.js';
import { RollcallError } from '../../src/core/errors.js';
import type { Instance } from '../../src/core/instance.js';
import { Watcher } from '../../src/registry/watcher.js';
import { MemoryStore } from '../../src/store/memory-store.js';
import { FakeClock, settle } from '../../src/testing/fake-clock.js';
import { FakeProbe } from '../../src/testing/fake-probe.js';
import { gate } from '../../src/testing/faulty-store.js';
import { endpoints, fakeWorld } from '../support/fake-world.js';
import { makeInstance } from '../support/make-instance.js';

const weather = { name: 'weather', endpoints };
const broken = () => {
  throw new RollcallError('ROLLCALL_STORE', 'the disk is on fire', {});
};
const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z`;

/** Everything a watcher tells its listeners, as lines. */
function record(watcher: Watcher): string[] {
  const lines: string[] = [];
  watcher.on('add', ({ id }) => lines.push(`add ${id}`));
  watcher.on('change', ({ id, title }, previous) => lines.push(`change ${id} ${previous.title} ${title}`));
  watcher.on('remove', ({ id }, reason) => lines.push(`remove ${id} ${reason}`));
  watcher.on('ready', (instances) => lines.push(`ready ${instances.length}`));
  return lines;
}

describe('events', () => {
  test('tell the present set first, then ready, then what happens', async () => {
    const { clock, registry, start } = fakeWorld();
    const a = await start(201);
    const b = await start(202);
    const watcher = registry.watch();
    const lines = record(watcher);
    expect(watcher.isReady).toBe(false);
    await settle();
    // Of one age: the id decides.
    expect(lines).toEqual([...[`add ${a.id}`, `add ${b.id}`].sort(), 'ready 2']);
    expect(watcher.isReady).toBe(true);
    const registration = await registry.register(weather);
    await clock.advance(50);
    await registration.update({ title: 'x' });
    await clock.advance(50);
    await registration.deregister();
    await clock.advance(50);
    expect(lines.slice(3)).toEqual([
      `add ${registration.id}`,
      `change ${registration.id} undefined x`,
      `remove ${registration.id} deregistered`,
    ]);
  });

  test('say ready where nothing is registered, and only once', async () => {
    const { clock, registry } = fakeWorld();
    const lines = record(registry.watch());
    await clock.advance(5_000);
    expect(lines).toEqual(['ready 0']);
  });

  test('say nothing of heartbeats', async () => {
    const { clock, registry } = fakeWorld();
    const { id } = await registry.register({ ...weather, ttl: 1_000 });
    const lines = record(registry.watch());
    await clock.advance(10_000);
    expect(lines).toEqual([`add ${id}`, 'ready 1']);
  });

  test('tell of a death without a word within a second, and of nothing else', async () => {
    const { clock, probe, registry, start } = fakeWorld();
    const { id } = await start(201);
    const lines = record(registry.watch());
    await clock.advance(5_000);
    probe.kill(201);
    await clock.advance(1_000);
    expect(lines).toEqual([`add ${id}`, 'ready 1', `remove ${id} dead`]);
    await clock.advance(120_000);
    expect(lines).toHaveLength(3);
  });

  test('say stale of an instance elsewhere that fell silent, and add when it is heard of again', async () => {
    const { clock, store, registry, put } = fakeWorld();
    const { id } = await put(makeInstance({ ttl: 5_000, process: { machine: 'machine-2' } }));
    const lines = record(registry.watch());
    await clock.advance(4_900);
    expect(lines).toEqual([`add ${id}`, 'ready 1']);
    await clock.advance(1_000);
    expect(lines.at(-1)).toBe(`remove ${id} stale`);
    await store.touch(id);
    await clock.advance(1_000);
    expect(lines.at(-1)).toBe(`add ${id}`);
    expect(lines).toHaveLength(4);
  });

  test('say illegible of an entry that was overwritten with something else', async () => {
    const { clock, store, registry, start } = fakeWorld();
    const { id } = await start(201);
    const lines = record(registry.watch());
    await clock.advance(1_000);
    await store.put(id, '{');
    await clock.advance(1_000);
    expect(lines.at(-1)).toBe(`remove ${id} illegible`);
  });

  test('say add and unmatched as an instance starts and stops matching', async () => {
    const { clock, registry } = fakeWorld();
    const registration = await registry.register(weather);
    const lines = record(registry.watch({ status: 'draining' }));
    await clock.advance(1_000);
    expect(lines).toEqual(['ready 0']);
    await registration.update({ status: 'draining' });
    await clock.advance(1_000);
    await registration.update({ title: 'x' });
    await clock.advance(1_000);
    await registration.update({ status: 'ready' });
    await clock.advance(1_000);
    const { id } = registration;
    expect(lines.slice(1)).toEqual([`add ${id}`, `change ${id} undefined x`, `remove ${id} unmatched`]);
  });

  test('tell several quick changes as one, with the last state', async () => {
    const { clock, registry } = fakeWorld();
    const registration = await registry.register({ ...weather, title: '0' });
    const lines = record(registry.watch());
    await clock.advance(1_000);
    for (let title = 1; title <= 5; title++) await registration.update({ title: `${title}` });
    await clock.advance(1_000);
    expect(lines.slice(2)).toEqual([`change ${registration.id} 0 5`]);
  });

  test('tell what the hints do not, within a second', async () => {
    const { clock, store, registry, start } = fakeWorld();
    store.before.watch = broken;
    const lines = record(registry.watch());
    await clock.advance(1_000);
    const { id } = await start(201);
    await clock.advance(1_000);
    expect(lines).toEqual(['ready 0', `add ${id}`]);
  });

  test('come with a store that has no hints at all', async () => {
    const [clock, probe] = [new FakeClock(), new FakeProbe()];
    const store = new MemoryStore({ clock });
    Object.defineProperty(store, 'watch', { value: undefined });
    await using watcher = new Watcher({ store, clock, probe, report: () => {} });
    const lines = record(watcher);
    await clock.advance(1_000);
    const instance = makeInstance({ process: probe.run(201) });
    await store.put(instance.id, encode(instance));
    await clock.advance(1_000);
    expect(lines).toEqual(['ready 0', `add ${instance.id}`]);
  });

  test('follow a hint within milliseconds', async () => {
    const { clock, registry, start } = fakeWorld();
    const lines = record(registry.watch());
    await clock.advance(1_000);
    const { id } = await start(201);
    await clock.advance(5);
    expect(lines.at(-1)).toBe(`add ${id}`);
  });

  test('tell soon what appears after the first look and before there are hints', async () => {
    const { clock, store, registry, start } = fakeWorld();
    store.before.watch = async () => void (await start(201));
    const watcher = registry.watch();
    await clock.advance(5);
    expect(watcher.instances).toHaveLength(1);
  });

  test('tell soon what changes while a look is under way, and is not in it', async () => {
    const { clock, store, registry, start } = fakeWorld();
    const lines = record(registry.watch());
    await clock.advance(1_000);
    const door = gate();
    const list = store.list.bind(store);
    store.list = async () => {
      const entries = await list();
      await door.wait();
      return entries;
    };
    let isReached = false;
    void door.reached.then(() => {
      isReached = true;
    });
    while (!isReached) await clock.advance(1);
    store.list = list;
    const { id } = await start(201);
    door.open();
    await clock.advance(50);
    expect(lines.at(-1)).toBe(`add ${id}`);
  });

  test('never overlap two looks, and a look that takes long does not take more than a tenth of the time', async () => {
    const { clock, store, registry } = fakeWorld();
    const watcher = registry.watch();
    await clock.advance(1_000);
    let running = 0;
    let most = 0;
    let looks = 0;
    store.before.list = async () => {
      looks++;
      most = Math.max(most, ++running);
      clock.stop(20);
      await settle();
      running--;
    };
    for (let second = 0; second < 200; second++) {
      await store.put(makeInstance().id, '{');
      await clock.advance(10);
    }
    expect(most).toBe(1);
    // 20 ms each, at most a tenth of two seconds of waiting, with room for the first.
    expect(looks).toBeLessThanOrEqual(12);
    await watcher.close();
  });
});

test('the set is sorted by age, the same array until something changes, and its members the same objects', async () => {
  const { clock, registry, start } = fakeWorld();
  const young = await start(201, { registeredAt: at(5) });
  const old = await start(202, { registeredAt: at(1) });
  const watcher = registry.watch();
  await clock.advance(1_000);
  const first = watcher.instances;
  expect(first.map(({ id }) => id)).toEqual([old.id, young.id]);
  await clock.advance(5_000);
  expect(watcher.instances).toBe(first);
  await start(203, { registeredAt: at(9) });
  await clock.advance(1_000);
  expect(watcher.instances).not.toBe(first);
  expect(watcher.instances.slice(0, 2)).toEqual(first);
  expect(watcher.instances[0]).toBe(first[0]);
  expect(first).toHaveLength(2);
});

test('a watcher keeps the process alive only while its next change is awaited', async () => {
  const { clock, registry, start } = fakeWorld();
  const watcher = registry.watch();
  await clock.advance(1_000);
  expect(clock.held).toBe(0);
  const loop = watcher[Symbol.asyncIterator]();
  const next = loop.next();
  await settle();
  expect(clock.held).toBe(1);
  // It stays so from look to look.
  await clock.advance(5_000);
  expect(clock.held).toBe(1);
  await start(201);
  await clock.advance(1_000);
  expect((await next).value.type).toBe('add');
  await clock.advance(1_000);
  expect(clock.held).toBe(0);
});

describe('a loop', () => {
  test('gets the present set and then every change', async () => {
    const { clock, probe, registry, start } = fakeWorld();
    const { id } = await start(201);
    const loop = registry.watch()[Symbol.asyncIterator]();
    expect(await loop.next()).toMatchObject({ value: { type: 'add', instance: { id } }, done: false });
    const next = loop.next();
    probe.kill(201);
    await clock.advance(1_000);
    expect(await next).toMatchObject({ value: { type: 'remove', instance: { id }, reason: 'dead' } });
  });

  test('that begins late gets the set as it is then', async () => {
    const { clock, registry, start } = fakeWorld();
    const a = await start(201, { registeredAt: at(1) });
    const watcher = registry.watch();
    await clock.advance(1_000);
    const b = await start(202, { registeredAt: at(2) });
    await clock.advance(1_000);
    const loop = watcher[Symbol.asyncIterator]();
    expect([(await loop.next()).value.instance.id, (await loop.next()).value.instance.id]).toEqual([a.id, b.id]);
  });

  test('closes the watcher when it is left', async () => {
    const { clock, registry, start } = fakeWorld();
    await start(201);
    const watcher = registry.watch();
    for await (const change of watcher) {
      expect(change.type).toBe('add');
      break;
    }
    expect(watcher.isClosed).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test('ends without an error when the signal is aborted', async () => {
    const { clock, registry, start } = fakeWorld();
    await start(201);
    const controller = new AbortController();
    const seen: string[] = [];
    const over = (async () => {
      for await (const { type } of registry.watch({}, { signal: controller.signal })) seen.push(type);
    })();
    await clock.advance(1_000);
    controller.abort(new Error('enough'));
    await over;
    expect(seen).toEqual(['add']);
    expect(clock.pending).toBe(0);
  });

  test('over a watcher whose signal was aborted before ends at once', async () => {
    const { clock, store, registry } = fakeWorld();
    const watcher = registry.watch({}, { signal: AbortSignal.abort() });
    expect(watcher.isClosed).toBe(true);
    for await (const _ of watcher) throw new Error('must not be reached');
    expect(store.calls).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('ends when the watcher is closed, also in the middle of waiting', async () => {
    const { registry } = fakeWorld();
    const watcher = registry.watch();
    const next = watcher[Symbol.asyncIterator]().next();
    await settle();
    await watcher.close();
    expect(await next).toEqual({ value: undefined, done: true });
  });

  test('that falls behind is told the latest state of each, and nothing of what came and went', async () => {
    const { clock, registry } = fakeWorld();
    const kept = await registry.register({ ...weather, title: '0' });
    const gone = await registry.register({ ...weather, name: 'gone' });
    const watcher = registry.watch({ name: ['weather', 'gone', 'brief'] });
    const loop = watcher[Symbol.asyncIterator]();
    await loop.next();
    await loop.next();
    for (let title = 1; title <= 5; title++) {
      await kept.update({ title: `${title}` });
      const brief = await registry.register({ ...weather, name: 'brief' });
      await clock.advance(1_000);
      await brief.deregister();
      await clock.advance(1_000);
    }
    await gone.deregister();
    await clock.advance(1_000);
    expect((await loop.next()).value).toMatchObject({
      type: 'change',
      instance: { title: '5' },
      previous: { title: '0' },
    });
    expect((await loop.next()).value).toMatchObject({ type: 'remove', instance: { name: 'gone' } });
    const next = loop.next();
    await clock.advance(5_000);
    await watcher.close();
    expect(await next).toMatchObject({ done: true });
  });

  test('over the same watcher as another goes at its own pace', async () => {
    const { clock, registry, start } = fakeWorld();
    const watcher = registry.watch();
    const [slow, fast] = [watcher[Symbol.asyncIterator](), watcher[Symbol.asyncIterator]()];
    const first = fast.next();
    const { id } = await start(201);
    await clock.advance(1_000);
    expect((await first).value.instance.id).toBe(id);
    expect((await slow.next()).value.instance.id).toBe(id);
  });
});

describe('listeners', () => {
  test('for an event that does not exist are refused', () => {
    const { registry } = fakeWorld();
    expect(() => registry.watch().on('added' as 'add', () => {})).toThrow(/must be one of add, change, remove/);
  });

  test('that are async and reject are told of to onError, as those that throw', async () => {
    const { registry, start, errors, clock } = fakeWorld();
    const watcher = registry.watch();
    watcher.on('add', async () => {
      throw new Error('as told');
    });
    await start(200);
    await clock.advance(1_000);
    expect(errors).toMatchObject([{ message: 'as told' }]);
  });

  test('can be taken back', async () => {
    const { clock, registry, start } = fakeWorld();
    const watcher = registry.watch();
    const seen: Instance[] = [];
    const off = watcher.on('add', (instance) => seen.push(instance));
    await clock.advance(1_000);
    off();
    await start(201);
    await clock.advance(1_000);
    expect(seen).toEqual([]);
    expect(watcher.instances).toHaveLength(1);
  });

  test('that throw are reported, and neither the others nor the next look suffer', async () => {
    const { clock, registry, start, errors } = fakeWorld();
    const watcher = registry.watch();
    const mistake = new Error('mine');
    watcher.on('add', () => {
      throw mistake;
    });
    const lines = record(watcher);
    const a = await start(201);
    await clock.advance(1_000);
    const b = await start(202);
    await clock.advance(1_000);
    expect(lines.filter((line) => line.startsWith('add'))).toEqual([`add ${a.id}`, `add ${b.id}`]);
    expect(errors).toEqual([mistake, mistake]);
  });

  test('may be many, without a warning', async () => {
    const { registry } = fakeWorld();
    const watcher = registry.watch();
    const warnings: unknown[] = [];
    const note = (warning: unknown) => warnings.push(warning);
    process.on('warning', note);
    for (let index = 0; index < 50; index++) watcher.on('add', () => {});
    await settle();
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  test('hear no more once it is closed, not even of a look that was under way', async () => {
    const { clock, store, registry, start } = fakeWorld();
    const watcher = registry.watch();
    const lines = record(watcher);
    await clock.advance(1_000);
    await start(201);
    const door = gate();
    store.before.get = door.wait;
    const passing = clock.advance(100);
    await door.reached;
    await watcher.close();
    door.open();
    await passing;
    await clock.advance(5_000);
    expect(lines).toEqual(['ready 0']);
    expect(clock.pending).toBe(0);
  });
});

describe('a failing look', () => {
  test('is reported once for each streak, leaves the set as it was, and the looks go on', async () => {
    const { clock, store, registry, start, errors } = fakeWorld();
    const { id } = await start(201);
    const watcher = registry.watch();
    const lines = record(watcher);
    await clock.advance(1_000);
    for (let streak = 1; streak <= 2; streak++) {
      // Long enough for several looks, too short for a sweep, which reports its own failures.
      store.before.list = broken;
      await clock.advance(3_000);
      expect(errors).toHaveLength(streak);
      store.before = {};
      await clock.advance(2_000);
    }
    expect(errors[0]).toMatchObject({ code: 'ROLLCALL_STORE' });
    expect(lines).toEqual([`add ${id}`, 'ready 1']);
    const other = await start(202);
    await clock.advance(1_000);
    expect(lines.at(-1)).toBe(`add ${other.id}`);
  });

  test('goes to the listener for errors and not to onError, where there is one', async () => {
    const { clock, store, registry, errors } = fakeWorld();
    store.before.list = broken;
    const seen: unknown[] = [];
    registry.watch().on('error', (error) => seen.push(error));
    await clock.advance(3_000);
    expect(seen).toMatchObject([{ code: 'ROLLCALL_STORE' }]);
    expect(errors).toEqual([]);
  });

  test('at the beginning delays ready until one succeeds', async () => {
    const { clock, store, registry, start } = fakeWorld();
    const { id } = await start(201);
    store.before.list = broken;
    const lines = record(registry.watch());
    await clock.advance(3_000);
    expect(lines).toEqual([]);
    store.before = {};
    await clock.advance(2_000);
    expect(lines).toEqual([`add ${id}`, 'ready 1']);
  });

  test('does not end a loop that has once seen the registry', async () => {
    const { clock, store, registry, start } = fakeWorld();
    const loop = registry.watch()[Symbol.asyncIterator]();
    const first = loop.next();
    const one = await start(200);
    await clock.advance(1_000);
    expect((await first).value.instance.id).toBe(one.id);
    const second = loop.next();
    store.before.list = broken;
    await clock.advance(3_000);
    store.before = {};
    const { id } = await start(201);
    await clock.advance(1_000);
    expect((await second).value.instance.id).toBe(id);
  });

  test('ends a loop with its error if it is the first, and closes the watcher: nothing was ever seen', async () => {
    const { clock, store, registry } = fakeWorld();
    store.before.list = broken;
    const watcher = registry.watch();
    const outcome = watcher[Symbol.asyncIterator]()
      .next()
      .catch((error) => error);
    await clock.advance(1_000);
    expect(await outcome).toMatchObject({ code: 'ROLLCALL_STORE' });
    expect(watcher.isClosed).toBe(true);
    expect(clock.pending).toBe(0);
  });
});

test('a query that is not valid is refused at once', () => {
  const { registry } = fakeWorld();
  expect(() => registry.watch({ nam: 'x' } as never)).toThrow(expect.objectContaining({ code: 'ROLLCALL_INVALID' }));
});

test('a pattern that is not valid is reported, ends a loop with the error, and closes the watcher', async () => {
  const { clock, registry, errors } = fakeWorld();
  const watcher = registry.watch({ where: { name: { $regex: '(?=x)' } } });
  const next = watcher[Symbol.asyncIterator]().next();
  await expect(next).rejects.toMatchObject({ code: 'ROLLCALL_INVALID' });
  expect(errors).toMatchObject([{ code: 'ROLLCALL_INVALID' }]);
  expect(watcher.isClosed).toBe(true);
  expect(clock.pending).toBe(0);
  await expect(watcher[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'ROLLCALL_INVALID' });
});

test('closing twice does no harm, also before the first look and from within a listener', async () => {
  const { clock, registry, start, errors } = fakeWorld();
  await start(201);
  const early = registry.watch();
  await Promise.all([early.close(), early.close()]);
  const watcher = registry.watch();
  const lines = record(watcher);
  watcher.on('add', () => void watcher.close());
  await clock.advance(2_000);
  expect(watcher.isClosed).toBe(true);
  expect(lines.filter((line) => line.startsWith('add'))).toHaveLength(1);
  expect(errors).toEqual([]);
  expect(clock.pending).toBe(0);
});

test('the set stays as it was last after closing', async () => {
  const { clock, registry, start } = fakeWorld();
  await start(201);
  const watcher = registry.watch();
  await clock.advance(1_000);
  await watcher.close();
  expect(watcher.instances).toHaveLength(1);
});

test('a signal does not hold on to a watcher that was closed', async () => {
  const { registry } = fakeWorld();
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners++;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners--;
    remove(...args);
  };
  await registry.watch({}, { signal }).close();
  expect(listeners).toBe(0);
});
