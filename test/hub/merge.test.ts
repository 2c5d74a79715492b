/** The hub with a balancer: several instances of one name are one set of tools, and each call goes to one of them. */

import { readFileSync } from 'node:fs';
import { inputRequired, type McpServer } from '@modelcontextprotocol/server';
import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { Choices } from '../../src/hub/choices.js';
import { continuedAt, originOf } from '../../src/hub/continued.js';
import { MergedBoard } from '../../src/hub/merged-board.js';
import { Subscriptions } from '../../src/hub/subscriptions.js';
import { connectDirect } from '../support/direct.js';
import { eventually } from '../support/eventually.js';
import { type FleetOptions, kill, type Member, startFleet, startMember } from '../support/fleet.js';
import { startHub } from '../support/hub.js';
import { makeInstance } from '../support/make-instance.js';
import { kinds, type McpClient } from '../support/mcp-client.js';
import { FakeBalancer, FakeMonitor, serveHub } from '../support/served-hub.js';
import { assertAll } from '../support/serves.js';
import { startSmall } from '../support/small-server.js';
import { tempFolder } from '../support/temp.js';
import { markOf, ThroughHub, withoutMark } from '../support/through-hub.js';

let stage: FleetOptions & { log: string };
let balancer: FakeBalancer;
let folders: [string, string];
beforeEach(() => {
  const folder = tempFolder();
  stage = { directory: `${folder}/registry`, log: `${folder}/log` };
  balancer = new FakeBalancer();
  folders = [tempFolder(), tempFolder()];
});

const listChanged = 'notifications/tools/list_changed';
const toolNames = async (host: McpClient) => (await host.listTools()).map(({ name }) => name);
const linesOf = (log: string) => readFileSync(log, 'utf8').split('\n').slice(0, -1);
const idOf = (result: object) => (markOf(result) as { id: string }).id;

/** Of one name, each in a folder of its own. */
const twoOf = async (flavour: string) =>
  (await startFleet(
    stage,
    folders.map((cwd) => ({ flavour, name: 'weather', cwd })),
  )) as [Member, Member];

/** Until each of them is connected to. */
async function connected(host: McpClient, count: number): Promise<void> {
  await eventually('all are connected to', async () => {
    const { instances } = JSON.parse(await host.say('rollcall_instances'));
    return instances.filter(({ problem }: { problem?: string }) => problem === undefined).length === count;
  });
}

/** Until they have been told nothing for a while: what they are told from now on comes from what is done from now on. */
async function quiet(hosts: readonly McpClient[]): Promise<void> {
  let [total, since] = [-1, performance.now()];
  await eventually('they are told nothing', () => {
    const now = hosts.reduce((sum, { heard }) => sum + heard.length, 0);
    if (now !== total) [total, since] = [now, performance.now()];
    return performance.now() - since > 500;
  });
}

describe.each(['v2-http', 'v1-http'])('two of %s', (flavour) => {
  test('are for hosts of each kind what one of them is, by plain names', async () => {
    const members = await twoOf(flavour);
    const { endpoint } = await serveHub(stage.directory, { balancer });
    const direct = await connectDirect('v2', members[0].instance.endpoints[0] ?? { type: '' });
    const tools = (await direct.listTools()).map(({ name }) => name).sort();
    const options = { elicit: ['blue', 'first'] };
    const hosts = await Promise.all(kinds.map((kind) => connectDirect(kind, endpoint, options)));
    for (const host of hosts) {
      await connected(host, 2);
      const through = new ThroughHub(host, 'weather');
      expect((await through.listTools()).map(({ name }) => name).sort()).toEqual(tools);
      expect((await toolNames(host)).filter((name) => !name.startsWith('rollcall_'))).toHaveLength(tools.length);
      expect(await host.listResources()).toHaveLength(2);
      expect(await host.listResourceTemplates()).toHaveLength(1);
      expect(await host.listPrompts()).toHaveLength(2);
      const echo = (await host.listTools()).find(({ name }) => name === 'weather__echo') ?? {};
      expect(markOf(echo)).toEqual({ label: 'weather', name: 'weather' });
    }
    for (const host of hosts) {
      await assertAll(new ThroughHub(host, 'weather'), 'weather', stage.log);
      await host.close();
    }
    await eventually('no call is counted any more', () => balancer.inUse === 0);
  });

  test('are shown each, and called by label or by id', async () => {
    const members = await twoOf(flavour);
    const { endpoint } = await serveHub(stage.directory, { balancer });
    const host = await connectDirect('v1', endpoint);
    await connected(host, 2);
    const { instances } = JSON.parse(await host.say('rollcall_instances'));
    const shown = instances.map(({ label, id }: { label: string; id: string }) => [label, id]);
    expect(shown.sort()).toEqual(members.map(({ instance: { id } }) => ['weather', id]).sort());
    const call = (instance: string) => host.callTool('rollcall_call', { instance, tool: 'who' });
    for (const { instance, running } of [...members, ...members].sort()) {
      for (const word of [instance.id, instance.id.slice(0, 'weather-'.length + 8)]) {
        const result = await call(word);
        expect(idOf(result)).toBe(instance.id);
        expect(JSON.stringify(result.content)).toContain(`\\"pid\\":${running.pid}`);
      }
    }
    expect(members.map(({ instance }) => instance.id)).toContain(idOf(await call('weather')));
    const { tools } = JSON.parse(await host.say('rollcall_tools', { instance: 'weather' }));
    expect(tools).toContainEqual(expect.objectContaining({ instance: 'weather', name: 'who', direct: 'weather__who' }));
    const [{ instance }] = members;
    const own = JSON.parse(await host.say('rollcall_tools', { instance: instance.id })).tools;
    expect(own).toHaveLength(tools.length);
    expect(own[0]).toMatchObject({ instance: instance.id });
    expect(own[0]).not.toHaveProperty('direct');
    expect(await host.say('rollcall_call', { instance: 'nobody', tool: 'who' })).toMatch(/What runs: weather\.$/);
  });

  test('one of three is killed under calls: only what it had in hand fails, and nothing is done twice', async () => {
    const members = await startFleet(stage, Array(3).fill({ flavour, name: 'weather' }));
    const { endpoint } = await serveHub(stage.directory, { balancer });
    const hosts = await Promise.all([...kinds, ...kinds].map((kind) => connectDirect(kind, endpoint)));
    for (const host of hosts) await connected(host, 3);
    // Whoever has this in hand is to be killed.
    const [first] = hosts as [McpClient];
    const long = first.callTool('weather__wait', { ms: 600_000, mark: ' long' });
    await eventually('it has begun', () => linesOf(stage.log).length === 1);
    const victim = members.find(({ instance }) => instance.id === balancer.asked.at(-1)?.id) as Member;
    let isOver = false;
    let issued = 0;
    const failed: string[] = [];
    const callOn = async (host: McpClient) => {
      while (!isOver) {
        const mark = ` ${issued++}.`;
        const result = await host.callTool('weather__wait', { ms: 10, mark });
        if (result.isError === true) {
          failed.push(mark);
          expect(JSON.stringify(result.content)).toMatch(/has broken off in the middle/);
        }
      }
    };
    const calling = Promise.all(hosts.flatMap((host) => [callOn(host), callOn(host)]));
    const done = () => linesOf(stage.log).filter((line) => line.startsWith('done')).length;
    await eventually('all are at it', () => done() > 100);
    await kill(victim);
    expect(JSON.stringify(await long)).toContain(`weather (${victim.instance.id}) has broken off in the middle`);
    const at = done();
    await eventually('the others go on', () => done() > at + 200);
    isOver = true;
    await calling;
    const started = linesOf(stage.log).filter((line) => line.startsWith('started'));
    expect(started.filter((line, index) => started.indexOf(line) !== index)).toEqual([]);
    // What has failed was in its hands, what was not has been done.
    const finished = linesOf(stage.log).filter((line) => line.startsWith('done'));
    expect(finished.length).toBeGreaterThanOrEqual(issued - failed.length);
    for (const host of hosts) expect(await host.say('weather__echo', { text: 'on' })).toBe('on');
    expect(failed.length).toBeLessThanOrEqual(2 * hosts.length);
    await eventually('no call is counted any more', () => balancer.inUse === 0);
  });
});

test('servers of 2026 share the calls of one host', async () => {
  const members = await twoOf('v2-http');
  const { endpoint } = await serveHub(stage.directory, { balancer });
  const host = await connectDirect('v1', endpoint);
  await connected(host, 2);
  const counts = new Map<string, number>();
  for (let call = 0; call < 20; call++) {
    const id = idOf(await host.callTool('weather__echo', { text: 'x' }));
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual(members.map(({ instance }) => instance.id).sort());
  expect([...counts.values()]).toEqual([10, 10]);
  expect(balancer.asked.every(({ affinity }) => affinity === undefined)).toBe(true);
});

test('a host stays with one of those that keep sessions, whoever comes, until that goes', async () => {
  const members = await twoOf('v1-http');
  const { endpoint } = await serveHub(stage.directory, { balancer });
  const [one, two] = [await connectDirect('v1', endpoint), await connectDirect('v2-legacy', endpoint)];
  const hosts = [one, two];
  for (const host of hosts) await connected(host, 2);
  const who = async (host: McpClient) => JSON.parse(await host.say('weather__who')) as { pid: number; count: number };
  const firsts = await Promise.all(hosts.map(who));
  // They were given to both.
  expect(new Set(firsts.map(({ pid }) => pid)).size).toBe(2);
  expect(new Set(balancer.asked.map(({ affinity }) => affinity)).size).toBe(2);
  members.push(await startMember(stage, { flavour: 'v1-http', name: 'weather' }));
  for (const host of hosts) await connected(host, 3);
  for (const [index, host] of hosts.entries()) {
    for (let call = 2; call < 8; call++) {
      expect(await who(host)).toMatchObject({ pid: firsts[index]?.pid, count: call });
    }
  }
  const gone = members.find(({ running }) => running.pid === firsts[0]?.pid) as Member;
  await kill(gone);
  const next = await who(one);
  expect(next).toMatchObject({ count: 1 });
  expect(next.pid).not.toBe(gone.running.pid);
  expect(await who(one)).toMatchObject({ pid: next.pid, count: 2 });
  expect(await who(two)).toMatchObject({ pid: firsts[1]?.pid, count: 8 });
});

test('hosts are told of who comes and goes only if that changes the tools', async () => {
  const [one] = await twoOf('v2-http');
  const { endpoint } = await serveHub(stage.directory, { balancer });
  const hosts = await Promise.all(kinds.map((kind) => connectDirect(kind, endpoint)));
  for (const host of hosts) {
    await connected(host, 2);
    await eventually('all is listed', async () => (await toolNames(host)).includes('weather__who'));
  }
  await quiet(hosts);
  const [first] = hosts as [McpClient];
  const listed = await first.listTools();
  const counts = () => hosts.map((host) => host.count(listChanged));
  const before = counts();
  const third = await startMember(stage, { flavour: 'v2-http', name: 'weather', cwd: folders[0] });
  for (const host of hosts) await connected(host, 3);
  await kill(one);
  for (const host of hosts) await connected(host, 2);
  expect(await first.listTools()).toEqual(listed);
  // What is about to be told is told before this.
  await startMember(stage, { flavour: 'v2-http', name: 'other' });
  await Promise.all(
    hosts.map(async (host, index) => {
      await eventually('it is told', () => host.count(listChanged) > (before[index] ?? 0));
      expect(host.count(listChanged)).toBe((before[index] ?? 0) + 1);
    }),
  );
  // One of them has one more: who calls it is led there, and it goes with it.
  const { id } = third.instance;
  expect(await first.say('rollcall_call', { instance: id, tool: 'grow' })).toBe('grown_1');
  for (const host of hosts) {
    await eventually('it is listed', async () => (await toolNames(host)).includes('weather__grown_1'));
    for (let call = 0; call < 4; call++) expect(idOf(await host.callTool('weather__grown_1'))).toBe(id);
  }
  await quiet(hosts);
  const grown = counts();
  await kill(third);
  await Promise.all(
    hosts.map(async (host, index) => {
      await eventually('it is told', () => host.count(listChanged) > (grown[index] ?? 0));
      expect(await toolNames(host)).not.toContain('weather__grown_1');
    }),
  );
});

const say = (text: string) => ({ content: [{ type: 'text' as const, text }] });

test('of those that do not agree the newest decides, and only who says the same is called', async () => {
  const { registry, endpoint } = await serveHub(stage.directory, { balancer });
  const old = (server: McpServer) => {
    server.registerTool('find', { inputSchema: z.object({ text: z.string() }) }, () => say('old'));
    server.registerTool('only', { inputSchema: z.object({}) }, () => say('only'));
  };
  const late = (server: McpServer) =>
    void server.registerTool('find', { inputSchema: z.object({ query: z.string() }) }, () => say('new'));
  const first = await startSmall(registry, old);
  await startSmall(registry, late);
  await startSmall(registry, late);
  const host = await connectDirect('v2', endpoint);
  await connected(host, 3);
  const find = (await host.listTools()).find(({ name }) => name === 'small__find');
  expect(Object.keys(find?.inputSchema.properties ?? {})).toEqual(['query']);
  for (let call = 0; call < 6; call++) expect(await host.say('small__find', { query: 'x' })).toBe('new');
  for (let call = 0; call < 3; call++) expect(await host.say('small__only')).toBe('only');
  expect(first.calls()).toBe(3);
  const { id } = first.instance;
  const { tools } = JSON.parse(await host.say('rollcall_tools', { instance: id, query: 'find' }));
  expect(Object.keys(tools[0].inputSchema.properties)).toEqual(['text']);
  expect(await host.say('rollcall_call', { instance: id, tool: 'find', arguments: { text: 'x' } })).toBe('old');
});

const counting = (server: McpServer) =>
  void server.registerTool('count', { inputSchema: z.object({}) }, () => say('counted'));

test('who refuses the connection was not asked: another is', async () => {
  const { registry, endpoint } = await serveHub(stage.directory, { balancer });
  const [away, there] = [await startSmall(registry, counting), await startSmall(registry, counting)];
  const host = await connectDirect('v1', endpoint);
  await connected(host, 2);
  balancer.prefer = (candidates) => candidates.find(({ id }) => id === away.instance.id) ?? candidates[0];
  expect(idOf(await host.callTool('small__count'))).toBe(away.instance.id);
  await away.stopListening();
  const asked = balancer.asked.length;
  const result = await host.callTool('small__count');
  expect(idOf(result)).toBe(there.instance.id);
  expect(withoutMark(result)).toMatchObject(say('counted'));
  expect([away.calls(), there.calls()]).toEqual([1, 1]);
  expect(balancer.asked.slice(asked).map(({ id }) => id)).toEqual([away.instance.id, there.instance.id]);
  expect(balancer.inUse).toBe(0);
  // From now on it is known.
  await host.callTool('small__count');
  expect(balancer.asked.at(-1)?.ids).toEqual([there.instance.id]);
  await there.stopListening();
  const none = await host.callTool('small__count');
  expect(none.isError).toBe(true);
  expect(JSON.stringify(none.content)).toMatch(/accepts no connection there/);
});

test('who drains gets no calls while others are there, and all there are if nobody is', async () => {
  const { registry, endpoint } = await serveHub(stage.directory, { balancer });
  const servers = [await startSmall(registry, counting), await startSmall(registry, counting)] as const;
  const [going, staying] = servers;
  const host = await connectDirect('v1', endpoint);
  await connected(host, 2);
  await going.registration.update({ status: 'draining' });
  await eventually('it is known', async () => (await host.say('rollcall_instances')).includes('draining'));
  for (let call = 0; call < 4; call++) expect(idOf(await host.callTool('small__count'))).toBe(staying.instance.id);
  await staying.registration.update({ status: 'draining' });
  await eventually('it is known', async () => !(await host.say('rollcall_instances')).includes('ready'));
  expect(await host.say('small__count')).toBe('counted');
});

test('a host is left with who keeps its session, also while that drains, unless it cannot be used', () => {
  let ailing: string | undefined;
  const world = {
    balancer,
    isWatched: true,
    ailmentOf: ({ id }: { id: string }) => (id === ailing ? 'is ill' : undefined),
  };
  const choices = new Choices(world);
  const linkTo = (minute: number) => ({
    label: 'weather',
    instance: makeInstance({ registeredAt: new Date(minute * 60_000).toISOString() }),
    isThere: true,
    isConnected: true,
    keepsSession: true,
  });
  const [one, two] = [linkTo(1), linkTo(2)];
  const choose = (...links: object[]) => choices.choose(links as never).link as unknown as typeof one;
  const keeper = choose(one, two);
  const other = keeper === one ? two : one;
  for (let call = 0; call < 5; call++) expect(choose(one, two)).toBe(keeper);
  // What only another has is asked of that, and changes nothing.
  expect(choose(other)).toBe(other);
  expect(choose(one, two)).toBe(keeper);
  keeper.instance = { ...keeper.instance, status: 'draining' };
  expect(choose(one, two)).toBe(keeper);
  ailing = keeper.instance.id;
  expect(choose(one, two)).toBe(other);
  ailing = undefined;
  expect(choose(one, two)).toBe(other);
  other.isConnected = false;
  expect(choose(one, two)).toBe(keeper);
  other.isConnected = true;
  expect(choose(one, two)).toBe(keeper);
  for (const link of [one, two]) link.isThere = false;
  expect(choose(one, two)).toBe(one);
  one.isThere = true;
  ailing = one.instance.id;
  expect(() => choose(one, two)).toThrow(`weather (${one.instance.id}) is ill. Nothing was sent.`);
  ailing = undefined;
  one.instance = { ...one.instance, status: 'ready' };
  balancer.choose = () => undefined;
  expect(() => choose(one)).toThrow(/has failed too often lately. Nothing was sent/);
});

test('what has broken off in the middle is not done by another', async () => {
  const { registry, endpoint } = await serveHub(stage.directory, { balancer });
  const bad = await startSmall(registry, counting, { spoil: (request) => request.socket.destroy() });
  const good = await startSmall(registry, counting);
  const host = await connectDirect('v2', endpoint);
  await connected(host, 2);
  balancer.prefer = (candidates) => candidates.find(({ id }) => id === bad.instance.id) ?? candidates[0];
  const result = await host.callTool('small__count');
  expect(result.isError).toBe(true);
  expect(JSON.stringify(result.content)).toContain(`small (${bad.instance.id}) has broken off in the middle`);
  expect([bad.calls(), good.calls()]).toEqual([1, 0]);
  expect(balancer.inUse).toBe(0);
  balancer.prefer = () => undefined;
  expect(await host.say('small__count')).toBe('counted');
});

test.each(kinds)('a call of a %s host that is asked in between goes on where it began', async (kind) => {
  const { registry, endpoint } = await serveHub(stage.directory, { balancer });
  const asking = (own: string) => (server: McpServer) =>
    void server.registerTool('confirm', { inputSchema: z.object({}) }, (_, { mcpReq }) => {
      const state = mcpReq.requestState<string>();
      const requestedSchema = { type: 'object' as const, properties: { answer: { type: 'string' as const } } };
      const elicit = inputRequired.elicit({ message: own, requestedSchema });
      if (state === undefined) return inputRequired({ inputRequests: { sure: elicit }, requestState: own });
      return say(state === own ? `${own} goes on` : `${own} was given what belongs to ${state}`);
    });
  const servers = [await startSmall(registry, asking('one')), await startSmall(registry, asking('two'))];
  const host = await connectDirect(kind, endpoint, { elicit: () => 'yes' });
  await connected(host, 2);
  const said = await Promise.all(Array.from({ length: 8 }, () => host.say('small__confirm')));
  expect(said.sort()).toEqual([...Array(4).fill('one goes on'), ...Array(4).fill('two goes on')]);
  for (const { calls } of servers) expect(calls()).toBe(8);
});

test('a question of a server of 2025 reaches the host whose call it is', async () => {
  await twoOf('v1-http');
  const { endpoint } = await serveHub(stage.directory, { balancer });
  await Promise.all(
    kinds.map(async (kind, index) => {
      const host = await connectDirect(kind, endpoint, { elicit: ({ message }) => `${index} to ${message}` });
      await connected(host, 2);
      await Promise.all(
        Array.from({ length: 6 }, async (_, call) =>
          expect(await host.say('weather__ask', { question: `${call}` })).toBe(`${index} to ${call}`),
        ),
      );
    }),
  );
});

test.each(kinds)('what a %s host follows is followed at another when its teller goes', async (kind) => {
  const members = await twoOf('v2-http');
  const { endpoint } = await serveHub(stage.directory, { balancer });
  const host = await connectDirect(kind, endpoint);
  await connected(host, 2);
  const uri = 'rollcall://weather/test://weather/static/1';
  const updates = () => host.count('notifications/resources/updated');
  await host.subscribe(uri);
  const touch = ({ instance }: Member) => host.say('rollcall_call', { instance: instance.id, tool: 'touch' });
  const tells = async (member: Member) => {
    const before = updates();
    await touch(member);
    await host.say('rollcall_call', { instance: member.instance.id, tool: 'wait', arguments: { ms: 100 } });
    return updates() > before;
  };
  // It is told by one of them.
  const teller = await eventually('one tells', async () => {
    for (const member of members) if (await tells(member)) return member;
    return undefined;
  });
  const other = members.find((member) => member !== teller) as Member;
  expect(await tells(other)).toBe(false);
  const before = updates();
  await kill(teller);
  await eventually('it is told that it does not know', () => updates() > before);
  await eventually('the other tells', () => tells(other));
  await host.unsubscribe(uri);
  await eventually('nobody tells any more', async () => !(await tells(other)));
});

test('who is critical gets no calls while others are well, and the last one says why', async () => {
  const health = new FakeMonitor();
  const [one, two] = await twoOf('v1-http');
  const { endpoint } = await serveHub(stage.directory, { balancer, health });
  const hosts = await Promise.all(kinds.map((kind) => connectDirect(kind, endpoint)));
  for (const host of hosts) await connected(host, 2);
  const ids = () => Promise.all(hosts.map(async (host) => idOf(await host.callTool('weather__echo', { text: 'x' }))));
  expect(new Set(await ids()).size).toBe(2);
  await quiet(hosts);
  const told = hosts.map((host) => host.count(listChanged));
  health.set(one.instance, 'critical', 'no answer');
  expect(new Set(await ids())).toEqual(new Set([two.instance.id]));
  const [first] = hosts as [McpClient];
  const byId = await first.callTool('rollcall_call', { instance: one.instance.id, tool: 'echo' });
  expect(JSON.stringify(byId)).toContain(
    `weather (${one.instance.id}) is critical: http: no answer. Nothing was sent.`,
  );
  const { instances } = JSON.parse(await first.say('rollcall_instances'));
  expect(instances.filter(({ health }: { health?: string }) => health === 'critical')).toMatchObject([
    { id: one.instance.id, label: 'weather' },
  ]);
  health.set(two.instance, 'critical', 'too slow');
  for (const host of hosts) {
    await eventually('nothing is listed', async () => !(await toolNames(host)).includes('weather__echo'));
    const text = await host.say('weather__echo', { text: 'x' });
    for (const { instance } of [one, two]) expect(text).toContain(`weather (${instance.id}) is critical`);
  }
  health.set(one.instance, 'passing');
  for (const [index, host] of hosts.entries()) {
    await eventually('all is listed', async () => (await toolNames(host)).includes('weather__echo'));
    // That it went, and that it came: of the first to be critical there was nothing to tell.
    await eventually('it is told', () => host.count(listChanged) >= (told[index] ?? 0) + 2);
    expect(host.count(listChanged)).toBe((told[index] ?? 0) + 2);
  }
  expect(new Set(await ids())).toEqual(new Set([one.instance.id]));
});

test('a host that starts it has it, too', async () => {
  const members = await twoOf('v2-http');
  for (const kind of kinds) {
    const host = await startHub(kind, stage, ['--expose', 'direct', '--merge', '--health']);
    await connected(host, 2);
    expect(await toolNames(host)).toContain('weather__who');
    const ids = await Promise.all(
      Array.from({ length: 40 }, async () => idOf(await host.callTool('weather__wait', { ms: 20 }))),
    );
    expect(new Set(ids)).toEqual(new Set(members.map(({ instance }) => instance.id)));
    await host.close();
  }
});

test('of one name there is one label, the plain one; and a label is kept for its name', () => {
  const at = (name: string, minute: number, cwd: string) =>
    makeInstance({ name, cwd, registeredAt: new Date(minute * 60_000).toISOString() });
  const [late, early, other] = [at('a.b', 2, '/p'), at('a.b', 1, '/q'), at('a-b', 3, '/p')];
  const board = new MergedBoard();
  const first = board.arrange([late, early]);
  expect(first).toEqual([early, late].map((instance) => ({ key: instance.id, label: 'a_b', instance })));
  const [, , third] = board.arrange([other, late, early]);
  expect(third).toEqual({ key: other.id, label: expect.stringMatching(/^a_b_[0-9a-f]{4}$/), instance: other });
  expect(board.arrange([other])).toEqual([third]);
  expect(board.arrange([late])[0]?.label).toBe('a_b');
});

test('what is followed is heard from its teller alone, and moves when that can be used no more', async () => {
  const said: string[] = [];
  const linkAs = (name: string) => {
    const link = { label: 'weather', isThere: true, isBroken: false, name };
    const tell = (what: string) => async (uri: string) => {
      if (link.isBroken) throw new Error('no');
      said.push(`${name} ${what} ${uri}`);
    };
    return Object.assign(link, { follow: tell('follow'), unfollow: tell('unfollow') });
  };
  const [one, two, elsewhere] = [linkAs('one'), linkAs('two'), { ...linkAs('other'), label: 'other' }];
  let next: typeof one | undefined = two;
  const subscriptions = new Subscriptions({
    teller: (uri) => next && { link: next as never, uri },
    isUsable: ({ isThere }) => isThere,
    moved: (uri) => said.push(`moved ${uri}`),
  });
  const heard = () => [one, two, elsewhere].map((link) => subscriptions.isHeard('a', link as never));
  one.isBroken = true;
  await expect(subscriptions.add('a', { link: one as never, uri: 'a' })).rejects.toThrow('no');
  expect(heard()).toEqual([false, false, false]);
  one.isBroken = false;
  await subscriptions.add('a', { link: one as never, uri: 'a' });
  await subscriptions.add('a', { link: two as never, uri: 'a' });
  // Another label may mean another thing by it: that is for the host to know.
  expect(heard()).toEqual([true, false, true]);
  subscriptions.settle();
  one.isThere = false;
  next = undefined;
  subscriptions.settle();
  next = two;
  two.isBroken = true;
  subscriptions.settle();
  await eventually('it is with the first again', () => heard()[0]);
  two.isBroken = false;
  subscriptions.settle();
  subscriptions.settle();
  await eventually('it has moved', () => said.includes('moved a'));
  expect(heard()).toEqual([false, true, true]);
  await subscriptions.remove('a');
  expect(heard()).toEqual([false, true, true]);
  await subscriptions.remove('a');
  expect(heard()).toEqual([false, false, false]);
  await subscriptions.remove('a');
  const [follow, unfollow] = [
    ['one follow a', 'one follow a'],
    ['one unfollow a', 'one unfollow a'],
  ];
  expect(said).toEqual([...follow, ...unfollow, 'two follow a', 'moved a', 'two unfollow a']);
});

test('what a host gives back leads to who asked, or is refused', () => {
  expect(originOf(continuedAt('weather-1', 'état "1"'))).toEqual({ id: 'weather-1', state: 'état "1"' });
  expect(originOf(continuedAt('weather-1', undefined))).toEqual({ id: 'weather-1' });
  expect(originOf('the own of a server')).toBeUndefined();
  expect(originOf(undefined)).toBeUndefined();
  expect(() => originOf('rollcall-at {')).toThrow('begin the call anew');
  expect(() => originOf('rollcall-at {"id":1}')).toThrow('begin the call anew');
});
