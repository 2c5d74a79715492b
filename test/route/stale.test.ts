/** A registry that cannot be read: the router goes on with what it knew, says so, and comes back by itself. */

import 'cockatiel';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { createRouter } from '../../src/route/index.js';
import { type Cluster, createCluster, failing } from '../../src/testing/index.js';

let cluster: Cluster;
let router: ReturnType<typeof createRouter>;
let told: string[];
let errors: string[];
beforeEach(async () => {
  errors = [];
  cluster = await createCluster({
    instances: [{ name: 'weather' }, { name: 'weather' }],
    onError: (error) => void errors.push((error as Error).message),
  });
  router = createRouter(cluster.registry, { strategy: 'round-robin' });
  told = [];
  router.on('stale', (error) => void told.push(`stale: ${(error as { code?: string }).code}`));
  router.on('fresh', (after) => void told.push(`fresh after ${after >= 1_000 ? 'seconds' : 'less'}`));
  const [made, opened] = [cluster, router];
  onTestFinished(async () => {
    await opened.close();
    await made.close();
  });
});

const weather = { name: 'weather' };
const cut = () => {
  cluster.store.before.list = failing();
  cluster.store.before.stamp = failing();
};
const mend = () => {
  cluster.store.before = {};
};
const reads = () => cluster.store.calls.filter((call) => call === 'list' || call === 'stamp').length;

test('it goes on with what it knew of the same query, and says how old that is', async () => {
  expect(router.staleness).toEqual({ stale: false, age: 0 });
  const [first, second] = [await router.pick(weather), await router.pick(weather)];
  expect(router.staleness).toEqual({ stale: false, age: 0 });
  cut();
  await cluster.advance(3_000);
  expect((await router.pick(weather))?.id).toBe(first?.id);
  expect((await router.pick(weather))?.id).toBe(second?.id);
  expect(router.staleness.stale).toBe(true);
  expect(router.staleness.age).toBeGreaterThanOrEqual(3_000);
  expect(await router.use(weather, ({ name }) => name)).toBe('weather');
  expect(told).toEqual(['stale: ROLLCALL_STORE']);
});

test('what was never asked is an error', async () => {
  await router.pick(weather);
  cut();
  await cluster.advance(3_000);
  await router.pick(weather);
  await expect(router.pick()).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
  await expect(router.use({}, () => 'x')).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
});

test('it does not try each time, and comes back by itself, without being asked', async () => {
  await router.pick(weather);
  cut();
  await cluster.advance(3_000);
  await router.pick(weather);
  const before = reads();
  for (let count = 0; count < 100; count++) await router.pick(weather);
  expect(reads()).toBe(before);
  await cluster.advance(60_000);
  // Every five seconds at last.
  expect(reads() - before).toBeGreaterThan(10);
  expect(reads() - before).toBeLessThan(60);
  mend();
  await cluster.advance(5_100);
  expect(told).toEqual(['stale: ROLLCALL_STORE', 'fresh after seconds']);
  expect(router.staleness.stale).toBe(false);
});

test('afterwards it sees what has changed meanwhile', async () => {
  const known = await router.pick(weather);
  cut();
  await cluster.advance(3_000);
  await router.pick(weather);
  for (const each of [...cluster.instances]) await cluster.kill(each);
  expect((await router.pick(weather))?.name).toBe(known?.name);
  mend();
  await cluster.advance(6_000);
  expect(await router.pick(weather)).toBeUndefined();
});

test('a closed one tries no more', async () => {
  await router.pick(weather);
  cut();
  await cluster.advance(3_000);
  await router.pick(weather);
  await router.close();
  const before = reads();
  await cluster.advance(60_000);
  // The reaper of this registry does not run: nobody registered or watches here.
  expect(reads()).toBe(before);
});

test('a listener that throws harms nobody, and one that is taken back hears nothing', async () => {
  const forget = router.on('stale', () => void told.push('taken back'));
  router.on('stale', () => {
    throw new Error('of the listener');
  });
  forget();
  await router.pick(weather);
  cut();
  await cluster.advance(3_000);
  expect(await router.pick(weather)).toBeDefined();
  expect(told).toEqual(['stale: ROLLCALL_STORE']);
  expect(errors).toEqual(['of the listener']);
});
