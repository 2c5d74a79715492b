/** The hub with a monitor: who is critical or suspended is not listed, and gets no calls, until it is well again. */

import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { News } from '../../src/hub/news.js';
import { Throttle } from '../../src/hub/throttle.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { connectDirect } from '../support/direct.js';
import { eventually } from '../support/eventually.js';
import { type FleetOptions, kill, type Member, startFleet, startMember } from '../support/fleet.js';
import { kinds, type McpClient } from '../support/mcp-client.js';
import { FakeMonitor, serveHub } from '../support/served-hub.js';
import { tempFolder } from '../support/temp.js';

let stage: FleetOptions & { log: string };
let health: FakeMonitor;
beforeEach(() => {
  const folder = tempFolder();
  stage = { directory: `${folder}/registry`, log: `${folder}/log` };
  health = new FakeMonitor();
});

const listChanged = 'notifications/tools/list_changed';

/** All that is listed of an instance, as its label says. */
async function listedOf(host: McpClient, label: string): Promise<string[]> {
  const names = [...(await host.listTools()), ...(await host.listPrompts())].map(({ name }) => name);
  const uris = [
    ...(await host.listResources()).map(({ uri }) => uri),
    ...(await host.listResourceTemplates()).map(({ uriTemplate }) => uriTemplate),
  ];
  return [
    ...names.filter((name) => name.startsWith(`${label}__`)),
    ...uris.filter((uri) => uri.includes(`/${label}/`)),
  ];
}

const textOf = (path: string) => readFileSync(path, 'utf8');

async function shown(host: McpClient, label: string): Promise<Record<string, unknown>> {
  const { instances } = JSON.parse(await host.say('rollcall_instances'));
  return instances.find((one: { label: string }) => one.label === label);
}

describe.each(['v1-http', 'v2-http'])('%s', (flavour) => {
  test('hosts of each kind see it go when it is critical, are told why when they call it, and see it come back', async () => {
    const [bad] = (await startFleet(stage, [
      { flavour, name: 'bad' },
      { flavour: 'v2-http', name: 'steady' },
    ])) as [Member, Member];
    const { endpoint, hub } = await serveHub(stage.directory, { health });
    const hosts = await Promise.all(kinds.map((kind) => connectDirect(kind, endpoint)));
    await Promise.all(
      hosts.map(async (host) => {
        expect(await host.say('bad__wait', { ms: 1, mark: ' first' })).toBe('done');
        await eventually('all is listed', async () => (await listedOf(host, 'bad')).length === 23);
      }),
    );
    const whole = await Promise.all(hosts.map((host) => listedOf(host, 'bad')));
    for (const way of ['critical', 'suspended'] as const) {
      const told = ['tools', 'prompts', 'resources'].map((kind) => `notifications/${kind}/list_changed`);
      const before = hosts.map((host) => told.map((method) => host.count(method)));
      if (way === 'critical') health.set(bad.instance, 'critical', 'answers 500\u001b[31m');
      else health.suspend(bad.instance, 'it is being mended');
      await Promise.all(
        hosts.map(async (host, index) => {
          await eventually('it is told', () =>
            told.every((method, kind) => host.count(method) > (before[index]?.[kind] ?? 0)),
          );
          expect(await listedOf(host, 'bad')).toEqual([]);
          expect(await listedOf(host, 'steady')).toHaveLength(23);
          const why =
            way === 'critical' ? 'is critical: http: answers 500\\u{1b}[31m' : 'has been suspended: it is being mended';
          for (const call of [
            () => host.callTool('bad__wait', { ms: 1, mark: ' second' }),
            () =>
              host.callTool('rollcall_call', { instance: 'bad', tool: 'wait', arguments: { ms: 1, mark: ' second' } }),
          ]) {
            const { isError, content } = await call();
            expect(isError).toBe(true);
            const text = content[0]?.type === 'text' ? content[0].text : '';
            expect(text).toContain(`bad (${bad.instance.id}) ${why}. Nothing was sent.`);
            expect(text).toContain('rollcall_instances');
          }
          await expect(host.getPrompt('bad__plain')).rejects.toThrow(bad.instance.id);
          await expect(host.readResource('rollcall://bad/test://bad/static/1')).rejects.toThrow(bad.instance.id);
          const { tools, problems } = JSON.parse(await host.say('rollcall_tools', { instance: 'bad' }));
          expect(tools).toEqual([]);
          expect(problems).toEqual([{ instance: 'bad', problem: why }]);
          expect(await shown(host, 'bad')).toMatchObject({
            status: 'ready',
            health: way === 'critical' ? 'critical' : 'passing',
            problem: why,
          });
        }),
      );
      const away = hosts.map((host) => host.count(listChanged));
      if (way === 'critical') health.set(bad.instance, 'passing');
      else health.resume(bad.instance);
      await Promise.all(
        hosts.map(async (host, index) => {
          await eventually('it is told', () => host.count(listChanged) > (away[index] ?? 0));
          expect(await listedOf(host, 'bad')).toEqual(whole[index]);
          expect(await host.say('bad__echo', { text: 'back' })).toBe('back');
          expect(await shown(host, 'bad')).not.toHaveProperty('problem');
        }),
      );
    }
    expect(textOf(stage.log)).not.toContain('second');
    await hub.close();
    expect(health.listeners).toBe(0);
  });

  test('what is under way is left alone, also where the user is being asked', async () => {
    const { instance } = await startMember(stage, { flavour, name: 'bad' });
    const { endpoint } = await serveHub(stage.directory, { health });
    let answer: (text: string) => void = () => {};
    const answered = new Promise<string>((resolve) => {
      answer = resolve;
    });
    const begun = await Promise.all(
      kinds.map(async (kind) => {
        const host = await connectDirect(kind, endpoint, { elicit: () => answered });
        const ended = Promise.all([
          host.say('bad__wait', { ms: 3_000, steps: 10, mark: ` ${kind}` }),
          host.say('bad__ask', { question: 'Well?' }),
        ]);
        const hasBegun = () => host.asked.length === 1 && textOf(stage.log).includes(`started bad ${kind}\n`);
        await eventually('both have begun', hasBegun);
        return { host, ended };
      }),
    );
    health.set(instance, 'critical');
    for (const { host } of begun) expect((await host.callTool('bad__echo', { text: 'x' })).isError).toBe(true);
    answer('yes');
    for (const { ended } of begun) expect(await ended).toEqual(['done', 'yes']);
  });
});

test('one that hangs and is critical from the start is waited for by nobody', async () => {
  const [hung] = (await startFleet(stage, ['hung', { flavour: 'v2-http', name: 'steady' }])) as [Member, Member];
  health.set(hung.instance, 'critical', 'timeout');
  const { endpoint } = await serveHub(stage.directory, { health, patience: 60_000, connectTimeout: 60_000 });
  const host = await connectDirect('v1', endpoint);
  expect((await host.listTools()).map(({ name }) => name)).toContain('steady__echo');
  expect(await host.say('hung__echo', { text: 'x' })).toContain(
    `hung (${hung.instance.id}) is critical: http: timeout.`,
  );
  const indirect = { instance: 'hung', tool: 'echo', arguments: {} };
  expect(await host.say('rollcall_call', indirect)).toContain('is critical: http: timeout.');
});

test('who has a warning, is unknown, or not watched, is used; and who is gone is gone, however it was', async () => {
  const [one, two] = (await startFleet(stage, [
    { flavour: 'v2-http', name: 'one' },
    { flavour: 'v2-http', name: 'two' },
    { flavour: 'v2-http', name: 'three' },
  ])) as [Member, Member, Member];
  health.set(one.instance, 'unknown');
  health.set(two.instance, 'warning');
  const { endpoint } = await serveHub(stage.directory, { health, expose: 'meta' });
  const host = await connectDirect('v2', endpoint);
  for (const label of ['one', 'two', 'three']) {
    const call = { instance: label, tool: 'echo', arguments: { text: label } };
    expect(await host.say('rollcall_call', call)).toBe(label);
  }
  expect((await shown(host, 'one')).health).toBe('unknown');
  expect((await shown(host, 'two')).health).toBe('warning');
  expect(await shown(host, 'three')).not.toHaveProperty('health');
  // The hub's own tools are all there is; what they say follows.
  health.set(two.instance, 'critical', 'no more');
  const { tools, problems } = JSON.parse(await host.say('rollcall_tools', { query: 'echo' }));
  expect(tools.map(({ instance }: { instance: string }) => instance)).toEqual(['one', 'three']);
  expect(problems).toEqual([{ instance: 'two', problem: 'is critical: http: no more' }]);
  await kill(two);
  await eventually('it has gone', async () => (await shown(host, 'two')) === undefined);
  expect(await host.say('rollcall_call', { instance: 'two', tool: 'echo' })).toContain('is not there');
});

test('one that is now well, now not, does not flood its hosts', async () => {
  const { instance } = await startMember(stage, { flavour: 'v2-http', name: 'bad' });
  const { endpoint } = await serveHub(stage.directory, { health });
  const hosts = await Promise.all(kinds.map((kind) => connectDirect(kind, endpoint)));
  for (const host of hosts) await eventually('it is there', async () => (await listedOf(host, 'bad')).length === 23);
  const before = hosts.map((host) => host.count(listChanged));
  const until = performance.now() + 1_500;
  let flips = 0;
  while (performance.now() < until) {
    health.set(instance, flips++ % 2 === 0 ? 'critical' : 'passing');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  health.set(instance, 'critical');
  expect(flips).toBeGreaterThan(50);
  for (const [index, host] of hosts.entries()) {
    await eventually('it is seen to be critical', async () => (await listedOf(host, 'bad')).length === 0);
    expect(host.count(listChanged) - (before[index] ?? 0)).toBeLessThan(6);
  }
});

test('it is done at once, and then once a pause, and what is asked for is done in the end', async () => {
  const clock = new FakeClock();
  const done: number[] = [];
  const start = clock.monotonic();
  const throttle = new Throttle(clock, 1_000, () => done.push(clock.monotonic() - start));
  for (let ms = 0; ms < 2_500; ms += 10) {
    throttle.ask();
    await clock.advance(10);
  }
  await clock.advance(10_000);
  expect(done).toEqual([0, 1_000, 2_000, 3_000]);
  throttle.ask();
  throttle.ask();
  throttle.stop();
  await clock.advance(10_000);
  expect(done).toHaveLength(5);
  expect(clock.pending).toBe(0);
});

test('a host is told of what is another than it has seen, and of nothing else', async () => {
  const clock = new FakeClock();
  let now: object[] = [];
  const told: string[] = [];
  const news = new News({ clock, listed: () => now, changed: (kind) => told.push(kind) });
  const change = async (to: object[], between = () => {}) => {
    told.length = 0;
    now = to;
    news.note(['tools', 'prompts']);
    between();
    await clock.advance(100);
    return told;
  };
  expect(await change([])).toEqual([]);
  expect(await change([{ a: 1 }])).toEqual(['tools', 'prompts']);
  expect(await change([{ a: 1 }])).toEqual([]);
  // There and back again, unless it was listed meanwhile.
  const back = () => {
    now = [{ a: 1 }];
  };
  expect(await change([{ a: 2 }], back)).toEqual([]);
  const look = () => {
    news.show('tools');
    back();
  };
  expect(await change([{ a: 2 }], look)).toEqual(['tools']);
});
