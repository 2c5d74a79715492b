/** The real clocks. */

import { expect, test } from 'vitest';
import { systemClock } from '../../src/process/system-clock.js';
import { eventually } from '../support/eventually.js';

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

test('now is the wall clock, and the monotonic one moves forward at its pace', async () => {
  expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(100);
  const before = systemClock.monotonic();
  await eventually('it moves', () => systemClock.monotonic() > before);
});

test('a timer acts once, and not before its time', async () => {
  const began = performance.now();
  let acts = 0;
  systemClock.after(30, () => acts++);
  await eventually('it acts', () => acts > 0);
  // Timers may be a millisecond early by this clock.
  expect(performance.now() - began).toBeGreaterThanOrEqual(29);
  expect(acts).toBe(1);
});

test('a timer that is cancelled does not act', async () => {
  const acts: string[] = [];
  systemClock.after(5, () => acts.push('cancelled')).cancel();
  systemClock.after(10, () => acts.push('kept'));
  await eventually('the later one acts', () => acts.length > 0);
  expect(acts).toEqual(['kept']);
});

test('a timer keeps the process alive only while it is told to', () => {
  const before = timers();
  const timer = systemClock.after(60_000, () => {});
  expect(timers()).toBe(before);
  timer.hold(true);
  expect(timers()).toBe(before + 1);
  timer.hold(false);
  expect(timers()).toBe(before);
  timer.cancel();
});
