/** The clock that stands still, and the processes that do not exist. */

import { expect, test } from 'vitest';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { FakeProbe } from '../../src/testing/fake-probe.js';

function newClock() {
  const clock = new FakeClock();
  const log: string[] = [];
  const began = clock.monotonic();
  const after = (delay: number, name: string) =>
    clock.after(delay, () => log.push(`${name} ${clock.monotonic() - began}`));
  return { clock, log, after };
}

test('timers run in order, each at its time, and those they set too', async () => {
  const { clock, log, after } = newClock();
  after(300, 'c');
  after(100, 'a');
  clock.after(200, () => after(50, 'b'));
  const taken = after(150, 'never');
  taken.cancel();
  expect([clock.pending, clock.next]).toEqual([3, 100]);
  await clock.advance(299);
  expect(log).toEqual(['a 100', 'b 250']);
  await clock.advance(1);
  expect(log.at(-1)).toBe('c 300');
  expect([clock.pending, clock.next]).toEqual([0, undefined]);
});

test('asleep, only the wall clock goes on; stopped, both do, and timers are late', async () => {
  const { clock, log, after } = newClock();
  after(100, 'a');
  const [now, monotonic] = [clock.now(), clock.monotonic()];
  clock.sleep(1_000);
  expect([clock.now() - now, clock.monotonic() - monotonic, clock.next]).toEqual([1_000, 0, 100]);
  clock.stop(1_000);
  expect([clock.now() - now, clock.monotonic() - monotonic, clock.next]).toEqual([2_000, 1_000, 0]);
  expect(log).toEqual([]);
  await clock.advance(0);
  expect(log).toEqual(['a 1000']);
  clock.set('2020-01-01T00:00:00.000Z');
  expect([clock.now(), clock.monotonic() - monotonic]).toEqual([Date.parse('2020-01-01'), 1_000]);
});

test('a timer is run by hand, or dropped with all others', () => {
  const { clock, log, after } = newClock();
  expect(clock.runNext()).toBe(false);
  after(200, 'b');
  after(100, 'a').hold(true);
  expect(clock.held).toBe(1);
  expect(clock.runNext()).toBe(true);
  expect(log).toEqual(['a 0']);
  clock.clear();
  expect([clock.pending, clock.runNext()]).toEqual([0, false]);
});

test('no timer runs before its time, however the time was cut', async () => {
  const clock = new FakeClock();
  let seen = 0;
  const due = clock.monotonic() + 0.3;
  clock.after(0.3, () => {
    seen = clock.monotonic();
  });
  for (let step = 0; step < 12; step++) await clock.advance(0.1);
  expect(seen).toBeGreaterThanOrEqual(due);
  for (let delay = 1; delay < 1e9; delay = delay * 3 + 0.1) {
    const expected = clock.monotonic() + Math.ceil(delay);
    clock.after(delay, () => {
      seen = clock.monotonic();
    });
    await clock.advance(delay + 1.7);
    expect(seen).toBe(expected);
  }
  // Delays are whole ms, whatever is asked for, so that times can be told exactly.
  clock.after(1.2, () => {
    seen = clock.monotonic();
  });
  const began = clock.monotonic();
  await clock.advance(10);
  expect(seen - began).toBeCloseTo(2, 6);
});

test('processes are there from run to kill, and another start time is another process', () => {
  const probe = new FakeProbe({ host: 'here' });
  expect(probe.look(probe.observer.pid)).toEqual({ is: 'there', start: probe.observer.start });
  expect(probe.look(7)).toEqual({ is: 'gone' });
  expect(probe.run(7)).toMatchObject({ pid: 7, host: 'here', start: '700' });
  expect(probe.run(7, '701').start).toBe('701');
  expect(probe.look(7)).toEqual({ is: 'there', start: '701' });
  probe.show(7, { is: 'zombie' });
  expect(probe.look(7)).toEqual({ is: 'zombie' });
  probe.kill(7);
  expect(probe.look(7)).toEqual({ is: 'gone' });
  expect(probe.looks).toEqual([100, 7, 7, 7, 7]);
});
