/** 200 simulated instances: well, slow, flapping, hanging, lying and dead ones, at virtual time. */

import { expect, onTestFinished, test } from 'vitest';
import type { Instance } from '../../src/core/instance.js';
import type { Checkup, HealthStatus } from '../../src/health/health.js';
import { HealthMonitor } from '../../src/health/monitor.js';
import type { Transition } from '../../src/health/transition.js';
import { createCluster } from '../../src/testing/cluster.js';

const interval = 10_000;
const timeout = 2_000;

/** How each kind answers its n-th round, from 0: after how long (ms; for ever if infinite), and whether well. */
const kinds: Record<string, (round: number) => { after: number; isWell: boolean }> = {
  healthy: () => ({ after: 3, isWell: true }),
  slow: () => ({ after: 1_500, isWell: true }),
  // Two bad ones and a good one: never three in a row.
  flapping: (round) => ({ after: 3, isWell: round % 3 === 2 }),
  hanging: () => ({ after: Number.POSITIVE_INFINITY, isWell: true }),
  // 200, with a broken body.
  lying: () => ({ after: 3, isWell: false }),
  // Well for four rounds, then gone bad, then well again.
  ill: (round) => ({ after: 3, isWell: round < 4 || round >= 9 }),
};

/** What the thresholds (3 down, 2 up) make of it: the status after each round, by hand and not by our machine. */
const expected: Record<string, (rounds: number) => HealthStatus> = {
  healthy: () => 'passing',
  slow: () => 'passing',
  flapping: (rounds) => (rounds < 3 ? 'unknown' : 'passing'),
  hanging: (rounds) => (rounds < 3 ? 'unknown' : 'critical'),
  lying: (rounds) => (rounds < 3 ? 'unknown' : 'critical'),
  ill: (rounds) => (rounds < 7 ? 'passing' : rounds < 11 ? 'critical' : 'passing'),
};

const shares: Record<string, number> = { healthy: 90, slow: 20, flapping: 20, hanging: 20, lying: 20, ill: 20 };
const dying = 10;

test('each is what the model says after each of its rounds, and none waits for one that hangs', async () => {
  await using cluster = await createCluster();
  for (const [kind, count] of Object.entries(shares)) {
    for (let index = 0; index < count; index++) await cluster.start({ name: kind });
  }
  const mortals = [];
  for (let index = 0; index < dying; index++) mortals.push(await cluster.start({ name: 'healthy', tags: ['mortal'] }));
  const { clock } = cluster.registry;

  const monitor = new HealthMonitor(cluster.registry, { interval, timeout, checks: ['process'] });
  onTestFinished(() => monitor.close());
  const begun = new Map<string, number[]>();
  const ended = new Map<string, number>();
  const late: number[] = [];
  monitor.check('work', async (instance, { signal }) => {
    const rounds = begun.get(instance.id) ?? [];
    begun.set(instance.id, [...rounds, clock.monotonic()]);
    const before = rounds.at(-1);
    // A tenth more than the interval, if nothing is in its way; and a ms, as timers are in whole ones.
    if (before !== undefined) late.push(clock.monotonic() - before - interval * 1.1 - 1);
    const { after, isWell } = kinds[instance.name]?.(rounds.length) ?? { after: 0, isWell: true };
    await new Promise<void>((resolve, reject) => {
      if (after < Number.POSITIVE_INFINITY) clock.after(after, resolve);
      signal.addEventListener('abort', () => reject(signal.reason));
    });
    if (!isWell) throw new Error('the body is broken');
  });
  const wrong: string[] = [];
  const transitions: Transition[] = [];
  monitor.on('transition', (transition) => transitions.push(transition));
  monitor.on('checked', (instance: Instance, { outcome }: Checkup) => {
    const rounds = (ended.get(instance.id) ?? 0) + 1;
    ended.set(instance.id, rounds);
    const { status } = monitor.of(instance.id) ?? {};
    const wanted = expected[instance.name]?.(rounds);
    if (status !== wanted) wrong.push(`${instance.name} after ${rounds} rounds, ${outcome}: ${status}, not ${wanted}`);
  });

  await cluster.advance(60_000);
  for (const mortal of mortals) await cluster.kill(mortal);
  await cluster.advance(100_000);

  expect(wrong).toEqual([]);
  expect(Math.max(...late)).toBeLessThanOrEqual(0);
  for (const { id, instance } of cluster.instances.filter(({ state }) => state === 'running')) {
    expect(ended.get(id), instance.name).toBeGreaterThanOrEqual(13);
  }
  // Each tells what changed, once.
  const told: Record<string, number> = {};
  for (const { instance, from, to } of transitions) {
    const what = `${instance.name}: ${from} → ${to}`;
    told[what] = (told[what] ?? 0) + 1;
  }
  expect(told).toEqual({
    'healthy: unknown → passing': 100,
    'slow: unknown → passing': 20,
    'flapping: unknown → passing': 20,
    'hanging: unknown → critical': 20,
    'lying: unknown → critical': 20,
    'ill: unknown → passing': 20,
    'ill: passing → critical': 20,
    'ill: critical → passing': 20,
  });
  // The dead are not watched any more.
  for (const { id } of mortals) expect(monitor.of(id)).toBeUndefined();
  const { counts, instances } = monitor.report();
  expect(counts).toEqual({ unknown: 0, passing: 150, warning: 0, critical: 40 });
  const of = (name: string) => instances.find((each) => each.name === name);
  expect(of('hanging')).toMatchObject({
    uptime: 0,
    lastFailure: { check: 'work', reason: 'does not answer within 2000 ms' },
  });
  expect(of('lying')?.lastFailure?.reason).toBe('the body is broken');
  expect(of('healthy')).toMatchObject({ uptime: 100, consecutiveFailures: 0, lastFailure: undefined });
  expect(of('slow')?.responseTime).toBeCloseTo(1_500, -2);
  expect(of('healthy')?.history.length).toBeLessThanOrEqual(20);
}, 120_000);
