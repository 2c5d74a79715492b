/** Which instance a router picks: who is left out, rules, sticky keys, pins; and the door. */

import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Instance } from '../../src/core/instance.js';
import { createRouter, type RouterOptions } from '../../src/route/index.js';
import { type Cluster, createCluster } from '../../src/testing/index.js';
import { FakeHealth } from '../support/fake-health.js';

let cluster: Cluster;
let health: FakeHealth;
beforeEach(async () => {
  cluster = await createCluster();
  health = new FakeHealth();
  const made = cluster;
  onTestFinished(() => made.close());
});

function open(options: RouterOptions = {}) {
  const router = createRouter(cluster.registry, options);
  onTestFinished(() => router.close());
  return router;
}

const weather = { name: 'weather' };

describe('left out', () => {
  const cases: readonly (readonly [string, (id: string) => void, boolean])[] = [
    ['who is critical', (id) => health.set(id, 'critical'), false],
    [
      'who is suspended, even if it passes',
      (id) => health.set(id, 'passing', { suspended: { reason: 'by hand', since: 0 } }),
      false,
    ],
  ];
  const usable: typeof cases = [
    ['who is passing', (id) => health.set(id, 'passing'), true],
    ['who is warning', (id) => health.set(id, 'warning'), true],
    ['who is not known yet', (id) => health.set(id, 'unknown'), true],
    ['who is not watched', () => {}, true],
  ];
  test.each([...cases, ...usable])('%s', async (_, arrange, isUsable) => {
    const { id } = await cluster.start(weather);
    arrange(id);
    expect((await open({ health }).pick(weather))?.id).toBe(isUsable ? id : undefined);
  });

  test.each(['starting', 'draining', 'stopping'] as const)(
    'who is %s, unless the query asks for it',
    async (status) => {
      const { id } = await cluster.start({ ...weather, status });
      const router = open();
      expect(await router.pick(weather)).toBeUndefined();
      expect((await router.pick({ ...weather, status }))?.id).toBe(id);
    },
  );

  test('who is dead', async () => {
    const instance = await cluster.start(weather);
    await cluster.kill(instance);
    expect(await open().pick(weather)).toBeUndefined();
  });
});

test('the strategy is that of the call, else of the rule, else of the router, else the newest', async () => {
  const [old, , young] = [await cluster.start(weather), await cluster.start(weather), await cluster.start(weather)];
  expect((await open().pick(weather))?.id).toBe(young.id);
  expect((await open({ strategy: 'oldest' }).pick(weather))?.id).toBe(old.id);
  const rules = { weather: { strategy: 'newest' as const } };
  const router = open({ strategy: 'oldest', rules });
  expect((await router.pick(weather))?.id).toBe(young.id);
  expect((await router.pick(weather, { strategy: 'oldest' }))?.id).toBe(old.id);
  expect((await router.pick())?.id).toBe(old.id);
});

test('nearest where a folder is given, also if the router has another strategy', async () => {
  await cluster.start({ ...weather, cwd: '/b' });
  const near = await cluster.start({ ...weather, cwd: '/a/b' });
  await cluster.start({ ...weather, cwd: '/c' });
  const router = open({ strategy: 'oldest' });
  expect((await router.pick(weather, { cwd: '/a' }))?.id).toBe(near.id);
  expect(await router.pick(weather, { cwd: '/x' })).toBeUndefined();
  expect(await router.pick(weather, { cwd: '/x', orAny: true })).toBeDefined();
  health.set(near.id, 'critical');
  expect(await open({ health }).pick(weather, { cwd: '/a' })).toBeUndefined();
});

test('round-robin goes round, each query by itself, and past those left out', async () => {
  const all = [await cluster.start(weather), await cluster.start(weather), await cluster.start(weather)];
  const [a, b, c] = all.map(({ id }) => id) as [string, string, string];
  const router = open({ strategy: 'round-robin', health });
  const next = async (query = weather) => (await router.pick(query))?.id;
  expect([await next(), await next(), await next(), await next()]).toEqual([a, b, c, a]);
  expect(await router.pick({}).then((one) => one?.id)).toBe(a);
  health.set(b, 'critical');
  expect([await next(), await next()]).toEqual([c, a]);
});

test('rules: what is required must be, what is preferred is if it can be', async () => {
  const start = (region: string, gpu: boolean) => cluster.start({ ...weather, metadata: { region, gpu } });
  const far = await start('eu', true);
  const near = await start('us-west-2', true);
  const weak = await start('us-west-2', false);
  const rules = { 'wea*': { prefer: { 'metadata.region': ['us-west-2'] }, require: { 'metadata.gpu': true } } };
  const router = open({ rules, health, strategy: 'newest' });
  expect((await router.pick(weather))?.id).toBe(near.id);
  health.set(near.id, 'critical');
  expect((await router.pick(weather))?.id).toBe(far.id);
  health.set(far.id, 'critical');
  expect(await router.pick(weather)).toBeUndefined();
  expect((await router.pick())?.id).toBe(weak.id);
});

test('a sticky key stays with its instance as long as that is usable, in every process the same', async () => {
  for (let count = 0; count < 5; count++) await cluster.start(weather);
  const [one, other] = [open({ health }), open({ health })];
  const affinity = 'session-1';
  const first = (await one.pick(weather, { affinity })) as Instance;
  expect((await other.pick(weather, { affinity }))?.id).toBe(first.id);
  for (let count = 0; count < 5; count++) await cluster.start(weather);
  expect((await one.pick(weather, { affinity }))?.id).toBe(first.id);
  health.set(first.id, 'critical');
  const second = await one.pick(weather, { affinity });
  expect(second?.id).not.toBe(first.id);
  health.set(first.id, 'passing');
  // It is well again; the session is elsewhere by now.
  expect((await one.pick(weather, { affinity }))?.id).toBe(second?.id);
});

test('an id decides alone, and is ROLLCALL_GONE if it is not there', async () => {
  const instance = await cluster.start(weather);
  await cluster.start(weather);
  health.set(instance.id, 'critical');
  const router = open({ health });
  expect((await router.pick(weather, { id: instance.id }))?.id).toBe(instance.id);
  await cluster.kill(instance);
  await expect(router.pick(weather, { id: instance.id })).rejects.toMatchObject({ code: 'ROLLCALL_GONE' });
});

test('choose: of instances that the caller knows, at once', async () => {
  const all = [
    await cluster.start(weather),
    await cluster.start(weather),
    await cluster.start({ ...weather, status: 'draining' }),
  ];
  const [a, b] = all.map(({ instance }) => instance) as [Instance, Instance, Instance];
  const candidates = all.map(({ instance }) => instance);
  const router = open({ health, strategy: 'least-connections' });
  const [first, second] = [router.choose(candidates), router.choose(candidates)];
  expect(new Set([first?.instance, second?.instance])).toEqual(new Set([a, b]));
  first?.release();
  expect(router.choose(candidates)?.instance).toBe(first?.instance);
  health.set(a.id, 'critical');
  expect(router.choose(candidates)?.instance).toBe(b);
  health.set(b.id, 'critical');
  expect(router.choose(candidates)).toBeUndefined();
  expect(router.choose([])).toBeUndefined();
  const sticky = open({});
  const kept = sticky.choose(candidates, { affinity: 'x' })?.instance;
  for (let count = 0; count < 10; count++) expect(sticky.choose(candidates, { affinity: 'x' })?.instance).toBe(kept);
});

describe('the door', () => {
  const invalid = (path: string) => ({ code: 'ROLLCALL_INVALID', details: { problems: [{ path }] } });

  test.each([
    ['timeOut', { timeOut: 1 }],
    ['timeout', { timeout: 0 }],
    ['attempts', { attempts: 1.5 }],
    ['strategy', { strategy: 'best' }],
    ['health', { health: {} }],
    ['health', { health: null }],
    ['weights.health', { weights: { health: -1 } }],
    ['weights', { weights: { health: 0, responseTime: 0 } }],
    ['rules.a.prefers', { rules: { a: { prefers: {} } } }],
    ['rules.a.prefer.x', { rules: { a: { prefer: { x: 'not a list' } } } }],
    ['rules.a.require.x', { rules: { a: { require: { x: () => true } } } }],
    ['strategy', { rules: { a: { strategy: 'best' } } }],
  ])('refuses %s: %j', (path, options) => {
    expect(() => createRouter(cluster.registry, options as RouterOptions)).toThrow(
      expect.objectContaining({ code: 'ROLLCALL_INVALID', message: expect.stringContaining(path) }),
    );
  });

  test.each([
    ['afinity', { afinity: 'x' }],
    ['affinity', { affinity: '' }],
    ['strategy', { strategy: 'best' }],
    ['cwd', { cwd: 'relative' }],
    ['cwd', { cwd: '/a', strategy: 'random' }],
    ['cwd', { cwd: '/a', strategy: 'health-weighted' }],
    ['weight', { weight: () => 1, strategy: 'health-weighted' }],
  ])('of pick refuses %s: %o', async (path, options) => {
    await expect(open().pick(weather, options as never)).rejects.toMatchObject(invalid(path));
  });

  test('refuses what is no query, also one that refers to itself', async () => {
    const circle: Record<string, unknown> = {};
    circle.where = circle;
    for (const query of [{ nmae: 'x' }, circle, null, 'weather']) {
      await expect(open().pick(query as never), String(query)).rejects.toMatchObject({ code: 'ROLLCALL_INVALID' });
    }
  });

  test('refuses events there are none of, and a strategy that makes something up', async () => {
    await cluster.start(weather);
    expect(() => open().on('change' as never, () => {})).toThrow(/must be one of stale, fresh/);
    const strange = open({ strategy: () => ({}) as Instance });
    await expect(strange.pick(weather)).rejects.toMatchObject(invalid('strategy'));
  });

  test('a closed one is ROLLCALL_CLOSED', async () => {
    const router = open();
    await router.close();
    await expect(router.pick(weather)).rejects.toMatchObject({ code: 'ROLLCALL_CLOSED' });
    expect(() => router.choose([])).toThrow(/has been closed/);
  });

  test('an aborted signal rejects with its reason', async () => {
    const reason = new Error('enough');
    await expect(open().pick(weather, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

test('ROLLCALL_INSTANCE is asked as by the core, in a real registry', async () => {
  const { withTempRegistry } = await import('../../src/testing/index.js');
  await withTempRegistry(async (registry) => {
    const given = { ...weather, endpoints: [{ type: 'http', url: 'http://127.0.0.1:8080/' }] };
    const first = await registry.register(given);
    await registry.register(given);
    vi.stubEnv('ROLLCALL_INSTANCE', first.id);
    onTestFinished(() => void vi.unstubAllEnvs());
    await using router = createRouter(registry);
    expect((await router.pick(weather))?.id).toBe(first.id);
  });
});
