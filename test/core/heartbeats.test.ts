/** Silence, judged by the observer's own clock. */

import { describe, expect, test } from 'vitest';
import { Heartbeats } from '../../src/core/heartbeats.js';

const ttl = 10_000;
const hour = 3_600_000;

/** An observer of one writer, whose clock is wrong by `skew`. */
function observing(skew = 0) {
  const heartbeats = new Heartbeats();
  let now = 1_700_000_000_000;
  let monotonic = 500;
  let renewedAt = now + skew;
  return {
    heartbeats,
    renew: () => {
      renewedAt = now + skew;
    },
    pass: (ms: number) => {
      now += ms;
      monotonic += ms;
    },
    sleep: (ms: number) => {
      now += ms;
    },
    look: () => heartbeats.observe('a', renewedAt, ttl, now, monotonic),
  };
}

test('at the first look there is only the time of the file', () => {
  const world = observing();
  world.pass(7_000);
  expect(world.look()).toBe(7_000);
});

test('between looks without a renewal, the age grows', () => {
  const world = observing();
  expect(world.look()).toBe(0);
  world.pass(3_000);
  expect(world.look()).toBe(3_000);
  world.pass(20_000);
  expect(world.look()).toBe(23_000);
});

test('a renewal that is seen begins anew', () => {
  const world = observing();
  world.look();
  world.pass(4_000);
  world.renew();
  expect(world.look()).toBe(0);
});

describe.each([
  ['ahead', hour],
  ['behind', -hour],
])('a writer whose clock is an hour %s', (_, skew) => {
  test('is judged by the clock of the observer once a renewal was seen', () => {
    const world = observing(skew);
    world.look();
    world.pass(4_000);
    world.renew();
    expect(world.look()).toBe(0);
    world.pass(9_000);
    expect(world.look()).toBe(9_000);
    world.pass(5_000);
    expect(world.look()).toBe(14_000);
  });

  test('is not taken for silent while it renews in time', () => {
    const world = observing(skew);
    world.look();
    for (let beat = 0; beat < 100; beat++) {
      world.pass(3_000);
      world.renew();
      expect(world.look()).toBeLessThanOrEqual(ttl);
    }
  });
});

test('a writer whose clock is ahead does not stay fresh for ever: its silence counts', () => {
  const world = observing(hour);
  expect(world.look()).toBe(0);
  world.pass(20_000);
  expect(world.look()).toBe(20_000);
});

test("a night's sleep of all makes nobody stale", () => {
  const world = observing();
  world.look();
  world.pass(3_000);
  world.renew();
  world.look();
  world.pass(1_000);
  world.sleep(8 * hour);
  expect(world.look()).toBe(1_000);
});

test('an observer that was away cannot tell when the renewal came, and goes by the file', () => {
  const world = observing();
  world.look();
  world.pass(1_000);
  world.renew();
  // Longer than half a ttl.
  world.pass(6_000);
  expect(world.look()).toBe(6_000);
});

test('what was forgotten, or is not among those to keep, is seen as for the first time', () => {
  for (const [forget, age] of [
    [(heartbeats: Heartbeats) => heartbeats.clear(), 0],
    [(heartbeats: Heartbeats) => heartbeats.keep(new Set(['b'])), 0],
    [(heartbeats: Heartbeats) => heartbeats.keep(new Set(['a'])), 3_000],
  ] as const) {
    // Its clock is ahead, so only what is remembered can tell of silence.
    const world = observing(hour);
    world.look();
    world.pass(3_000);
    forget(world.heartbeats);
    expect(world.look()).toBe(age);
  }
});

test('several are told apart', () => {
  const heartbeats = new Heartbeats();
  heartbeats.observe('a', 0, ttl, 0, 0);
  heartbeats.observe('b', 5_000, ttl, 5_000, 5_000);
  expect(heartbeats.observe('a', 0, ttl, 6_000, 6_000)).toBe(6_000);
  expect(heartbeats.observe('b', 5_000, ttl, 6_000, 6_000)).toBe(1_000);
});
