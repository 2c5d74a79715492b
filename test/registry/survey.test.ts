/** One look at everything. */

import { expect, test } from 'vitest';
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
