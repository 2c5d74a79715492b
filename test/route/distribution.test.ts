/** What each strategy promises of how often an instance is chosen, over 100,000 picks, within 1 % of all. */

import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Instance } from '../../src/core/instance.js';
import { createRouter, type RouterOptions, type RouteStrategy } from '../../src/route/index.js';
import { type Cluster, createCluster } from '../../src/testing/index.js';
import { FakeHealth } from '../support/fake-health.js';

const picks = 100_000;
const health = new FakeHealth();
let cluster: Cluster;
let instances: Instance[];
beforeEach(async () => {
  cluster = await createCluster({
    instances: [4, 3, 2, 1, 0].map((weight) => ({ name: 'weather', metadata: { weight }, cwd: `/w${weight}` })),
  });
  instances = cluster.instances.map(({ instance }) => instance);
  const made = cluster;
  onTestFinished(() => made.close());
  health.known.clear();
});

const open = (options: RouterOptions) => {
  const router = createRouter(cluster.registry, { health, ...options });
  onTestFinished(() => router.close());
  return router;
};

/** The share of each, in order. */
function shares(pick: (round: number) => Instance | undefined, count = picks): number[] {
  const counts = new Map<string, number>();
  for (let round = 0; round < count; round++) {
    const id = pick(round)?.id ?? 'nobody';
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  expect(counts.has('nobody')).toBe(false);
  return instances.map(({ id }) => (counts.get(id) ?? 0) / count);
}

const fifth = [0.2, 0.2, 0.2, 0.2, 0.2];

function expectShares(seen: readonly number[], promised: readonly number[], within = 0.01): void {
  for (const [index, share] of promised.entries()) expect(Math.abs((seen[index] ?? 0) - share)).toBeLessThan(within);
}

const promised: readonly (readonly [RouteStrategy, readonly number[]])[] = [
  ['random', fifth],
  ['round-robin', fifth],
  ['weighted', [0.4, 0.3, 0.2, 0.1, 0]],
  ['newest', [0, 0, 0, 0, 1]],
  ['oldest', [1, 0, 0, 0, 0]],
  // Of nothing that is known all have the same chance.
  ['health-weighted', fifth],
];

test.each(promised)('%s', (strategy, expected) => {
  const router = open({ strategy });
  expectShares(
    shares(() => {
      const lease = router.choose(instances);
      lease?.release();
      return lease?.instance;
    }),
    expected,
  );
});

describe('health-weighted', () => {
  const [wh, wr] = [0.7, 0.3];
  const cases: readonly (readonly [
    string,
    RouterOptions,
    () => void,
    (h: number, r: number) => number,
    readonly (readonly [number, number])[],
  ])[] = [
    [
      'by health and response time',
      {},
      () => {
        const [a, b, c, d, e] = instances.map(({ id }) => id) as [string, string, string, string, string];
        health.set(a, 'passing', { responseTime: 10 });
        health.set(b, 'passing', { responseTime: 40 });
        health.set(c, 'warning', { responseTime: 10 });
        health.set(d, 'unknown');
        health.set(e, 'critical', { responseTime: 1 });
      },
      (h, r) => wh * h + wr * r,
      [
        [1, 1],
        [1, 0.25],
        [0.5, 1],
        [0.5, 0.5],
        [0, 0],
      ],
    ],
    [
      'by response time alone',
      { weights: { health: 0, responseTime: 1 } },
      () => {
        for (const [index, { id }] of instances.entries()) health.set(id, 'passing', { responseTime: 10 * 2 ** index });
      },
      (_, r) => r,
      [
        [1, 1],
        [1, 0.5],
        [1, 0.25],
        [1, 0.125],
        [1, 0.0625],
      ],
    ],
  ];
  test.each(cases)('%s', (_, options, arrange, formula, known) => {
    arrange();
    const router = open({ ...options, strategy: 'health-weighted' });
    const each = known.map(([h, r]) => formula(h, r));
    const total = each.reduce((sum, share) => sum + share, 0);
    const seen = shares(() => {
      const lease = router.choose(instances);
      lease?.release();
      return lease?.instance;
    });
    expectShares(
      seen,
      each.map((share) => share / total),
    );
  });
});

test('least-connections evens out, whatever is held for how long', () => {
  const router = open({ strategy: 'least-connections' });
  const held: { release(): void }[] = [];
  const seen = shares((round) => {
    const lease = router.choose(instances);
    if (lease !== undefined) held.push(lease);
    // The first is busy for long; the others come and go.
    if (held.length > 50) held.splice(round % 50, 1)[0]?.release();
    return lease?.instance;
  });
  expectShares(seen, fifth);
});

test('sticky keys, each picked once or often', () => {
  const router = open({ strategy: 'oldest' });
  const seen = shares((round) => {
    const lease = router.choose(instances, { affinity: `session-${round}` });
    lease?.release();
    return lease?.instance;
  });
  expectShares(seen, fifth);
});

test('pick chooses as choose does: of fewer, for it looks at the registry each time', async () => {
  const router = open({});
  for (const [strategy, expected] of promised) {
    const chosen: (Instance | undefined)[] = [];
    for (let round = 0; round < 4_000; round++) chosen.push(await router.pick({ name: 'weather' }, { strategy }));
    // Four standard deviations of a share of 0.4.
    expectShares(
      shares((round) => chosen[round], chosen.length),
      expected,
      0.031,
    );
  }
  expect((await router.pick({}, { strategy: 'nearest', cwd: '/w2' }))?.cwd).toBe('/w2');
});
