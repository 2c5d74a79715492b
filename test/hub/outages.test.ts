/** What happens to one instance happens to no other: it dies, comes back elsewhere, hangs, refuses, floods. */

import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { Registry } from '../../src/registry/registry.js';
import { callOn } from '../support/call-on.js';
import { eventually } from '../support/eventually.js';
import { type FleetOptions, kill, type Member, startFleet, startMember } from '../support/fleet.js';
import { startHub } from '../support/hub.js';
import { kinds, type McpClient } from '../support/mcp-client.js';
import { root } from '../support/processes.js';
import { tempFolder } from '../support/temp.js';
import { isFullTier } from '../support/tier.js';

let stage: FleetOptions & { log: string };
let folder: string;
beforeEach(() => {
  folder = tempFolder();
  stage = { directory: `${folder}/registry`, log: `${folder}/log` };
});

const listChanged = 'notifications/tools/list_changed';
const direct = ['--expose', 'direct'];

const toolNames = async (host: McpClient) => (await host.listTools()).map(({ name }) => name);

describe('an instance that is killed and comes back', () => {
  test('one that comes back on the same port has forgotten the session; the host does not see that', async () => {
    const flavours = ['v1-http', 'v1-sse', 'everything', 'v2-http'];
    const members = await startFleet(stage, flavours);
    const host = await startHub('v1', stage, direct);
    const args = { text: 'hello', message: 'hello' };
    const echo = ({ name }: Member) => host.say(`${name.replaceAll('-', '_')}__echo`, args);
    await Promise.all(
      members.map(async (first) => {
        expect(await echo(first)).toMatch(/hello/);
        await kill(first);
        await startMember(stage, { flavour: first.flavour, env: { PORT: first.at } });
        await eventually('it works again', async () => /hello$/.test(await echo(first)));
      }),
    );
  });
});

describe('an instance that is of no use', () => {
  test.each(isFullTier ? kinds : ['v1' as const])(
    'hangs: a %s host waits for it no longer than it must, and not at all with others',
    async (kind) => {
      await startFleet(stage, [{ flavour: 'v2-http', name: 'steady' }, 'hung', 'slow-list']);
      const host = await startHub(kind, stage, direct);
      // A call of another waits for nobody, not even at first.
      const began = performance.now();
      expect(await host.say('steady__echo', { text: 'on' })).toBe('on');
      expect(performance.now() - began).toBeLessThan(1_000);
      const start = performance.now();
      const names = await toolNames(host);
      const took = performance.now() - start;
      expect(names).toContain('steady__echo');
      // Two seconds, and what a loaded machine adds; the servers would take 10 s and forever.
      expect(took).toBeLessThan(4_000);
      const hanging = host.callTool('rollcall_call', { instance: 'hung', tool: 'echo' });
      const at = performance.now();
      for (let call = 0; call < 20; call++) expect(await host.say('steady__echo', { text: 'on' })).toBe('on');
      expect(performance.now() - at).toBeLessThan(1_000);
      const { isError, content } = await hanging;
      expect(isError).toBe(true);
      expect(JSON.stringify(content)).toMatch(/hung \(hung-.*does not answer/);
    },
  );

  test.each([
    ['401', /does not let us in.*401/],
    ['not-mcp', /not as an MCP server does/],
    ['broken', /has broken off in the middle/],
    ['redirect', /not as an MCP server does/],
  ])('%s: the host is told what is wrong with it, and the others work', async (flavour, message) => {
    const [, bad] = (await startFleet(stage, [
      { flavour: 'v2-http', name: 'steady' },
      { flavour, name: 'bad' },
    ])) as [Member, Member];
    const host = await startHub('v2', stage, direct);
    expect(await host.say('steady__echo', { text: 'on' })).toBe('on');
    const listed = await host.say('rollcall_instances');
    expect(listed).toMatch(message);
    expect(listed).toContain(bad.instance.id);
    expect(await host.say('rollcall_tools')).toMatch(message);
    const called = await host.callTool('bad__echo', { text: 'on' });
    expect(called.isError).toBe(true);
    expect(JSON.stringify(called.content)).toMatch(message);
    // Nothing was sent anywhere else.
    expect(bad.running.lines.filter((line) => line.startsWith('got '))).toEqual([]);
  });

  test('says nothing for too long: the call ends; one that shows progress has all the time it needs', async () => {
    await startMember(stage, 'v1-http');
    const host = await startHub('v2', stage, [...direct, '--timeout', '600ms']);
    const late = await host.callTool('v1_http__wait', { ms: 60_000 });
    expect(late.isError).toBe(true);
    expect(JSON.stringify(late.content)).toMatch(/v1-http \(v1-http-.*does not answer/);
    await eventually('the tool is told', () => readFileSync(stage.log, 'utf8').includes('cancelled v1-http'));
    expect(await host.say('v1_http__wait', { ms: 1_500, steps: 15 }, { onprogress() {} })).toBe('done');
  });

  test('has thousands of tools: some are taken, and the hub lists its own alone', async () => {
    await startFleet(stage, [{ flavour: 'v2-http', name: 'steady' }, 'huge']);
    const host = await startHub('v2', stage);
    expect(await toolNames(host)).toEqual(['rollcall_call', 'rollcall_instances', 'rollcall_tools']);
    expect(await host.say('steady__echo', { text: 'on' })).toBe('on');
    expect(await host.say('rollcall_call', { instance: 'huge', tool: 'tool_7', arguments: { text: 'x' } })).toBe('x');
    const found = JSON.parse(await host.say('rollcall_tools', { instance: 'huge', query: 'tool_77' }));
    expect(found.tools.map(({ name }: { name: string }) => name)).toContain('tool_77');
  });

  test('floods: everybody else is heard, and the call ends', async () => {
    await startFleet(stage, [{ flavour: 'v2-http', name: 'steady' }, 'flood']);
    const host = await startHub('v2-legacy', stage, direct);
    await host.listTools();
    const others = callOn(host, 'steady__echo', { text: 'on' });
    const told = host.count(listChanged);
    expect(await host.say('flood__flood', { count: 5_000, changes: 500 }, { onprogress() {} })).toBe('flooded 5000');
    await others.stop();
    expect(others.failures).toEqual([]);
    expect(others.texts.length).toBeGreaterThan(10);
    // What it lists has not changed.
    expect(host.count(listChanged) - told).toBeLessThan(5);
  });
});

describe('what comes and goes', () => {
  test('of two projects with a server of the same name each keeps its own', async () => {
    const [here, there] = [tempFolder(), tempFolder()];
    const mine = await startMember(stage, { flavour: 'v1-http', name: 'api', cwd: here });
    const theirs = await startMember(stage, { flavour: 'v1-http', name: 'api', cwd: there });
    const host = await startHub('v2', stage, direct, { cwd: here });
    const pidOf = async (label: string) => JSON.parse(await host.say(`${label}__who`)).pid;
    expect(await pidOf('api')).toBe(mine.running.pid);
    const other = (await toolNames(host)).find((name) => /^api_[0-9a-f]{4}__who$/.test(name)) ?? '';
    expect(JSON.parse(await host.say(other)).pid).toBe(theirs.running.pid);
    // While it is away nobody is led to the other.
    await kill(mine);
    await eventually('it has gone', async () => !(await toolNames(host)).includes('api__who'));
    expect(await host.callTool('api__who')).toMatchObject({ isError: true });
    const back = await startMember(stage, { flavour: 'v1-http', name: 'api', cwd: here });
    await eventually('it is back', async () => (await pidOf('api')) === back.running.pid);
    // Names are the same for the next hub.
    const next = await startHub('v1', stage, direct, { cwd: here });
    expect(await toolNames(next)).toEqual(await toolNames(host));
  });

  test('an instance that comes later is there for hosts that never list again', async () => {
    const host = await startHub('v1', stage);
    expect(await toolNames(host)).toEqual(['rollcall_call', 'rollcall_instances', 'rollcall_tools']);
    const member = await startMember(stage, { flavour: 'v2-http', name: 'late' });
    await eventually('it is listed', async () => (await host.say('rollcall_instances')).includes(member.instance.id));
    const called = { instance: 'late', tool: 'echo', arguments: { text: 'found' } };
    expect(await host.say('rollcall_call', called)).toBe('found');
    expect(await host.say('rollcall_call', { ...called, instance: member.instance.id.slice(0, 12) })).toBe('found');
  });

  test('who drains is left alone by new calls only when it goes; filters hold; no hub stands before a hub', async () => {
    const [one, two] = (await startFleet(stage, [
      { flavour: 'v2-http', name: 'one', env: { ENTRY: '{"tags":["gpu"]}' } },
      { flavour: 'v2-http', name: 'two' },
    ])) as [Member, Member];
    await using registry = new Registry({ directory: stage.directory });
    const endpoints = two.instance.endpoints.map(({ type, url }) => ({ type, url }));
    await registry.register({ name: 'rollcall-hub', kind: 'mcp-hub', endpoints });
    await registry.register({ name: 'page', kind: 'http', endpoints: [{ type: 'http', url: 'http://127.0.0.1:9/' }] });
    await registry.register({ name: 'words', kind: 'mcp', endpoints: [{ type: 'stdio' }] });
    const names = async (args: string[]) => {
      const host = await startHub('v2', stage, args);
      const { instances } = JSON.parse(await host.say('rollcall_instances'));
      await host.close();
      const reached = instances.filter(({ problem }: { problem?: string }) => problem === undefined);
      return reached.map(({ name }: { name: string }) => name).sort();
    };
    expect(await names([])).toEqual(['one', 'two']);
    expect(await names(['--tag', 'gpu'])).toEqual(['one']);
    expect(await names(['t*'])).toEqual(['two']);
    expect(await names(['--cwd', root])).toEqual(['one', 'two']);
    expect(await names(['--cwd', folder])).toEqual([]);
    expect(one.instance.tags).toEqual(['gpu']);
    const host = await startHub('v2', stage);
    expect(await host.say('rollcall_instances', { query: 'words' })).toContain('only the program that started it');
  });
});
