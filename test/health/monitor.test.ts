/** A monitor over simulated instances: levels, wishes, doubt, suspension, recovery, and who is told. */

import { channel } from 'node:diagnostics_channel';
// Loaded on first use: once it is there, nothing of a monitor waits for more than virtual time.
import 'cockatiel';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Instance } from '../../src/core/instance.js';
import type { CheckFunction } from '../../src/health/check.js';
import { HealthMonitor } from '../../src/health/monitor.js';
import type { MonitorOptions } from '../../src/health/options.js';
import type { Transition } from '../../src/health/transition.js';
import { createCluster } from '../../src/testing/cluster.js';
import { settle } from '../../src/testing/fake-clock.js';
import { failing } from '../../src/testing/faulty-store.js';

const interval = 10_000;

/** So many instances, and a monitor that asks `work` of each. */
async function ward(names: readonly string[], work: CheckFunction, options: MonitorOptions = {}) {
  const errors: unknown[] = [];
  const cluster = await createCluster({ onError: (error) => void errors.push(error) });
  onTestFinished(() => cluster.close());
  const all = [];
  for (const name of names) all.push(await cluster.start({ name }));
  const monitor = new HealthMonitor(cluster.registry, { interval, checks: [], ...options });
  onTestFinished(() => monitor.close());
  monitor.check('work', work);
  const told: string[] = [];
  monitor.on('transition', ({ instance, from, to, reason }) => {
    told.push(`${instance.name}: ${from} → ${to}${reason === undefined ? '' : ` (${reason})`}`);
  });
  const [first] = all;
  if (first === undefined) throw new Error('Name one at least.');
  return {
    cluster,
    monitor,
    all,
    first,
    told,
    errors,
    rounds: (count: number) => cluster.advance(count * interval * 1.1),
  };
}

const well: CheckFunction = () => {};
const ill: CheckFunction = () => {
  throw new Error('no');
};

describe('what a check may say', () => {
  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'passing'],
    ['true', true, 'passing'],
    ['whatever it likes', { rows: 3 }, 'passing'],
    ['false', false, 'critical (said no)'],
    ['a warning', { outcome: 'warn', reason: 'slow' }, 'warning (slow)'],
    ['a failure', { outcome: 'fail', reason: 'gone' }, 'critical (gone)'],
    ['a failure without a reason', { outcome: 'fail' }, 'critical (gave no reason)'],
    ['nonsense', { outcome: 'great' }, 'critical (gave the outcome great, which is none of pass, warn and fail)'],
  ])('%s', async (_, returned, status) => {
    const { told, rounds } = await ward(['a'], async () => returned);
    await rounds(4);
    expect(told).toEqual([`a: unknown → ${status}`]);
  });

  test('what it throws is told on one line, and not at any length', async () => {
    const { monitor, rounds, first } = await ward(['a'], () => {
      throw new Error(`\u001b[31m${'x'.repeat(1_000)}\nforged`);
    });
    await rounds(4);
    const { reason = '' } = monitor.of(first.id)?.lastFailure ?? {};
    expect(reason.length).toBeLessThanOrEqual(200);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
    expect(reason).not.toMatch(/[\u0000-\u001f]/);
  });
});

test.each<[string, unknown]>([
  ['an error whose message is no text', Object.assign(new Error('x'), { message: { code: 1 } })],
  [
    'an error whose message throws',
    Object.defineProperty(new Error('x'), 'message', {
      get: () => {
        throw new Error('hidden');
      },
    }),
  ],
  ['an object without a prototype', Object.create(null)],
  ['nothing', undefined],
  ['a symbol', Symbol('x')],
])('a check that throws %s has failed, and is asked again', async (_, thrown) => {
  const { monitor, rounds, first } = await ward(['a'], () => {
    throw thrown;
  });
  await rounds(4);
  expect(monitor.of(first.id)).toMatchObject({ status: 'critical', lastFailure: { check: 'work' } });
  expect(monitor.of(first.id)?.history.length).toBeGreaterThanOrEqual(3);
});

test('a check that gives something that cannot be looked at has failed', async () => {
  const trap = new Proxy(
    {},
    {
      has: () => {
        throw new Error('a trap');
      },
    },
  );
  const { monitor, rounds, first } = await ward(['a'], () => trap);
  await rounds(4);
  expect(monitor.of(first.id)).toMatchObject({ status: 'critical', lastFailure: { reason: 'a trap' } });
});

test('how long a round took is without the wait for its turn', async () => {
  const names = [...Array.from({ length: 30 }, () => 'slow'), 'quick'];
  const { monitor, all, cluster } = await ward(names, ({ name }) =>
    name === 'slow' ? new Promise<void>((resolve) => void cluster.registry.clock.after(90, resolve)) : undefined,
  );
  const reporting = monitor.round();
  await cluster.advance(1_000);
  await reporting;
  expect(monitor.of(all.at(-1)?.id ?? '')?.responseTime).toBeLessThan(5);
  expect(monitor.of(all[0]?.id ?? '')?.responseTime).toBeGreaterThanOrEqual(90);
});

test('a level is asked only while nothing below it fails', async () => {
  const asked: string[] = [];
  let isReady = false;
  const { monitor, rounds, told } = await ward(['a'], well);
  monitor.check('alive', () => void asked.push('alive'), { level: 'live' });
  monitor.check(
    'ready',
    () => {
      asked.push('ready');
      return isReady;
    },
    { level: 'ready' },
  );
  monitor.check('business', () => void asked.push('business'), { level: 'business' });
  await rounds(3);
  expect([...new Set(asked)]).toEqual(['alive', 'ready']);
  isReady = true;
  await rounds(3);
  expect(asked.slice(-3)).toEqual(['alive', 'ready', 'business']);
  expect(told).toEqual(['a: unknown → critical (said no)', 'a: critical → passing']);
});

test('a check whose failure is no more than a warning', async () => {
  const { monitor, rounds, told } = await ward(['a'], well);
  const takeBack = monitor.check('busy', ill, { level: 'live', failing: 'warning' });
  await rounds(4);
  expect(told).toEqual(['a: unknown → warning (no)']);
  takeBack();
  await rounds(3);
  expect(told.at(-1)).toBe('a: warning → passing');
});

describe('what an entry asks for', () => {
  test('is granted within limits', async () => {
    const cluster = await createCluster();
    onTestFinished(() => cluster.close());
    const health = { interval: 5_000, timeout: 500, failureThreshold: 1, successThreshold: 1 };
    const modest = await cluster.start({ name: 'modest', health });
    const greedy = await cluster.start({
      name: 'greedy',
      health: { interval: 1, timeout: 1e9, failureThreshold: 1e6, successThreshold: -1, checks: 'all' },
    });
    const odd = await cluster.start({ name: 'odd', health: { interval: 'often', timeout: null, checks: ['x'] } });
    const monitor = new HealthMonitor(cluster.registry, { interval, checks: [] });
    onTestFinished(() => monitor.close());
    const begun: Record<string, number> = {};
    monitor.check('work', async ({ name }: Instance, { signal }) => {
      begun[name] = (begun[name] ?? 0) + 1;
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    });
    await cluster.advance(100_000);
    // Of 500 ms, and critical after the first.
    expect(monitor.of(modest.id)).toMatchObject({
      status: 'critical',
      lastFailure: { reason: 'does not answer within 500 ms' },
    });
    expect(begun.modest).toBeGreaterThanOrEqual(18);
    // 10 s at most, and 10 of them: the next begins when the last has ended.
    expect(begun.greedy).toBeLessThanOrEqual(10);
    expect(monitor.of(greedy.id)).toMatchObject({
      status: 'unknown',
      lastFailure: { reason: 'does not answer within 10000 ms' },
    });
    expect(monitor.of(odd.id)?.lastFailure?.reason).toBe('does not answer within 2000 ms');
  });
});

describe('doubt', () => {
  const names = ['a', 'b', 'c', 'd', 'e'];

  test('more than half begin to fail together: nobody is called critical for one more round', async () => {
    let isDown = false;
    const { monitor, rounds } = await ward(names, ({ name }) => !(isDown && name !== 'e'));
    const doubts: object[] = [];
    monitor.on('doubt', (event) => doubts.push(event));
    await rounds(2);
    isDown = true;
    const failures: Record<string, number> = {};
    monitor.on('checked', ({ name }, { outcome }) => {
      if (outcome === 'fail') failures[name] = (failures[name] ?? 0) + 1;
    });
    const critical: [string, number | undefined][] = [];
    monitor.on('transition', ({ instance: { name }, to }) => {
      if (to === 'critical') critical.push([name, failures[name]]);
    });
    await rounds(6);
    expect(doubts).toEqual([{ failing: 4, of: 5 }]);
    expect(critical.sort()).toEqual(['a', 'b', 'c', 'd'].map((name) => [name, 4]));
  });

  test('if they are well again by then, nothing is told', async () => {
    let isDown = false;
    const { monitor, rounds, told } = await ward(names, () => !isDown);
    const doubts: object[] = [];
    monitor.on('doubt', (event) => doubts.push(event));
    await rounds(2);
    told.length = 0;
    isDown = true;
    while (doubts.length === 0) await rounds(0.1);
    isDown = false;
    await rounds(5);
    expect(told).toEqual([]);
  });

  test('is for a round of each, however slowly another is checked, and once for as long as it fails', async () => {
    const cluster = await createCluster();
    onTestFinished(() => cluster.close());
    const quick = { interval: 1_000, timeout: 100 };
    for (const name of ['a', 'b', 'c']) await cluster.start({ name, health: quick });
    await cluster.start({ name: 'slow', health: { interval: 300_000 } });
    const monitor = new HealthMonitor(cluster.registry, { interval, checks: [] });
    onTestFinished(() => monitor.close());
    let isDown = false;
    monitor.check('work', ({ name }: Instance) => name === 'slow' || !isDown);
    await cluster.advance(20_000);
    isDown = true;
    const failures: Record<string, number> = {};
    monitor.on('checked', ({ name }, { outcome }) => {
      if (outcome === 'fail') failures[name] = (failures[name] ?? 0) + 1;
    });
    const critical: [string, number | undefined][] = [];
    monitor.on('transition', ({ instance: { name } }) => critical.push([name, failures[name]]));
    await cluster.advance(10_000);
    // Three rounds, and one of doubt.
    expect(critical.sort()).toEqual([
      ['a', 4],
      ['b', 4],
      ['c', 4],
    ]);
  });

  test('half of them, or one of two, is no reason for it', async () => {
    for (const some of [
      ['a', 'b', 'c', 'd'],
      ['a', 'b'],
    ]) {
      const { monitor, rounds, told } = await ward(
        some,
        ({ name }) => name >= 'c' || (some.length === 2 && name === 'b'),
      );
      let doubts = 0;
      monitor.on('doubt', () => void doubts++);
      await rounds(4);
      expect(doubts).toBe(0);
      expect(told.filter((line) => line.includes('critical'))).toHaveLength(some.length / 2);
    }
  });
});

test('who was away when a deadline passed has learned nothing', async () => {
  const { cluster, monitor, first, rounds } = await ward(['a'], async (_, { signal }) => {
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  });
  const clock = cluster.registry.clock as unknown as { stop(ms: number): void; next: number };
  await cluster.advance(1_000);
  // In the middle of the first round, which began within half a second.
  clock.stop(60_000);
  await cluster.advance(0);
  expect(monitor.of(first.id)?.history).toEqual([]);
  await rounds(1.3);
  expect(monitor.of(first.id)?.history.length).toBeGreaterThanOrEqual(1);
});

test('stays suspended when its entry vanishes and is put back, and not when it has died', async () => {
  const { cluster, monitor, first, rounds } = await ward(['a'], well);
  await rounds(1);
  monitor.suspend(first.id, 'a migration');
  await cluster.store.delete(first.id);
  await cluster.advance(1_000);
  expect(monitor.of(first.id)).toBeUndefined();
  await cluster.advance(50_000);
  expect(monitor.of(first.id)?.suspended?.reason).toBe('a migration');
});

test('suspended by hand, until it is resumed', async () => {
  const { monitor, first, rounds } = await ward(['a'], well);
  const told: unknown[] = [];
  monitor.on('suspend', ({ id, suspended }) => told.push([id, suspended.reason]));
  monitor.on('resume', ({ id }) => told.push(id));
  await rounds(1);
  monitor.suspend(first.id, 'a migration');
  expect(monitor.of(first.id)).toMatchObject({ status: 'passing', suspended: { reason: 'a migration' } });
  await rounds(2);
  expect(monitor.of(first.id)?.suspended?.reason).toBe('a migration');
  expect([monitor.resume(first.id), monitor.resume(first.id)]).toEqual([true, false]);
  expect(monitor.of(first.id)?.suspended).toBeUndefined();
  expect(told).toEqual([[first.id, 'a migration'], first.id]);
  expect(() => monitor.suspend('nobody', 'x')).toThrow(expect.objectContaining({ code: 'ROLLCALL_GONE' }));
});

describe('recovery', () => {
  test('is attempted again and again, later each time, until it is not critical any more', async () => {
    let isIll = true;
    const { cluster, monitor, first, rounds } = await ward(['a'], () => !isIll);
    const attempts: { attempt: number; at: number; signal: AbortSignal }[] = [];
    monitor.onCritical(
      (instance, { attempt, signal, health }) => {
        expect([instance.id, health.status]).toEqual([first.id, 'critical']);
        attempts.push({ attempt, signal, at: cluster.registry.clock.monotonic() });
      },
      { initialDelay: 1_000, maxDelay: 60_000 },
    );
    await rounds(30);
    expect(attempts.map(({ attempt }) => attempt)).toEqual(attempts.map((_, index) => index + 1));
    expect(attempts.length).toBeGreaterThan(4);
    // A back-off of about twice each time: in five minutes no more than these.
    expect(attempts.length).toBeLessThan(20);
    expect(attempts[0]?.signal.aborted).toBe(false);
    isIll = false;
    await rounds(3);
    const { length } = attempts;
    expect(attempts[0]?.signal.aborted).toBe(true);
    await rounds(10);
    expect(attempts).toHaveLength(length);
    isIll = true;
    await rounds(4);
    expect(attempts[length]?.attempt).toBe(1);
  });

  test('is one at a time for one instance, also when that is well in between', async () => {
    let isIll = true;
    const { monitor, rounds } = await ward(['a'], () => !isIll);
    let atOnce = 0;
    let most = 0;
    const ends: (() => void)[] = [];
    monitor.onCritical(async () => {
      most = Math.max(most, ++atOnce);
      await new Promise<void>((resolve) => ends.push(resolve));
      atOnce--;
    });
    for (let time = 0; time < 2; time++) {
      await rounds(4);
      isIll = !isIll;
    }
    await rounds(4);
    expect([most, ends.length]).toEqual([1, 1]);
    ends[0]?.();
    await rounds(1);
    expect([most, ends.length]).toEqual([1, 2]);
  });

  test('is over with the monitor', async () => {
    const { monitor, rounds, cluster } = await ward(['a'], ill);
    let healed = 0;
    monitor.on('checked', () => void monitor.close());
    monitor.onCritical(() => void healed++);
    await rounds(4);
    monitor.onCritical(() => void healed++);
    await cluster.advance(60_000);
    expect(healed).toBe(0);
  });

  test('that fails is told, and does not end it', async () => {
    const { monitor, rounds } = await ward(['a'], ill);
    const errors: unknown[] = [];
    monitor.on('error', (error) => errors.push(error));
    const takeBack = monitor.onCritical(async () => {
      throw new Error('cannot');
    });
    await rounds(6);
    expect(errors.length).toBeGreaterThan(1);
    takeBack();
    const { length } = errors;
    await rounds(6);
    expect(errors).toHaveLength(length);
  });

  test.each<[string, unknown, object]>([
    ['heal', 'restart', {}],
    ['initialDelay', () => {}, { initialDelay: 0 }],
    ['delay', () => {}, { delay: 5 }],
  ])('is refused with a wrong %s', async (path, heal, options) => {
    const { monitor } = await ward(['a'], well);
    expect(() => monitor.onCritical(heal as never, options)).toThrow(
      expect.objectContaining({ code: 'ROLLCALL_INVALID', message: expect.stringContaining(path) }),
    );
  });
});

describe('who is told', () => {
  test('a loop gets every transition; one that falls behind gets where each stands now', async () => {
    let isIll = false;
    const { monitor, rounds } = await ward(['a', 'b'], ({ name }) => !(isIll && name === 'a'));
    const quick: Transition[] = [];
    const loop = (async () => {
      for await (const transition of monitor) quick.push(transition);
    })();
    const slow = monitor[Symbol.asyncIterator]();
    await rounds(2);
    isIll = true;
    await rounds(4);
    isIll = false;
    await rounds(3);
    isIll = true;
    await rounds(4);
    const seen = async () =>
      (({ instance, from, to }: Transition) => `${instance.name}: ${from} → ${to}`)(
        (await slow.next()).value as Transition,
      );
    expect([await seen(), await seen()].sort()).toEqual(['a: unknown → critical', 'b: unknown → passing']);
    expect(quick.filter(({ instance: { name } }) => name === 'a').map(({ to }) => to)).toEqual([
      'passing',
      'critical',
      'passing',
      'critical',
    ]);
    await monitor.close();
    await loop;
    expect(await slow.next()).toEqual({ value: undefined, done: true });
  });

  test('whoever listens to the channel', async () => {
    const told: unknown[] = [];
    const listen = (message: unknown) => void told.push(message);
    channel('rollcall:health').subscribe(listen);
    onTestFinished(() => void channel('rollcall:health').unsubscribe(listen));
    const { rounds, first } = await ward(['a'], ill);
    await rounds(4);
    expect(told).toEqual([
      { at: expect.any(Number), id: first.id, name: 'a', from: 'unknown', to: 'critical', reason: 'no' },
    ]);
  });

  test('nobody of an event there is none of', async () => {
    const { monitor } = await ward(['a'], well);
    expect(() => monitor.on('change' as never, () => {})).toThrow(
      expect.objectContaining({ code: 'ROLLCALL_INVALID' }),
    );
  });
});

describe('a round of all, now', () => {
  test('is reported, and does not wait for schedules', async () => {
    const { monitor, cluster } = await ward(['a', 'b'], ({ name }) => name === 'a');
    const reporting = monitor.round();
    await cluster.advance(0);
    const { counts, instances } = await reporting;
    expect(counts).toEqual({ unknown: 1, passing: 1, warning: 0, critical: 0 });
    expect(instances.map(({ name, consecutiveFailures }) => [name, consecutiveFailures])).toEqual([
      ['a', 0],
      ['b', 1],
    ]);
  });

  test('ends with its signal, with the monitor, and if it cannot be known what is there', async () => {
    const { monitor, cluster } = await ward(['a'], () => new Promise(() => {}));
    const controller = new AbortController();
    const aborted = monitor.round({ signal: controller.signal });
    const closed = monitor.round();
    for (const each of [aborted, closed]) each.catch(() => {});
    await settle();
    controller.abort(new Error('no more'));
    await expect(aborted).rejects.toThrow('no more');
    await monitor.close();
    await expect(closed).rejects.toMatchObject({ code: 'ROLLCALL_CLOSED' });
    await expect(monitor.round()).rejects.toMatchObject({ code: 'ROLLCALL_CLOSED' });

    cluster.store.before.list = failing();
    const blind = new HealthMonitor(cluster.registry);
    onTestFinished(() => blind.close());
    await expect(blind.round()).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
    // With its registry, too, before it is known what is there.
    const { cluster: other } = await ward(['a'], well);
    const early = new HealthMonitor(other.registry).round();
    early.catch(() => {});
    await other.registry.close();
    await expect(early).rejects.toMatchObject({ code: 'ROLLCALL_CLOSED' });
  });
});

test('its registry is closed: nobody is ill, nothing is asked any more', async () => {
  const { cluster, monitor, told, rounds } = await ward(['a', 'b'], well, { checks: ['process'] });
  await rounds(2);
  told.length = 0;
  await cluster.registry.close();
  await rounds(5);
  expect(told).toEqual([]);
  await monitor.close();
});

test('an aborted signal closes it', async () => {
  const controller = new AbortController();
  let asked = 0;
  const { rounds, monitor } = await ward(['a'], () => void asked++, { signal: controller.signal });
  await rounds(2);
  controller.abort();
  const { length } = monitor.report().instances;
  const before = asked;
  await rounds(3);
  expect([asked, length]).toEqual([before, 1]);
});

test.each<[string, object]>([
  ['interval', { interval: 0 }],
  ['timeout', { timeout: -1 }],
  ['failureThreshold', { failureThreshold: 1.5 }],
  ['intervall', { intervall: 1 }],
  ['checks.0', { checks: ['tpc'] }],
  ['checks.0.url', { checks: [{ check: 'http', url: 5 }] }],
  ['checks.0.paths', { checks: [{ check: 'http', paths: 5 }] }],
  ['checks.0.level', { checks: [{ check: 'load', level: 'deep' }] }],
  ['limits.fastest', { limits: { fastest: 1 } }],
  ['limits.shortestInterval', { limits: { shortestInterval: 400_000 } }],
])('an option that is wrong is refused: %s', async (path, options) => {
  const cluster = await createCluster();
  onTestFinished(() => cluster.close());
  expect(() => new HealthMonitor(cluster.registry, options)).toThrow(
    expect.objectContaining({ code: 'ROLLCALL_INVALID', message: expect.stringContaining(path) }),
  );
});

test('a limit that is given as undefined is not given', async () => {
  const cluster = await createCluster();
  onTestFinished(() => cluster.close());
  const { id } = await cluster.start({ name: 'a', health: { interval: 5_000 } });
  const monitor = new HealthMonitor(cluster.registry, { checks: [], limits: { shortestInterval: undefined } });
  onTestFinished(() => monitor.close());
  await cluster.advance(50_000);
  expect(monitor.of(id)?.history.length).toBeLessThan(13);
});

test('taking a check back twice leaves another of its name alone', async () => {
  const { monitor, rounds, told } = await ward(['a'], well);
  const takeBack = monitor.check('other', well);
  takeBack();
  monitor.check('other', ill);
  takeBack();
  await rounds(4);
  expect(told).toEqual(['a: unknown → critical (no)']);
});

test('a check cannot have the name of another', async () => {
  const { monitor } = await ward(['a'], well);
  for (const name of ['work', 'http', '']) {
    expect(() => monitor.check(name, well)).toThrow(expect.objectContaining({ code: 'ROLLCALL_INVALID' }));
  }
  expect(() => monitor.check('other', well, { level: 'top' as never })).toThrow(
    expect.objectContaining({ code: 'ROLLCALL_INVALID' }),
  );
});
