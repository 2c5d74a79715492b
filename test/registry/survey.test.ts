/** One look at everything. */

import { describe, expect, test } from 'vitest';
import { encode } from '../../src/core/codec.js';
import { Surveyor } from '../../src/registry/survey.js';
import { MemoryStore } from '../../src/store/memory-store.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { FakeProbe } from '../../src/testing/fake-probe.js';
import { FaultyStore } from '../../src/testing/faulty-store.js';
import { makeInstance } from '../support/make-instance.js';

function survey({ isLasting = false } = {}) {
  const clock = new FakeClock();
  const probe = new FakeProbe();
  const store = new FaultyStore(new MemoryStore({ clock }));
  const surveyor = new Surveyor({ store, clock, probe, report: () => {} }, { isLasting });
  const put = async (given: Parameters<typeof makeInstance>[0] = {}) => {
    const instance = makeInstance(given);
    await store.put(instance.id, encode(instance));
    return instance;
  };
  return { clock, probe, store, surveyor, put };
}
const elsewhere = { machine: 'machine-2' };

test('an instance whose text has not changed is the same object in the next survey, heartbeat or not', async () => {
  const { store, surveyor, put } = survey();
  const { id } = await put();
  const [first] = await surveyor.survey();
  await store.touch(id);
  const [second] = await surveyor.survey();
  expect(second?.version).not.toBe(first?.version);
  expect(second?.instance).toBe(first?.instance);
  expect((await surveyor.look(id))?.instance).toBe(first?.instance);
  await put({ id, title: 'x' });
  const [third] = await surveyor.survey();
  expect(third?.instance).not.toBe(first?.instance);
});

test('a sighting says what was seen and when the entry was renewed', async () => {
  const { clock, surveyor, put, store } = survey();
  const { id } = await put({ process: elsewhere });
  const renewedAt = clock.now();
  await clock.advance(7_000);
  expect(await surveyor.survey()).toMatchObject([
    {
      id,
      verdict: 'alive',
      reason: 'runs on another machine (host-1); last heartbeat 7 s ago',
      renewedAt,
      version: (await store.get(id))?.version,
      instance: { id },
    },
  ]);
});

test('an entry the store cannot read is illegible with its problem, and its body is not looked at', async () => {
  const { store, surveyor } = survey();
  const instance = makeInstance();
  store.list = async () => [
    { id: instance.id, body: encode(instance), version: '1', renewedAt: 5, problem: 'is a folder' },
  ];
  expect(await surveyor.survey()).toEqual([
    { id: instance.id, verdict: 'illegible', reason: 'is a folder', renewedAt: 5, version: '1' },
  ]);
});

test('a look at an entry that is not there gives undefined', async () => {
  expect(await survey().surveyor.look(makeInstance().id)).toBeUndefined();
});

test('a lasting observer goes by its own clock: a writer with a wrong one makes no difference', async () => {
  const { clock, store, surveyor, put } = survey({ isLasting: true });
  const { id } = await put({ process: elsewhere, ttl: 10_000 });
  const look = async () => (await surveyor.survey())[0];
  expect(await look()).toMatchObject({ verdict: 'alive' });
  // The writer's clock is an hour behind.
  const renew = async () => {
    clock.set(clock.now() - 3_600_000);
    await store.touch(id);
    clock.set(clock.now() + 3_600_000);
  };
  await clock.advance(2_000);
  await renew();
  expect(await look()).toMatchObject({ verdict: 'alive' });
  for (let second = 0; second < 10; second++) {
    await clock.advance(1_000);
    expect((await look())?.verdict).toBe('alive');
  }
  await clock.advance(1_000);
  expect(await look()).toMatchObject({ verdict: 'stale' });
  await renew();
  expect(await look()).toMatchObject({ verdict: 'alive' });
});

test('an observer that forgets begins to count anew', async () => {
  const { clock, surveyor, put } = survey({ isLasting: true });
  await put({ process: elsewhere, ttl: 10_000 });
  // By its file it was renewed in the future: only what the observer remembers can tell of silence.
  clock.set(clock.now() - 3_600_000);
  await surveyor.survey();
  await clock.advance(11_000);
  expect((await surveyor.survey())[0]?.verdict).toBe('stale');
  surveyor.forget();
  expect((await surveyor.survey())[0]?.verdict).toBe('alive');
});

test('slow inquiries are made only for what is stale and near, and then it is judged again', async () => {
  const { clock, probe, surveyor, put } = survey();
  const asked: number[][] = [];
  Object.assign(probe, {
    async inquire(pids: number[]) {
      asked.push(pids);
      probe.show(201, { is: 'there', start: '20100' });
      probe.show(202, { is: 'there', start: '1' });
    },
  });
  for (const pid of [201, 202]) {
    probe.show(pid, { is: 'hidden' });
    await put({ process: { pid, start: `${pid}00` }, registeredAt: `2026-01-01T00:00:00.${pid}Z` });
  }
  await put({ process: { pid: 203, ...elsewhere }, registeredAt: '2026-01-01T00:00:01.000Z' });
  expect((await surveyor.survey()).map(({ verdict }) => verdict)).toEqual(['alive', 'alive', 'alive']);
  expect(asked).toEqual([]);
  await clock.advance(60_000);
  expect((await surveyor.survey()).map(({ verdict }) => verdict)).toEqual(['alive', 'dead', 'stale']);
  expect(asked).toEqual([[201, 202]]);
});

test('others get their turn while thousands of entries are judged', async () => {
  const { surveyor, put } = survey();
  for (let index = 0; index < 1_000; index++) await put();
  let turns = 0;
  const turn = () => {
    turns++;
    immediate = setImmediate(turn);
  };
  let immediate = setImmediate(turn);
  await surveyor.survey();
  clearImmediate(immediate);
  expect(turns).toBeGreaterThan(3);
});

describe('a survey that may lag', () => {
  /** A store that tells a stamp, and how often it was listed and asked for one entry. */
  class StampedStore extends MemoryStore {
    stamps: string | undefined = '1';
    lists = 0;
    gets: string[] = [];
    /** What the listing takes. */
    before = async () => {};

    async stamp(): Promise<string | undefined> {
      return this.stamps;
    }
    override async list() {
      this.lists++;
      await this.before();
      return super.list();
    }
    override async get(id: string) {
      this.gets.push(id);
      return super.get(id);
    }
  }
  function lagging({ isLasting = false } = {}) {
    const clock = new FakeClock();
    const probe = new FakeProbe();
    const store = new StampedStore({ clock });
    const surveyor = new Surveyor({ store, clock, probe, report: () => {} }, { isLasting });
    const put = async (given: Parameters<typeof makeInstance>[0] = {}) => {
      const instance = makeInstance(given);
      await store.put(instance.id, encode(instance));
      return instance;
    };
    const look = () => surveyor.survey({ mayLag: true });
    return { clock, probe, store, surveyor, put, look };
  }

  test('lists once while the stamp stays, gives the same array, and looks at each process once a time', async () => {
    const { probe, store, put, look } = lagging();
    const process = probe.run(201);
    await put({ process });
    await put({ process });
    const first = await look();
    probe.looks.length = 0;
    expect(await look()).toBe(first);
    expect(await look()).toBe(first);
    expect([store.lists, probe.looks]).toEqual([1, [201, 201]]);
  });

  test.each([
    ['the stamp is another', (store: StampedStore) => (store.stamps = '2')],
    ['no stamp can be told', (store: StampedStore) => (store.stamps = undefined)],
  ])('lists again when %s', async (_, act) => {
    const { store, put, look } = lagging();
    await look();
    const { id } = await put();
    act(store);
    expect((await look()).map((sighting) => sighting.id)).toEqual([id]);
    expect(store.lists).toBe(2);
  });

  test('lists each time when it may not lag', async () => {
    const { store, put, look, surveyor } = lagging();
    await look();
    const { id } = await put();
    expect((await surveyor.survey()).map((sighting) => sighting.id)).toEqual([id]);
    expect(store.lists).toBe(2);
  });

  test('lists again after 2 s; who looks all the time, after 1,000 times what it took', async () => {
    for (const [isLasting, took, good] of [
      [false, 40, 2_000],
      [true, 1, 2_000],
      [true, 40, 40_000],
    ] as const) {
      const { clock, store, look } = lagging({ isLasting });
      store.before = () => clock.advance(took);
      await look();
      await clock.advance(good - took);
      await look();
      expect(store.lists).toBe(1);
      await clock.advance(1);
      await look();
      expect(store.lists).toBe(2);
    }
  });

  test('does not while something is wrong with an entry: that may pass without a trace', async () => {
    const { store, look } = lagging();
    const { list } = store;
    const entry = { id: makeInstance().id, body: '', version: '1', renewedAt: 5, problem: 'is a folder' };
    store.list = async () => [...(await list.call(store)), entry];
    await look();
    await look();
    expect(store.lists).toBe(2);
  });

  test('finds the dead, and a process that has taken the pid', async () => {
    const { probe, store, put, look } = lagging();
    await put({ process: probe.run(201), registeredAt: '2026-01-01T00:00:00.001Z' });
    await put({ process: probe.run(202), registeredAt: '2026-01-01T00:00:00.002Z' });
    const verdicts = async () => (await look()).map(({ verdict }) => verdict);
    expect(await verdicts()).toEqual(['alive', 'alive']);
    probe.kill(201);
    expect(await verdicts()).toEqual(['dead', 'alive']);
    probe.run(202, '999');
    expect(await verdicts()).toEqual(['dead', 'dead']);
    expect(store.lists).toBe(1);
    await put({ process: probe.run(203), registeredAt: '2026-01-01T00:00:00.003Z' });
    store.stamps = '2';
    expect(await verdicts()).toEqual(['dead', 'dead', 'alive']);
    probe.kill(203);
    expect(await verdicts()).toEqual(['dead', 'dead', 'dead']);
    expect(store.lists).toBe(2);
  });

  test('asks for an entry that hangs on its heartbeat before it would lapse, and not each time', async () => {
    const { clock, store, put, look } = lagging({ isLasting: true });
    store.before = () => clock.advance(1_000);
    const { id } = await put({ process: elsewhere, ttl: 40_000 });
    const verdict = async () => (await look())[0]?.verdict;
    expect(await verdict()).toBe('alive');
    await clock.advance(9_999);
    expect(await verdict()).toBe('alive');
    expect(store.gets).toEqual([]);
    await clock.advance(1);
    await store.touch(id);
    expect(await verdict()).toBe('alive');
    expect(store.gets).toEqual([id]);
    // From that renewal on.
    for (let second = 0; second < 40; second++) {
      await clock.advance(1_000);
      expect(await verdict()).toBe('alive');
    }
    await clock.advance(1_000);
    expect(await verdict()).toBe('stale');
    await store.touch(id);
    expect(await verdict()).toBe('alive');
    expect(store.lists).toBe(1);
  });

  test('an entry that was overwritten in place, and is found so by its heartbeat, is judged as what it is', async () => {
    const { clock, probe, store, put, look } = lagging({ isLasting: true });
    store.before = () => clock.advance(1_000);
    const { id } = await put({ process: elsewhere });
    expect((await look())[0]?.verdict).toBe('alive');
    await put({ id, process: probe.run(201) });
    await clock.advance(20_000);
    expect((await look())[0]).toMatchObject({ verdict: 'alive', reason: 'process 201 is running' });
  });

  test('surveys come one after the other: an older listing would overtake a newer one', async () => {
    const { store, put, look, surveyor } = lagging();
    let [now, most] = [0, 0];
    store.before = async () => {
      most = Math.max(most, ++now);
      await new Promise(setImmediate);
      now--;
    };
    const older = look();
    const { id } = await put();
    const newer = [surveyor.survey(), surveyor.survey()];
    await older;
    for (const sightings of await Promise.all(newer)) expect(sightings.map((sighting) => sighting.id)).toEqual([id]);
    expect([store.lists, most]).toEqual([3, 1]);
  });

  test('one that may not tells the heartbeats of now', async () => {
    const { clock, put, surveyor } = lagging();
    await put({ process: elsewhere });
    for (const seconds of [0, 5]) {
      await clock.advance(seconds * 1_000);
      expect((await surveyor.survey())[0]?.reason).toContain(`last heartbeat ${seconds} s ago`);
    }
  });

  test('what is looked at alone meanwhile is judged, and shown so', async () => {
    const { probe, store, surveyor, put, look } = lagging();
    const { id } = await put({ process: probe.run(201) });
    const [first] = await look();
    await put({ id, process: probe.run(201), title: 'x' });
    probe.kill(201);
    expect(await surveyor.look(id)).toMatchObject({ verdict: 'dead', instance: { title: 'x' } });
    const [second] = await look();
    expect(second).not.toBe(first);
    expect(second).toMatchObject({ verdict: 'dead' });
    expect(store.lists).toBe(1);
  });
});

test('who is buried is dead, until a heartbeat says otherwise', async () => {
  const { clock, store, surveyor, put } = survey({ isLasting: true });
  const { id } = await put({ process: elsewhere });
  await surveyor.survey();
  await surveyor.bury(id);
  const dead = { verdict: 'dead', reason: 'runs on another machine (host-1); its lifeline has ended' };
  expect(await surveyor.survey()).toMatchObject([dead]);
  await clock.advance(1_000);
  expect(await surveyor.look(id)).toMatchObject(dead);
  await store.touch(id);
  expect(await surveyor.survey()).toMatchObject([{ verdict: 'alive' }]);
  // One that is gone is nobody's.
  await store.delete(id);
  await surveyor.bury(id);
  expect(await surveyor.survey()).toEqual([]);
});

test('who looks through one store reads each entry once, and gets the same objects', async () => {
  const { clock, probe, store, put } = survey();
  await put();
  const world = { store, clock, probe, report: () => {} };
  const [one, other] = [new Surveyor(world, { isLasting: true }), new Surveyor(world, { isLasting: false })];
  expect((await one.survey())[0]?.instance).toBe((await other.survey())[0]?.instance);
});
