/** Picking beyond the strategies: by id, by the environment, with leases, by load; and what is said about it. */

import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { fakeWorld } from '../support/fake-world.js';
import { makeInstance } from '../support/make-instance.js';

const at = (second: number) => `2026-01-01T00:00:0${second}.000Z`;

/** Three instances of `weather`, processes 1 to 3, and one of `news`. */
async function crowd() {
  const world = fakeWorld();
  // Simulated processes have no environment.
  Object.assign(world.probe, { isSimulated: false });
  const [a, b, c] = [
    await world.start(1, { registeredAt: at(1) }),
    await world.start(2, { registeredAt: at(2) }),
    await world.start(3, { registeredAt: at(3) }),
  ];
  const news = await world.start(4, { name: 'news', registeredAt: at(4) });
  return { ...world, a, b, c, news };
}

function named(id: string | undefined): void {
  vi.stubEnv('ROLLCALL_INSTANCE', id);
  onTestFinished(() => void vi.unstubAllEnvs());
}

describe('an id', () => {
  test('decides, whatever else is asked for', async () => {
    const { registry, a, news } = await crowd();
    expect((await registry.pick({ name: 'weather' }, { id: a.id }))?.id).toBe(a.id);
    expect((await registry.pick({ name: 'weather', tags: ['gpu'] }, { id: news.id, strategy: 'nearest' }))?.id).toBe(
      news.id,
    );
    expect((await registry.waitFor({ name: 'weather' }, { id: a.id })).id).toBe(a.id);
  });

  test('of one that is gone is an error, and no other is picked', async () => {
    const { registry, probe, a } = await crowd();
    probe.kill(1);
    const gone = { code: 'ROLLCALL_GONE', details: { id: a.id, reason: 'dead: process 1 has ended' } };
    await expect(registry.pick({ name: 'weather' }, { id: a.id })).rejects.toMatchObject(gone);
    await expect(registry.waitFor({ name: 'weather' }, { id: a.id, timeout: 60_000 })).rejects.toMatchObject(gone);
    await expect(registry.pick(undefined, { id: 'nobody' })).rejects.toMatchObject({
      code: 'ROLLCALL_GONE',
      message: expect.stringContaining('it has no entry'),
    });
  });

  test('in the environment decides for its name', async () => {
    const { registry, a, c, news } = await crowd();
    named(a.id);
    expect((await registry.pick({ name: 'weather' }))?.id).toBe(a.id);
    expect((await registry.pick({ name: ['x', 'wea*'] }, { strategy: 'nearest' }))?.id).toBe(a.id);
    expect((await registry.pick())?.id).toBe(a.id);
    expect((await registry.pick({ name: 'news' }))?.id).toBe(news.id);
    expect((await registry.pick({ id: c.id }))?.id).toBe(c.id);
    expect((await registry.pick({ name: 'weather' }, { id: c.id }))?.id).toBe(c.id);
  });

  test('in the environment, of one that is gone, is an error that names the variable', async () => {
    const { registry, probe, a, news } = await crowd();
    named(a.id);
    probe.kill(1);
    await expect(registry.pick({ name: 'weather' })).rejects.toMatchObject({
      code: 'ROLLCALL_GONE',
      message: expect.stringContaining('ROLLCALL_INSTANCE'),
    });
    expect((await registry.pick({ name: 'news' }))?.id).toBe(news.id);
  });

  test('in the environment, without a name in the query, decides only for what it answers', async () => {
    const { registry, start, probe } = fakeWorld();
    Object.assign(probe, { isSimulated: false });
    const maps = await start(1, { name: 'maps', capabilities: ['maps.x'], status: 'draining' });
    const weather = await start(2, { capabilities: ['weather.x'] });
    named(maps.id);
    expect((await registry.pick({ capability: 'weather.*' }))?.id).toBe(weather.id);
    expect((await registry.pick({ capability: 'maps.*' }))?.id).toBe(maps.id);
    probe.kill(1);
    expect((await registry.pick({ capability: 'weather.*' }))?.id).toBe(weather.id);
    await expect(registry.pick({ capability: 'maps.*' })).rejects.toMatchObject({ code: 'ROLLCALL_GONE' });
  });

  test('in the environment that is none is an error, and an empty one is none', async () => {
    const { registry, c } = await crowd();
    named('weather');
    await expect(registry.pick({ name: 'weather' })).rejects.toMatchObject({
      code: 'ROLLCALL_INVALID',
      message: expect.stringContaining('ROLLCALL_INSTANCE'),
    });
    named('');
    expect((await registry.pick({ name: 'weather' }))?.id).toBe(c.id);
  });
});

test('each query and strategy has its own turn, a thousand of them', async () => {
  const { registry, a, b } = await crowd();
  const turn = async (query: object) => (await registry.pick(query, { strategy: 'round-robin' }))?.id;
  expect(await turn({ name: 'weather' })).toBe(a.id);
  expect(await turn({ name: 'weat*' })).toBe(a.id);
  expect(await turn({ name: 'weather' })).toBe(b.id);
  for (let count = 0; count < 1_000; count++) await turn({ name: 'weather', where: { pid: { $ne: count } } });
  // Forgotten by now.
  expect(await turn({ name: 'weather' })).toBe(a.id);
});

test('a lease counts until it is given back, once', async () => {
  const { registry, a, b, c } = await crowd();
  const lease = async () => registry.pick({ name: 'weather' }, { strategy: 'least-connections', lease: true });
  const leases = [await lease(), await lease(), await lease()];
  expect(leases.map((each) => each?.instance.id).sort()).toEqual([a.id, b.id, c.id].sort());
  const ofB = leases.find((each) => each?.instance.id === b.id);
  ofB?.release();
  ofB?.release();
  expect((await lease())?.instance.id).toBe(b.id);
  const explanation = await registry.explain({ name: 'weather' }, { strategy: 'least-connections' });
  expect(explanation.every(({ isChosen, reason }) => isChosen || reason.includes('has 1 leases, this one 1'))).toBe(
    false,
  );
  for (const each of leases) await each?.[Symbol.asyncDispose]();
  expect(await registry.pick({ name: 'nobody' }, { lease: true })).toBeUndefined();
});

test('the load of a process is measured once a second, and only of local ones', async () => {
  const { registry, probe, clock, put, a, b, c } = await crowd();
  const loads = new Map([
    [1, 0.5],
    [2, 0.1],
    [3, 0.9],
  ]);
  const measured: number[] = [];
  Object.assign(probe, {
    load: async (pid: number) => {
      measured.push(pid);
      return loads.get(pid);
    },
  });
  await put(makeInstance({ process: { pid: 9, machine: 'elsewhere' }, registeredAt: at(5) }));
  const pick = async () => (await registry.pick({ name: 'weather' }, { strategy: 'least-loaded' }))?.id;
  expect(await pick()).toBe(b.id);
  loads.set(3, 0);
  expect(await pick()).toBe(b.id);
  expect(measured.sort()).toEqual([1, 2, 3]);
  await clock.advance(1_001);
  expect(await pick()).toBe(c.id);
  expect(
    (await registry.explain({ name: 'weather' }, { strategy: 'least-loaded' })).find(({ id }) => id === a.id)?.reason,
  ).toBe(`the load of ${c.id} is 0.00, of this one 0.50`);
});

test('the option weight must give weights', async () => {
  const { registry, b } = await crowd();
  const weight = ({ id }: { id: string }) => (id === b.id ? 1 : 0);
  expect((await registry.pick({ name: 'weather' }, { strategy: 'weighted', weight }))?.id).toBe(b.id);
  await expect(registry.pick({}, { strategy: 'weighted', weight: () => -1 })).rejects.toMatchObject({
    details: { problems: [{ path: 'weight' }] },
  });
});

test('discover gives the nearest first, and all', async () => {
  const { registry, start } = fakeWorld();
  const folders = ['/p/b', '/p/a', '/p', '/p/a/x', '/p/a'];
  for (const [index, cwd] of folders.entries()) await start(index + 1, { cwd, registeredAt: at(index + 1) });
  const found = await registry.discover({}, { near: '/p/a' });
  expect(found.map(({ cwd, process: { pid } }) => `${cwd} ${pid}`)).toEqual([
    '/p/a 5',
    '/p/a 2',
    '/p 3',
    '/p/a/x 4',
    '/p/b 1',
  ]);
  await expect(registry.discover({}, { near: 'p/a' })).rejects.toMatchObject({
    details: { problems: [{ path: 'near' }] },
  });
});

test.each([
  ['cwd', { cwd: '/p', strategy: 'newest' }],
  ['orAny', { orAny: true, strategy: 'random' }],
  ['weight', { weight: () => 1 }],
  ['strategy', { strategy: () => ({ id: 'x' }) }],
  ['cwd', { cwd: 'relative' }],
  ['orAny', { orAny: 'yes' }],
  ['weight', { weight: 5 }],
  ['id', { id: '' }],
  ['lease', { lease: 1 }],
  ['near', { near: '/x' }],
])('pick refuses %s, naming it', async (path, options) => {
  const { registry, start } = fakeWorld();
  await start(1);
  await expect(registry.pick({}, options as never)).rejects.toMatchObject({
    code: 'ROLLCALL_INVALID',
    details: { problems: [expect.objectContaining({ path })] },
  });
});

describe('an explanation', () => {
  test.each([
    ['newest', 3, 'the newest of 3', 'is newer'],
    ['oldest', 1, 'the oldest of 3', 'is older'],
    ['round-robin', 1, 'its turn of 3', 'it is the turn of weather-'],
  ] as const)('of %s', async (strategy, pid, chosen, other) => {
    const { registry } = await crowd();
    const [first, ...others] = await registry.explain({ name: 'weather' }, { strategy });
    expect(first).toMatchObject({ isChosen: true, failed: undefined, reason: chosen, instance: { process: { pid } } });
    for (const { failed, reason, instance } of others) {
      if (instance?.name === 'news') expect([failed, reason]).toEqual(['name', 'name is news']);
      else expect([failed, reason]).toEqual(['strategy', expect.stringContaining(other)]);
    }
  });

  test('changes nothing: the turn stays whose it was', async () => {
    const { registry, a } = await crowd();
    for (let count = 0; count < 3; count++) {
      const [first] = await registry.explain({ name: 'weather' }, { strategy: 'round-robin' });
      expect(first?.id).toBe(a.id);
    }
    expect((await registry.pick({ name: 'weather' }, { strategy: 'round-robin' }))?.id).toBe(a.id);
  });

  test('of a strategy of one’s own, and of one that says no', async () => {
    const { registry, b } = await crowd();
    const chosen = await registry.explain({ name: 'weather' }, { strategy: ([, second]) => second });
    expect(chosen.map(({ reason }) => reason)).toEqual([
      'chosen by the strategy',
      `the strategy chose ${b.id}`,
      `the strategy chose ${b.id}`,
      'name is news',
    ]);
    const none = await registry.explain({ name: 'weather' }, { strategy: () => undefined });
    expect(none.filter(({ failed }) => failed === 'strategy').map(({ reason }) => reason)).toEqual(
      Array(3).fill('the strategy chose none'),
    );
  });

  test('of an id that was named, there or gone', async () => {
    const { registry, probe, a } = await crowd();
    named(a.id);
    const [first, second] = await registry.explain({ name: 'weather' });
    expect(first).toMatchObject({ id: a.id, isChosen: true, reason: 'named by ROLLCALL_INSTANCE in the environment' });
    expect(second).toMatchObject({ failed: 'named' });
    probe.kill(1);
    const explanation = await registry.explain({ name: 'weather' });
    expect(explanation.some(({ isChosen }) => isChosen)).toBe(false);
    expect(explanation.find(({ failed }) => failed === 'named')?.reason).toContain(`names ${a.id}, which is gone`);
  });

  test('of a pid that was given to another process says since when', async () => {
    const { registry, probe, clock, a } = await crowd();
    probe.run(1, '77');
    const since = clock.now() - 60_000;
    Object.assign(probe, { startedAt: (start: string) => (start === '77' ? since : undefined) });
    const told = (await registry.explain({ name: 'weather' })).find(({ id }) => id === a.id);
    const time = new Date(since);
    const hour = [time.getHours(), time.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':');
    expect(told).toMatchObject({ failed: 'verdict', verdict: 'dead' });
    expect(told?.reason).toContain(`pid 1 belongs to another process since ${hour}`);
  });

  test('tells every condition of a query by its field', async () => {
    const { registry, start, store } = fakeWorld();
    await start(1, { name: 'weather', kind: 'mcp', tags: ['cpu'], capabilities: ['x'], status: 'draining', cwd: '/p' });
    await store.put('broken', '{');
    const failed = async (query: object) => (await registry.explain(query)).map((each) => [each.failed, each.reason]);
    const illegible = ['verdict', 'illegible: is not JSON'];
    const any = { status: ['draining'] as const };
    expect(await failed({})).toEqual([['status', 'status is draining'], illegible]);
    expect(await failed({ ...any, name: 'x' })).toEqual([['name', 'name is weather'], illegible]);
    expect(await failed({ ...any, kind: 'http' })).toEqual([['kind', 'kind is mcp'], illegible]);
    expect(await failed({ ...any, tags: ['gpu'] })).toEqual([['tags', 'tags are cpu'], illegible]);
    expect(await failed({ ...any, capability: 'y' })).toEqual([['capabilities', 'capabilities are x'], illegible]);
    expect(await failed({ ...any, cwd: '/q' })).toEqual([['cwd', 'cwd is /p'], illegible]);
    expect(await failed({ ...any, where: { title: 'x' } })).toEqual([['where', 'where does not hold'], illegible]);
  });

  test('cannot move the cursor of a terminal', async () => {
    const { registry, start } = fakeWorld();
    await start(1, { tags: ['\u001b[2J', '\u202e'] });
    const [only] = await registry.explain({ tags: ['gpu'] });
    expect(only?.reason).toBe('tags are \\u{1b}[2J, \\u{202e}');
  });

  test('comes with the timeout of waitFor', async () => {
    const { registry, clock, a } = await crowd();
    const waiting = registry.waitFor({ name: 'weather', tags: ['gpu'] }, { timeout: 1_000 }).catch((error) => error);
    await clock.advance(1_000);
    const { code, details, message } = await waiting;
    expect(code).toBe('ROLLCALL_TIMEOUT');
    expect(details.explanation).toHaveLength(4);
    expect(details.explanation.find(({ id }: { id: string }) => id === a.id)).toMatchObject({
      failed: 'tags',
      reason: 'tags are none',
    });
    expect(message).toContain(`${a.id}: tags are none`);
  });
});
