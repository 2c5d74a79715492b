/** Calls: attempts, the deadline, circuit breakers, and what is said of a call that failed. */

import 'cockatiel';
import { channel } from 'node:diagnostics_channel';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { isRollcallError, RollcallError } from '../../src/core/errors.js';
import type { Instance } from '../../src/core/instance.js';
import { createRouter, isRefused, type RouterOptions } from '../../src/route/index.js';
import { type Cluster, createCluster } from '../../src/testing/index.js';
import { FakeHealth } from '../support/fake-health.js';
import { passUntil } from '../support/virtual.js';

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
async function start(count: number) {
  const started = [];
  while (started.length < count) started.push(await cluster.start(weather));
  return started;
}
const hang = () => new Promise<never>(() => {});

/** Lets time pass until the call is over, and gives its error and how long it took. */
async function failure(call: Promise<unknown>): Promise<{ error: RollcallError<'ROLLCALL_UNANSWERED'>; took: number }> {
  call.catch(() => {});
  const took = await passUntil(cluster, call);
  const error = await call.then(
    () => expect.unreachable('it was answered'),
    (thrown) => thrown,
  );
  return { error, took };
}

async function answer<T>(call: Promise<T>): Promise<T> {
  await passUntil(cluster, call);
  return call;
}

test('gives what the function gives, which is told the instance, the attempt and a signal', async () => {
  const [only] = await start(1);
  const given = await open().use(weather, async (instance, { attempt, signal }) => [
    instance.id,
    attempt,
    signal.aborted,
  ]);
  expect(given).toEqual([only?.id, 1, false]);
  expect(await open().use(weather, () => 'at once')).toBe('at once');
});

describe('attempts', () => {
  test('a call that is not idempotent is not made again: it may have been carried out', async () => {
    await start(3);
    const act = vi.fn(() => Promise.reject(new Error('socket hang up')));
    const { error } = await failure(open().use(weather, act));
    expect(act).toHaveBeenCalledTimes(1);
    expect(error.code).toBe('ROLLCALL_UNANSWERED');
    expect(error.message).toContain('not said that it is idempotent');
  });

  test('nor is one of a function that was refused: it may have sent something before', async () => {
    await start(3);
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
    const act = vi.fn(() => Promise.reject(refused));
    await failure(open().use(weather, act));
    expect(act).toHaveBeenCalledTimes(1);
    // Unless its caller says that it sends one thing.
    await failure(open().use(weather, act, { idempotent: isRefused }));
    expect(act).toHaveBeenCalledTimes(4);
  });

  test('one that is, is made again, on another instance each time, so often', async () => {
    await start(3);
    const asked: string[] = [];
    const act = async ({ id }: Instance) => {
      asked.push(id);
      throw new Error('no');
    };
    await failure(open().use(weather, act, { idempotent: true, attempts: 3 }));
    expect(new Set(asked).size).toBe(3);
    asked.length = 0;
    // While there are others.
    await failure(open().use(weather, act, { idempotent: true, attempts: 5 }));
    expect(asked).toHaveLength(5);
    expect(new Set(asked).size).toBe(3);
  });

  test('the first answer is given', async () => {
    await start(3);
    const act = async (_: Instance, { attempt }: { attempt: number }) => {
      if (attempt < 3) throw new Error('no');
      return attempt;
    };
    expect(await answer(open().use(weather, act, { idempotent: true }))).toBe(3);
  });

  test('a rule may say that it is idempotent, and the call that it is not', async () => {
    await start(2);
    const router = open({ rules: { weather: { idempotent: true } } });
    const act = vi.fn(() => Promise.reject(new Error('no')));
    await failure(router.use(weather, act));
    expect(act).toHaveBeenCalledTimes(3);
    act.mockClear();
    await failure(router.use(weather, act, { idempotent: false }));
    expect(act).toHaveBeenCalledTimes(1);
  });

  test('certain that nothing was sent: `connect` was refused by this very instance', async () => {
    await start(2);
    const refusal = (id: string, reason: 'refused' | 'broken') =>
      new RollcallError('ROLLCALL_UNREACHABLE', 'refused', { id, reason });
    const act = vi.fn(({ id }: Instance) => Promise.reject(refusal(id, 'refused')));
    await failure(open().use(weather, act));
    expect(act).toHaveBeenCalledTimes(3);
    for (const error of [refusal('another', 'refused'), refusal('weather', 'broken')]) {
      const other = vi.fn(() => Promise.reject(error));
      await failure(open().use(weather, other));
      expect(other).toHaveBeenCalledTimes(1);
    }
  });

  test('an answer of an MCP server, if it is an error, is thrown as it is and ends it', async () => {
    await start(2);
    const { ProtocolError } = await import('@modelcontextprotocol/client');
    const refusal = new ProtocolError(-32602, 'Invalid params');
    const act = vi.fn(() => Promise.reject(refusal));
    await expect(open().use(weather, act, { idempotent: true })).rejects.toBe(refusal);
    expect(act).toHaveBeenCalledTimes(1);
  });

  test('there are pauses between them, and they grow', async () => {
    await start(2);
    const at: number[] = [];
    const act = async () => {
      at.push(cluster.registry.clock.monotonic());
      throw new Error('no');
    };
    await failure(open().use(weather, act, { idempotent: true, attempts: 10, timeout: 60_000 }));
    const pauses = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    expect(Math.max(...pauses)).toBeLessThanOrEqual(1_010);
    const sum = (some: number[]) => some.reduce((a, b) => a + b, 0);
    expect(sum(pauses.slice(4))).toBeGreaterThan(sum(pauses.slice(0, 4)));
  });
});

describe('time', () => {
  test('the deadline is for the whole, and holds whatever the function does', async () => {
    await start(3);
    let own: AbortSignal | undefined;
    const act = (_: Instance, { signal }: { signal: AbortSignal }) => {
      own = signal;
      return hang();
    };
    const { error, took } = await failure(open().use(weather, act, { timeout: 500 }));
    expect(took).toBeGreaterThanOrEqual(490);
    expect(took).toBeLessThanOrEqual(520);
    expect(own?.aborted).toBe(true);
    expect(error.details.attempts).toMatchObject([{ attempt: 1, reason: 'no answer within 500 ms' }]);
    expect(error.message).toContain('it took longer than 500 ms');
  });

  test('30 s unless given; a rule may say so, and the call', async () => {
    await start(1);
    const took = async (options: RouterOptions, own = {}) =>
      (await failure(open(options).use(weather, hang, own))).took;
    expect(Math.abs((await took({})) - 30_000)).toBeLessThan(30);
    expect(Math.abs((await took({ timeout: 2_000 })) - 2_000)).toBeLessThan(30);
    expect(Math.abs((await took({ rules: { weather: { timeout: 1_000 } } })) - 1_000)).toBeLessThan(30);
    expect(Math.abs((await took({ timeout: 2_000 }, { timeout: 300 })) - 300)).toBeLessThan(30);
  });

  test('one that hangs does not take it all, if the call may be made again', async () => {
    await start(2);
    const act = (_: Instance, { attempt }: { attempt: number }) => (attempt === 1 ? hang() : Promise.resolve('here'));
    const call = open().use(weather, act, { idempotent: true, timeout: 900 });
    const took = await passUntil(cluster, call);
    expect(await call).toBe('here');
    expect(took).toBeGreaterThanOrEqual(290);
    expect(took).toBeLessThan(500);
  });

  test('a pause does not outlast the deadline', async () => {
    await start(1);
    const act = () => Promise.reject(new Error('no'));
    const { error, took } = await failure(open().use(weather, act, { idempotent: true, attempts: 100, timeout: 700 }));
    expect(took).toBeLessThanOrEqual(720);
    expect(error.code).toBe('ROLLCALL_UNANSWERED');
  });

  test('the registry that does not answer counts, too', async () => {
    await start(1);
    cluster.store.before.list = hang;
    cluster.store.before.stamp = hang;
    const { took, error } = await failure(open().use(weather, hang, { timeout: 500 }));
    expect(took).toBeLessThanOrEqual(520);
    expect(error.code).toBe('ROLLCALL_UNANSWERED');
  });

  test('the abort of the caller rejects with its reason at once, before, meanwhile and between', async () => {
    await start(2);
    const reason = new Error('enough');
    const router = open();
    await expect(router.use(weather, hang, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    let heard: unknown;
    const act = (_: Instance, { signal }: { signal: AbortSignal }) => {
      signal.addEventListener('abort', () => {
        heard = signal.reason;
      });
      controller.abort(reason);
      return hang();
    };
    await expect(router.use(weather, act, { signal: controller.signal })).rejects.toBe(reason);
    expect(heard).toBe(reason);
    const between = new AbortController();
    const failing = () => {
      queueMicrotask(() => between.abort(reason));
      return Promise.reject(new Error('no'));
    };
    await expect(router.use(weather, failing, { signal: between.signal, idempotent: true })).rejects.toBe(reason);
  });

  test('closing the router ends its calls', async () => {
    await start(1);
    const router = open();
    const call = router.use(weather, hang);
    call.catch(() => {});
    await cluster.advance(10);
    await router.close();
    await expect(call).rejects.toMatchObject({ code: 'ROLLCALL_CLOSED' });
  });
});

describe('the circuit breaker', () => {
  const fail = async (router: ReturnType<typeof open>, times: number, error: unknown = new Error('no')) => {
    for (let count = 0; count < times; count++) {
      await answer(router.use(weather, () => Promise.reject(error)).catch(() => {}));
    }
  };

  test('opens after five failures in a row; after ten seconds one call at a time tries', async () => {
    await start(1);
    const router = open();
    await fail(router, 4);
    await router.use(weather, () => 'well');
    await fail(router, 4);
    expect(await router.pick(weather)).toBeDefined();
    await fail(router, 1);
    expect(await router.pick(weather)).toBeUndefined();
    const { error } = await failure(router.use(weather, () => 'well'));
    expect(error.details).toMatchObject({
      attempts: [],
      leftOut: [{ reason: expect.stringContaining('circuit breaker') }],
    });
    await cluster.advance(9_000);
    expect(await router.pick(weather)).toBeUndefined();
    await cluster.advance(1_000);
    expect(await router.pick(weather)).toBeDefined();
    let end = (_: string) => {};
    const trying = router.use(
      weather,
      () =>
        new Promise<string>((resolve) => {
          end = resolve;
        }),
    );
    await cluster.advance(10);
    expect(await router.pick(weather)).toBeUndefined();
    end('well');
    expect(await trying).toBe('well');
    expect(await router.pick(weather)).toBeDefined();
  });

  test('a try that fails opens it for another ten seconds', async () => {
    await start(1);
    const router = open();
    await fail(router, 5);
    await cluster.advance(10_000);
    await fail(router, 1);
    await cluster.advance(9_000);
    expect(await router.pick(weather)).toBeUndefined();
    await cluster.advance(1_000);
    expect(await router.pick(weather)).toBeDefined();
  });

  test('goes by time that passed, not by a clock that is set', async () => {
    await start(1);
    const router = open();
    await fail(router, 5);
    await cluster.setClock('2030-01-01');
    expect(await router.pick(weather)).toBeUndefined();
  });

  test('what the server answers, and the abort of the caller, do not count', async () => {
    await start(1);
    const router = open();
    const { ProtocolError } = await import('@modelcontextprotocol/client');
    await fail(router, 10, new ProtocolError(-32602, 'Invalid params'));
    for (let count = 0; count < 10; count++) {
      const controller = new AbortController();
      const act = () => {
        controller.abort();
        return hang();
      };
      await router.use(weather, act, { signal: controller.signal }).catch(() => {});
    }
    expect(await router.pick(weather)).toBeDefined();
  });

  test('is forgotten with its instance; others are not concerned', async () => {
    const [first] = await start(1);
    const router = open();
    await fail(router, 5);
    await start(1);
    expect(await router.pick(weather)).toBeDefined();
    expect((await router.pick(weather))?.id).not.toBe(first?.id);
  });

  test('who is named by its id is called all the same', async () => {
    const [first] = await start(1);
    const router = open();
    await fail(router, 5);
    expect(await router.use(weather, ({ id }) => id, { id: first?.id })).toBe(first?.id);
  });
});

test('least-connections goes by what is under way', async () => {
  const [a, b] = await start(2);
  const router = open({ strategy: 'least-connections' });
  const begun: string[] = [];
  const hanging = [1, 2, 3].map(() =>
    router
      .use(
        weather,
        ({ id }) => {
          begun.push(id);
          return hang();
        },
        { timeout: 100 },
      )
      .catch(() => {}),
  );
  await cluster.advance(0);
  expect(begun.filter((id) => id === a?.id).length).toBeGreaterThan(0);
  expect(begun.filter((id) => id === b?.id).length).toBeGreaterThan(0);
  await answer(Promise.all(hanging));
  // All are given back.
  const [one, other] = [await router.pick(weather), await router.pick(weather)];
  expect(one?.id).not.toBe(other?.id);
});

describe('the error', () => {
  test('names every attempt, instance and reason, and is fit for a terminal', async () => {
    const [a, b] = await start(2);
    const act = async (_: Instance, { attempt }: { attempt: number }) => {
      throw new Error(`bad \u001b[31mnews\u001b[0m\nof attempt ${attempt}`);
    };
    const { error } = await failure(open({ strategy: 'oldest' }).use(weather, act, { idempotent: true, attempts: 2 }));
    expect(isRollcallError(error, 'ROLLCALL_UNANSWERED')).toBe(true);
    expect(error.details).toMatchObject({
      query: weather,
      attempts: [
        { id: a?.id, name: 'weather', attempt: 1, took: expect.any(Number) },
        { id: b?.id, name: 'weather', attempt: 2 },
      ],
      leftOut: [],
    });
    expect(error.message.replaceAll(/\d+ ms/g, 'N ms')).toBe(
      [
        'No answer to {"name":"weather"}: 2 attempts were all it had.',
        'Attempts:',
        `  1. weather (${a?.id}), N ms: bad \\u{1b}[31mnews\\u{1b}[0m; of attempt 1`,
        `  2. weather (${b?.id}), N ms: bad \\u{1b}[31mnews\\u{1b}[0m; of attempt 2`,
      ].join('\n'),
    );
    expect(error.cause).toMatchObject({ message: expect.stringContaining('of attempt 2') });
  });

  test('says who was left out, and why', async () => {
    const all = await start(3);
    const [a, b, c] = all.map(({ id }) => id) as [string, string, string];
    health.set(a, 'critical', { consecutiveFailures: 3, lastFailure: { at: 0, check: 'http', reason: 'HTTP 500' } });
    health.set(b, 'passing', { suspended: { reason: 'upgrade', since: 0 } });
    health.set(c, 'critical');
    const { error } = await failure(open({ health }).use(weather, () => 'x'));
    expect(error.details.attempts).toEqual([]);
    expect(error.message).toBe(
      [
        'No answer to {"name":"weather"}: there is no instance for it that can be used.',
        'Left out:',
        `  ${a}: critical: http: HTTP 500`,
        `  ${b}: suspended: upgrade`,
        `  ${c}: critical`,
      ].join('\n'),
    );
  });

  test('or who comes close', async () => {
    const draining = await cluster.start({ ...weather, status: 'draining' });
    const dead = await cluster.start(weather);
    await cluster.kill(dead);
    await cluster.start({ name: 'another' });
    const { error } = await failure(open().use(weather, () => 'x'));
    expect(error.details.leftOut).toEqual(
      expect.arrayContaining([
        { id: draining.id, reason: 'status is draining' },
        { id: dead.id, reason: expect.stringContaining('dead') },
      ]),
    );
    expect(error.details.leftOut).toHaveLength(2);
  });

  test('what a rule requires', async () => {
    const [only] = await start(1);
    const rules = { weather: { require: { 'metadata.gpu': true } } };
    const { error } = await failure(open({ rules }).use(weather, () => 'x'));
    expect(error.message).toContain(`${only?.id}: does not meet what the rule "weather" requires`);
  });
});

test('tells of each attempt on rollcall:route', async () => {
  const [a, b] = await start(2);
  const told: unknown[] = [];
  const listener = (message: unknown) => void told.push(message);
  channel('rollcall:route').subscribe(listener);
  onTestFinished(() => void channel('rollcall:route').unsubscribe(listener));
  const act = async (_: Instance, { attempt }: { attempt: number }) => {
    if (attempt === 1) throw new Error('no');
  };
  await answer(open({ strategy: 'oldest' }).use(weather, act, { idempotent: true }));
  const common = { query: weather, name: 'weather', at: expect.any(Number), took: expect.any(Number) };
  expect(told).toEqual([
    { ...common, id: a?.id, attempt: 1, outcome: 'failed', reason: 'no' },
    { ...common, id: b?.id, attempt: 2, outcome: 'answered', reason: undefined },
  ]);
});

test('refuses what is no function', async () => {
  await expect(open().use(weather, 'x' as never)).rejects.toMatchObject({ code: 'ROLLCALL_INVALID' });
  await expect(open().use(weather, hang, { retries: 3 } as never)).rejects.toThrow(/retries: is not a known field/);
});
