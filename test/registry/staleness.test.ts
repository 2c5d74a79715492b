/** A registry that cannot be read for a while: the watcher goes on, says so, looks less often, and comes back. */

import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Registry, RollcallError, type Watcher } from '../../src/index.js';
import { settle } from '../../src/testing/fake-clock.js';
import { gate } from '../../src/testing/faulty-store.js';
import { eventually } from '../support/eventually.js';
import { endpoints, fakeWorld } from '../support/fake-world.js';
import { tempFolder } from '../support/temp.js';

const broken = () => {
  throw new RollcallError('ROLLCALL_STORE', 'the disk is on fire', {});
};

/** Everything a watcher tells, as lines. */
function record(watcher: Watcher): string[] {
  const lines: string[] = [];
  watcher.on('add', ({ name }) => lines.push(`add ${name}, ${watcher.staleness.stale}`));
  watcher.on('ready', () => lines.push('ready'));
  watcher.on('error', (error) => lines.push(`error ${(error as RollcallError).code}`));
  watcher.on('stale', (error) => lines.push(`stale ${(error as RollcallError).code}, ${watcher.staleness.stale}`));
  watcher.on('fresh', (age) => lines.push(`fresh ${Math.round(age)}, ${watcher.instances.length} here`));
  return lines;
}

/** A registry that can be broken, and when it was looked at since, in ms. */
function breakable() {
  const world = fakeWorld();
  const { clock, store } = world;
  const looks: number[] = [];
  const fail = () => {
    store.before.list = () => {
      looks.push(clock.monotonic());
      broken();
    };
  };
  const gaps = () => looks.slice(1).map((at, index) => at - (looks[index] ?? 0));
  const repair = () => {
    store.before = {};
  };
  return { ...world, looks, gaps, fail, repair };
}

describe('how far the set can be relied on', () => {
  test('is told by the age of the last look, also before the first', async () => {
    const { clock, registry, start } = fakeWorld();
    await start(201);
    const watcher = registry.watch();
    clock.stop(70);
    expect(watcher.staleness).toEqual({ stale: false, age: 70 });
    await settle();
    expect(watcher.isReady).toBe(true);
    expect(watcher.staleness).toEqual({ stale: false, age: 0 });
    for (let passed = 0; passed < 3_000; passed += 37) {
      await clock.advance(37);
      expect(watcher.staleness.stale).toBe(false);
      expect(watcher.staleness.age).toBeLessThanOrEqual(500);
    }
    // Its loop is blocked.
    clock.stop(10_000);
    expect(watcher.staleness.age).toBeGreaterThanOrEqual(10_000);
  });

  test('is told once when looks begin to fail and once when they succeed again, and the set stays meanwhile', async () => {
    const { clock, registry, start, fail, repair, errors } = breakable();
    await start(201);
    const watcher = registry.watch();
    const lines = record(watcher);
    await clock.advance(1_000);
    for (const name of ['maps', 'notes']) {
      const before = watcher.instances;
      const { age } = watcher.staleness;
      fail();
      await clock.advance(5_000);
      expect(watcher.staleness).toEqual({ stale: true, age: age + 5_000 });
      expect(watcher.instances).toBe(before);
      repair();
      await start(name.length, { name });
      await clock.advance(2_000);
      expect(watcher.staleness.stale).toBe(false);
    }
    expect(lines.map((line) => line.replace(/fresh [5-7]\d{3},/, 'fresh 5-7,'))).toEqual([
      'add weather, false',
      'ready',
      'error ROLLCALL_STORE',
      'stale ROLLCALL_STORE, true',
      'add maps, false',
      'fresh 5-7, 2 here',
      'error ROLLCALL_STORE',
      'stale ROLLCALL_STORE, true',
      'add notes, false',
      'fresh 5-7, 3 here',
    ]);
    expect(errors).toEqual([]);
  });

  test('is told although nobody listens for errors: those go to onError', async () => {
    const { clock, registry, fail, errors } = breakable();
    const told: unknown[] = [];
    registry.watch().on('stale', (error) => told.push(error));
    await clock.advance(1_000);
    fail();
    await clock.advance(5_000);
    expect(told).toMatchObject([{ code: 'ROLLCALL_STORE' }]);
    expect(errors).toEqual(told);
  });

  test('is not told any more once it is closed', async () => {
    const { clock, registry, fail } = breakable();
    const watcher = registry.watch();
    const lines = record(watcher);
    watcher.on('error', () => void watcher.close());
    await clock.advance(1_000);
    fail();
    await clock.advance(5_000);
    expect(lines).toEqual(['ready', 'error ROLLCALL_STORE']);
    expect(clock.pending).toBe(0);
  });
});

describe('looks that fail', () => {
  test('come less and less often, up to two seconds apart, and at the old pace after the first that succeeds', async () => {
    for (let round = 0; round < 20; round++) {
      const { clock, store, registry, looks, gaps, fail, repair } = breakable();
      const watcher = registry.watch();
      await clock.advance(1_000);
      fail();
      await clock.advance(20_000);
      const [first = 0, second = 0, ...others] = gaps();
      expect(looks.length).toBeGreaterThan(9);
      expect(first).toBeGreaterThanOrEqual(375);
      expect(first).toBeLessThanOrEqual(500);
      expect(second).toBeGreaterThanOrEqual(750);
      expect(second).toBeLessThanOrEqual(1_000);
      for (const gap of others) expect(gap).toBeGreaterThanOrEqual(1_500);
      for (const gap of others) expect(gap).toBeLessThanOrEqual(2_000);
      // By chance, or those who watch one disk come together.
      expect(new Set(others).size).toBeGreaterThan(1);
      repair();
      await clock.advance(2_000);
      const calls = store.calls.length;
      await clock.advance(5_000);
      expect(store.calls.length - calls).toBeGreaterThanOrEqual(10);
      await watcher.close();
    }
  });

  test('are over at most two seconds after the repair, whenever that is', async () => {
    for (let broke = 0; broke < 6_000; broke += 237) {
      const { clock, registry, fail, repair } = breakable();
      const watcher = registry.watch();
      await clock.advance(1_000);
      fail();
      await clock.advance(600 + broke);
      expect(watcher.staleness.stale).toBe(true);
      repair();
      await clock.advance(2_000);
      expect(watcher.staleness.stale).toBe(false);
      await watcher.close();
    }
  });

  test('follow a hint at once, but are no closer than 100 ms however many hints there are', async () => {
    const { clock, registry, store, start, fail, repair, looks, gaps } = breakable();
    const watcher = registry.watch();
    await clock.advance(1_000);
    const { id } = await start(201);
    await clock.advance(100);
    fail();
    await clock.advance(7_000);
    while (clock.monotonic() - (looks.at(-1) ?? 0) < 100 || (clock.next ?? 0) < 10) await clock.advance(20);
    looks.length = 0;
    await store.touch(id);
    await store.put(id, '{');
    await clock.advance(5);
    // Long since the last one: at once.
    expect(looks).toHaveLength(1);
    for (let hint = 0; hint < 1_000; hint++) {
      await store.put(id, `{${hint}`);
      await clock.advance(1);
    }
    expect(looks.length).toBeGreaterThanOrEqual(9);
    expect(looks.length).toBeLessThanOrEqual(11);
    expect(Math.min(...gaps())).toBeGreaterThanOrEqual(100);
    repair();
    await store.put(id, '{}');
    await clock.advance(101);
    expect(watcher.staleness.stale).toBe(false);
    expect(watcher.instances).toEqual([]);
  });

  test('are not repeated at once because of what was hinted meanwhile', async () => {
    const { clock, registry, store, start, looks, gaps } = breakable();
    registry.watch();
    await clock.advance(1_000);
    const { id } = await start(201);
    await clock.advance(100);
    store.before.list = async () => {
      looks.push(clock.monotonic());
      await settle();
      // A disk that takes its time to fail; and of that time hints tell.
      for (let hint = 0; hint < 30; hint++) {
        clock.stop(1);
        await store.put(id, `{${hint}`);
      }
      broken();
    };
    for (let passed = 0; passed < 2_000; passed += 10) await clock.advance(10);
    expect(looks.length).toBeGreaterThanOrEqual(4);
    // Each takes 30 ms.
    expect(Math.min(...gaps())).toBeGreaterThanOrEqual(130);
  });

  test('lose nothing: what could not be looked at when it was hinted is looked at with all the rest', async () => {
    const { clock, registry, store, start } = fakeWorld();
    const watcher = registry.watch();
    const lines = record(watcher);
    await clock.advance(1_100);
    store.at(1, broken, 'get');
    await start(201);
    await clock.advance(10);
    expect(watcher.staleness.stale).toBe(true);
    await clock.advance(500);
    expect(lines.map((line) => line.replace(/fresh \d+/, 'fresh'))).toEqual([
      'ready',
      'error ROLLCALL_STORE',
      'stale ROLLCALL_STORE, true',
      'add weather, false',
      'fresh, 1 here',
    ]);
  });

  test('are one streak, although single entries can be read in between', async () => {
    const { clock, registry, start, store, fail } = breakable();
    const watcher = registry.watch();
    const lines = record(watcher);
    const { id } = await start(201);
    await clock.advance(1_000);
    fail();
    await clock.advance(1_000);
    for (let hint = 0; hint < 20; hint++) {
      await store.put(id, '{');
      await clock.advance(150);
    }
    expect(watcher.staleness.stale).toBe(true);
    expect(lines.filter((line) => line.startsWith('stale'))).toHaveLength(1);
  });

  test('come with the same back-off if none has ever succeeded; then it becomes ready', async () => {
    const { clock, registry, start, fail, repair, looks, gaps } = breakable();
    await start(201);
    fail();
    const watcher = registry.watch();
    const lines = record(watcher);
    await clock.advance(20_000);
    expect(watcher.staleness).toEqual({ stale: true, age: 20_000 });
    expect(watcher.isReady).toBe(false);
    expect(looks.length).toBeLessThan(16);
    for (const gap of gaps().slice(4)) expect(gap).toBeGreaterThanOrEqual(1_500);
    repair();
    await clock.advance(2_000);
    expect(lines.map((line) => line.replace(/fresh 2\d{4},/, 'fresh 2####,'))).toEqual([
      'error ROLLCALL_STORE',
      'stale ROLLCALL_STORE, true',
      'add weather, false',
      'ready',
      'fresh 2####, 1 here',
    ]);
  });

  test('keep the process alive while a loop waits, and the loop gets what comes after', async () => {
    const { clock, registry, start, fail, repair } = breakable();
    const loop = registry.watch()[Symbol.asyncIterator]();
    await start(201, { name: 'maps' });
    expect((await loop.next()).value.instance.name).toBe('maps');
    const next = loop.next();
    fail();
    for (let passed = 0; passed < 10_000; passed += 100) {
      await clock.advance(100);
      expect(clock.held).toBe(1);
    }
    repair();
    await start(202, { name: 'notes' });
    await clock.advance(2_000);
    expect((await next).value.instance.name).toBe('notes');
  });

  test('do not make it deaf for good: hints that could not be had at first are asked for again', async () => {
    const { clock, registry, start, store, fail, repair } = breakable();
    fail();
    store.before.watch = broken;
    const watcher = registry.watch();
    await clock.advance(5_000);
    repair();
    await clock.advance(2_100);
    expect(watcher.isReady).toBe(true);
    for (const pid of [201, 202]) {
      await start(pid);
      await clock.advance(5);
      expect(watcher.instances).toHaveLength(pid - 200);
      await clock.advance(90);
    }
  });

  test('that end while it is being closed leave nothing behind', async () => {
    const { clock, registry, store, fail } = breakable();
    fail();
    store.before.watch = broken;
    const watcher = registry.watch();
    await clock.advance(5_000);
    const door = gate();
    store.before = { list: door.wait };
    const passing = clock.advance(2_000);
    await door.reached;
    const watching = store.calls.filter((call) => call === 'watch').length;
    await watcher.close();
    door.open();
    await passing;
    expect(store.calls.filter((call) => call === 'watch')).toHaveLength(watching);
    expect(clock.pending).toBe(0);
  });
});

test('a real folder that is something else for a while: it goes on, says so, and comes back within 2.5 s', async () => {
  const directory = tempFolder();
  const quiet = { directory, onError: () => {} };
  const [owner, reader] = [new Registry(quiet), new Registry(quiet)];
  onTestFinished(async () => {
    await Promise.allSettled([owner.close(), reader.close()]);
  });
  await owner.register({ name: 'maps', endpoints: [...endpoints] });
  const watcher = reader.watch();
  const lines = record(watcher);
  await eventually('it has looked', () => watcher.isReady);
  const [entries, away] = [join(directory, 'v1'), join(directory, 'away')];
  for (const round of [1, 2]) {
    renameSync(entries, away);
    writeFileSync(entries, '');
    await eventually('it is stale', () => watcher.staleness.stale);
    await expect(reader.discover()).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
    await eventually('it grows old', () => watcher.staleness.age > 600);
    expect(watcher.instances).toHaveLength(round);
    rmSync(entries);
    renameSync(away, entries);
    const repaired = performance.now();
    await eventually('it is fresh', () => !watcher.staleness.stale);
    expect(performance.now() - repaired).toBeLessThan(2_500);
    await owner.register({ name: 'notes', endpoints: [...endpoints] });
    await eventually('it sees what comes', () => watcher.instances.length === round + 1);
  }
  expect(lines.filter((line) => line.startsWith('stale'))).toHaveLength(2);
  expect(lines.filter((line) => line.startsWith('fresh'))).toHaveLength(2);
});
