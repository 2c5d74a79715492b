/** What is removed, when, and above all what is not. */

import { describe, expect, onTestFinished, test } from 'vitest';
import { encode } from '../../src/core/codec.js';
import { RollcallError } from '../../src/core/errors.js';
import { Reaper } from '../../src/registry/reaper.js';
import { MemoryStore } from '../../src/store/memory-store.js';
import { FakeClock, settle } from '../../src/testing/fake-clock.js';
import { FakeProbe } from '../../src/testing/fake-probe.js';
import { FaultyStore, gate } from '../../src/testing/faulty-store.js';
import { endpoints, fakeWorld } from '../support/fake-world.js';
import { makeInstance } from '../support/make-instance.js';

const broken = () => {
  throw new RollcallError('ROLLCALL_STORE', 'the disk is on fire', {});
};
const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const elsewhere = { machine: 'machine-2', host: 'host-2' };

/** A reaper of its own, with a world in which nothing else happens. */
function reaperWorld(options: { interval?: number } = {}) {
  const clock = new FakeClock();
  const probe = new FakeProbe();
  const store = new FaultyStore(new MemoryStore({ clock }));
  const errors: unknown[] = [];
  const reaper = new Reaper({ store, clock, probe, report: (error) => void errors.push(error) }, options);
  onTestFinished(() => reaper.stop());
  const put = async (given: Parameters<typeof makeInstance>[0] = {}) => {
    const instance = makeInstance(given);
    await store.put(instance.id, encode(instance));
    return instance;
  };
  const putDead = (given: Parameters<typeof makeInstance>[0] = {}) => put({ ...given, process: { pid: 9_999 } });
  const ids = async () => (await store.list()).map(({ id }) => id);
  return { clock, probe, store, errors, reaper, put, putDead, ids };
}

describe('reap', () => {
  test('removes the dead at once and keeps all else, telling which is which', async () => {
    const { clock, store, probe, reaper, put, ids } = reaperWorld();
    const gone = await put({ process: { pid: 9_999 } });
    const reused = await put({ process: { pid: 201, start: '5' } });
    probe.run(201, '6');
    const zombie = await put({ process: { pid: 202 } });
    probe.show(202, { is: 'zombie' });
    const thread = await put({ process: { pid: 203 } });
    probe.show(203, { is: 'thread' });
    const restarted = await put({ process: { boot: 'boot-0' } });
    const alive = await put({ process: probe.run(204) });
    const hidden = await put({ process: { pid: 205 } });
    probe.show(205, { is: 'hidden' });
    const contained = await put({ process: { pid: 9_999, pidNamespace: '1' } });
    const stale = await put({ process: { pid: 9_999, ...elsewhere } });
    const cloned = await put({ process: { pid: 9_999, host: 'host-2', boot: 'boot-2' } });
    const illegible = makeInstance();
    await store.put(illegible.id, '{"format":99}');
    clock.sleep(24 * hour);
    const result = await reaper.reap();
    const removed = [gone, reused, zombie, thread, restarted].map(({ id }) => id);
    const kept = [alive, hidden, contained, stale, cloned].map(({ id }) => id);
    expect(result.removed.map(({ id }) => id).sort()).toEqual(removed.sort());
    expect(result.kept.map(({ id }) => id).sort()).toEqual([...kept].sort());
    expect(result.illegible.map(({ id }) => id)).toEqual([illegible.id]);
    expect(result.orphans).toBe(0);
    expect(await ids()).toEqual([...kept, illegible.id]);
  });

  test('only says what it would do on a dry run', async () => {
    const { reaper, putDead, store, ids } = reaperWorld();
    const { id } = await putDead();
    expect((await reaper.reap({ dryRun: true })).removed.map((sighting) => sighting.id)).toEqual([id]);
    expect(await ids()).toEqual([id]);
    expect(store.calls).not.toContain('delete');
  });

  test('keeps an entry that was renewed or rewritten after it was looked at', async () => {
    const { store, reaper, putDead, ids } = reaperWorld();
    const { id } = await putDead();
    store.before.delete = async () => void (await store.touch(id));
    const result = await reaper.reap();
    expect(result.removed).toEqual([]);
    expect(result.kept.map((sighting) => sighting.id)).toEqual([id]);
    expect(await ids()).toEqual([id]);
  });

  test('does not count what another reaper removed meanwhile', async () => {
    const { store, reaper, putDead } = reaperWorld();
    const { id } = await putDead();
    store.before.delete = async () => {
      store.before = {};
      await store.delete(id);
    };
    expect(await reaper.reap()).toMatchObject({ removed: [], kept: [], illegible: [] });
  });

  test('rejects when the store fails', async () => {
    const { store, reaper, putDead } = reaperWorld();
    await putDead();
    store.before.delete = broken;
    await expect(reaper.reap()).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
    store.before = { list: broken };
    await expect(reaper.reap()).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
  });

  test('removes all it can, also when one entry cannot be removed', async () => {
    const { store, reaper, putDead, ids } = reaperWorld();
    const stuck = await putDead();
    await putDead();
    store.before.delete = (id) => (id === stuck.id ? broken() : undefined);
    await expect(reaper.reap()).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
    expect(await ids()).toEqual([stuck.id]);
  });

  test('rejects with the reason of an aborted signal and removes nothing', async () => {
    const { reaper, putDead, ids } = reaperWorld();
    const { id } = await putDead();
    const reason = new Error('enough');
    await expect(reaper.reap({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(await ids()).toEqual([id]);
  });

  test('counts what crashed writers left behind', async () => {
    const { store, reaper } = reaperWorld();
    const asked: unknown[] = [];
    store.sweep = async (...options: unknown[]) => asked.push(options[0]) + 2;
    expect((await reaper.reap()).orphans).toBe(3);
    await reaper.reap({ dryRun: true });
    expect(asked).toEqual([{ dryRun: false }, { dryRun: true }]);
  });
});

describe('sweeping', () => {
  test('begins after about one interval and keeps no process alive', async () => {
    const { clock, reaper, store } = reaperWorld();
    reaper.start();
    expect(clock.held).toBe(0);
    await clock.advance(22_499);
    expect(store.calls).toEqual([]);
    await clock.advance(15_001);
    expect(store.calls).toContain('list');
  });

  test('mourns the dead for two seconds, so that watchers see the death, and then removes them', async () => {
    const { clock, reaper, store, putDead, ids } = reaperWorld();
    const { id } = await putDead();
    reaper.start();
    while (!store.calls.includes('list')) await clock.advance(100);
    expect(await ids()).toEqual([id]);
    await clock.advance(1_800);
    expect(await ids()).toEqual([id]);
    await clock.advance(300);
    expect(await ids()).toEqual([]);
  });

  test('tells a watcher dead and not deregistered', async () => {
    const { clock, probe, registry, start } = fakeWorld();
    const { id } = await start(201);
    const reasons: string[] = [];
    registry.watch().on('remove', (instance, reason) => reasons.push(`${instance.id} ${reason}`));
    await clock.advance(25_000);
    probe.kill(201);
    await clock.advance(2 * minute);
    expect(reasons).toEqual([`${id} dead`]);
    expect(await registry.inspect()).toEqual([]);
  });

  test('removes nothing that was renewed while it was mourned', async () => {
    const { clock, reaper, store, putDead, ids } = reaperWorld();
    const { id } = await putDead();
    reaper.start();
    for (let elapsed = 0; elapsed < 2 * minute; elapsed += second) {
      await store.touch(id);
      await clock.advance(second);
    }
    expect(await ids()).toEqual([id]);
  });

  test('spares one that is alive again when its mourning ends', async () => {
    const { clock, probe, reaper, store, put, ids } = reaperWorld();
    const { id } = await put({ process: { pid: 201, start: '20100' } });
    reaper.start();
    while (!store.calls.includes('list')) await clock.advance(100);
    probe.run(201);
    await clock.advance(10 * minute);
    expect(await ids()).toEqual([id]);
  });

  test('removes what it cannot judge only after ten ttls of silence', async () => {
    const { clock, reaper, put, ids } = reaperWorld();
    const { id } = await put({ ttl: minute, process: elsewhere });
    reaper.start();
    // Silence counts from the first look that finds it stale, at the earliest after one ttl.
    await clock.advance(11 * minute);
    expect(await ids()).toEqual([id]);
    await clock.advance(2 * minute);
    expect(await ids()).toEqual([]);
  });

  test('keeps what it cannot judge as long as a heartbeat comes now and then', async () => {
    const { clock, reaper, store, put, ids } = reaperWorld();
    const { id } = await put({ ttl: minute, process: elsewhere });
    reaper.start();
    for (let round = 0; round < 6; round++) {
      await clock.advance(9 * minute);
      await store.touch(id);
    }
    expect(await ids()).toEqual([id]);
  });

  test.each(['sleep', 'stop'] as const)(
    'counts anew after a %s of its own, which may have been theirs',
    async (how) => {
      const { clock, reaper, put, ids } = reaperWorld();
      const { id } = await put({ ttl: minute, process: elsewhere });
      reaper.start();
      await clock.advance(9 * minute);
      clock[how](8 * hour);
      await clock.advance(9 * minute);
      expect(await ids()).toEqual([id]);
      await clock.advance(4 * minute);
      expect(await ids()).toEqual([]);
    },
  );

  test.each([
    ['silent', false],
    ['fresh', true],
  ])(
    'was not awake when it was stopped after a look that found it %s, however punctual the next one is',
    async (_, isFresh) => {
      const { clock, reaper, store, put, ids } = reaperWorld();
      const { id } = await put({ ttl: second, process: elsewhere });
      reaper.start();
      while (!store.calls.includes('list')) {
        if (isFresh) await store.touch(id);
        await clock.advance(100);
      }
      // All were stopped together, and go on together a moment before the next look: nobody could renew anything yet.
      clock.stop(22 * second);
      store.calls.length = 0;
      while (!store.calls.includes('list')) await clock.advance(100);
      expect(await ids()).toEqual([id]);
    },
  );

  test('is not fooled by a wall clock that is set forward or back', async () => {
    const { clock, reaper, put, ids } = reaperWorld();
    const { id } = await put({ ttl: minute, process: elsewhere });
    reaper.start();
    await clock.advance(2 * minute);
    clock.set(clock.now() + 365 * 24 * hour);
    await clock.advance(9 * minute);
    expect(await ids()).toEqual([id]);
    clock.set(clock.now() - 730 * 24 * hour);
    await clock.advance(5 * minute);
    // A clock that goes back shows no renewal either; what it has seen itself still counts.
    await clock.advance(10 * minute);
    expect(await ids()).toEqual([]);
  });

  test('skips the round for which it woke late, also for the dead', async () => {
    const { clock, reaper, store, putDead, ids } = reaperWorld();
    const { id } = await putDead();
    reaper.start();
    while (!store.calls.includes('list')) await clock.advance(100);
    // In the middle of mourning.
    clock.stop(hour);
    await clock.advance(second);
    expect(await ids()).toEqual([id]);
    await clock.advance(2 * minute);
    expect(await ids()).toEqual([]);
  });

  test('never removes what is illegible', async () => {
    const { clock, reaper, store, ids } = reaperWorld();
    const { id } = makeInstance();
    await store.put(id, '{"format":99}');
    reaper.start();
    await clock.advance(24 * hour);
    expect(await ids()).toEqual([id]);
  }, 20_000);

  test('reports a failing store once for each streak, and goes on', async () => {
    const { clock, reaper, store, errors, putDead, ids } = reaperWorld();
    reaper.start();
    store.before.list = broken;
    await clock.advance(5 * minute);
    expect(errors).toMatchObject([{ code: 'ROLLCALL_STORE' }]);
    store.before = {};
    await putDead();
    await clock.advance(2 * minute);
    expect(await ids()).toEqual([]);
    store.before.list = broken;
    await clock.advance(5 * minute);
    expect(errors).toHaveLength(2);
  });

  test('removes all it can, also when one entry cannot be removed', async () => {
    const { clock, reaper, store, errors, putDead, ids } = reaperWorld();
    const stuck = await putDead();
    await putDead();
    store.before.delete = (id) => (id === stuck.id ? broken() : undefined);
    reaper.start();
    await clock.advance(10 * minute);
    expect(await ids()).toEqual([stuck.id]);
    expect(errors).toMatchObject([{ code: 'ROLLCALL_STORE' }]);
  });

  test('sweeps away what crashed writers left', async () => {
    const { clock, reaper, store } = reaperWorld();
    let sweeps = 0;
    store.sweep = async () => ++sweeps;
    reaper.start();
    await clock.advance(minute);
    expect(sweeps).toBeGreaterThan(0);
  });

  test('ends when it is stopped, and begins anew when it is started again', async () => {
    const { clock, reaper, store, putDead, ids } = reaperWorld();
    await putDead();
    reaper.start();
    reaper.start();
    expect(clock.pending).toBe(1);
    reaper.stop();
    expect(clock.pending).toBe(0);
    await clock.advance(5 * minute);
    expect(store.calls).not.toContain('list');
    reaper.start();
    await clock.advance(2 * minute);
    expect(await ids()).toEqual([]);
  });

  test('has one timer, also when it is stopped and started again in the middle of a sweep', async () => {
    const { clock, reaper, store } = reaperWorld();
    reaper.start();
    const door = gate();
    store.before.list = door.wait;
    const passing = clock.advance(37_500);
    await door.reached;
    reaper.stop();
    reaper.start();
    door.open();
    await passing;
    await settle();
    expect(clock.pending).toBe(1);
  });

  test('removes nothing once it is stopped, not even in the sweep under way', async () => {
    const { clock, reaper, store, putDead, ids } = reaperWorld();
    const { id } = await putDead();
    reaper.start();
    while (!store.calls.includes('list')) await clock.advance(100);
    const door = gate();
    store.before.list = door.wait;
    const passing = clock.advance(3_000);
    await door.reached;
    reaper.stop();
    door.open();
    await passing;
    expect(await ids()).toEqual([id]);
  });

  test('is disposed of by stopping', async () => {
    const { clock, reaper } = reaperWorld();
    {
      await using running = reaper.start();
      expect(running).toBe(reaper);
      expect(clock.pending).toBe(1);
    }
    expect(clock.pending).toBe(0);
  });

  test('spares a live process of this machine whatever the clocks and heartbeats say', async () => {
    const { clock, probe, reaper, put, ids } = reaperWorld();
    const { id } = await put({ ttl: second, process: probe.run(201) });
    reaper.start();
    await clock.advance(10 * minute);
    clock.set(clock.now() + 365 * 24 * hour);
    await clock.advance(10 * minute);
    expect(await ids()).toEqual([id]);
  });
});

test('two registries sweep at different moments', async () => {
  const lists = new Set<number>();
  for (let index = 0; index < 8; index++) {
    const { clock, registry, store } = fakeWorld();
    await registry.register({ name: 'weather', endpoints });
    const began = clock.monotonic();
    store.before.list = () => void lists.add(clock.monotonic() - began);
    await clock.advance(37_500);
  }
  expect(lists.size).toBeGreaterThan(1);
});
