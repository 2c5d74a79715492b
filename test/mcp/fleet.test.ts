/** The servers that the hub is tested against do what they are there for, for clients of every kind. */

import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { connectDirect } from '../support/direct.js';
import { eventually } from '../support/eventually.js';
import { type FleetOptions, kill, type Member, restart, startFleet, startMember } from '../support/fleet.js';
import { connectHost } from '../support/host.js';
import { kinds } from '../support/mcp-client.js';
import { isThere } from '../support/processes.js';
import { idsIn } from '../support/servers.js';
import { assertAll, assertOffers, assertServes } from '../support/serves.js';
import { tempFolder } from '../support/temp.js';

let stage: FleetOptions & { log: string };
beforeEach(() => {
  const folder = tempFolder();
  stage = { directory: join(folder, 'registry'), log: join(folder, 'log') };
});

const listChanged = 'notifications/tools/list_changed';

const options = { elicit: ['blue', 'first'] };

const endpointOf = ({ instance }: Member) => instance.endpoints[0] ?? { type: '' };

test.each([
  ['v2-http', kinds],
  ['v1-http', kinds],
  ['v2-unix', ['v2']],
  ['v1-sse', ['v1']],
] as const)('%s serves clients of the kinds %s', async (flavour, some) => {
  const member = await startMember(stage, { flavour, name: `${flavour}-1` });
  for (const kind of some) {
    const client = await connectDirect(kind, endpointOf(member), options);
    expect(client.isModern).toBe(kind === 'v2' && flavour.startsWith('v2'));
    expect(client.client.getInstructions()).toBe(`Instructions of ${member.name}`);
    await assertAll(client, member.name, stage.log);
  }
});

test.each([
  ['v2-stdio', 'v2'],
  ['v1-stdio', 'v1'],
] as const)('%s serves hosts of kind %s', async (flavour, only) => {
  for (const kind of [only]) {
    const program = ['test/programs/mcp-fleet.js', flavour, 'one'];
    const host = await connectHost(kind, process.execPath, program, { LOG: stage.log }, options);
    expect(host.isModern).toBe(kind === 'v2' && flavour === 'v2-stdio');
    await assertAll(host, 'one', stage.log);
    expect(JSON.parse(await host.say('who'))).toMatchObject({ pid: host.pid });
    const { pid } = host;
    await host.close();
    await eventually('the program has gone', () => !isThere(pid));
  }
});

test('v2-stateless can ask a client of 2026 only', async () => {
  const member = await startMember(stage, 'v2-stateless');
  const modern = await connectDirect('v2', endpointOf(member), options);
  await assertAll(modern, member.name, stage.log);
  for (const kind of ['v1', 'v2-legacy'] as const) {
    const client = await connectDirect(kind, endpointOf(member), options);
    await assertServes(client, member.name);
    await assertOffers(client, member.name);
    expect((await client.callTool('ask', { question: 'Heard?' })).isError).toBe(true);
  }
});

test('everything, the reference server, serves clients of every kind', async () => {
  const member = await startMember(stage, 'everything');
  expect(member.instance.process.pid).not.toBe(member.running.pid);
  for (const kind of kinds) {
    const client = await connectDirect(kind, endpointOf(member));
    expect((await client.listTools()).map(({ name }) => name)).toContain('echo');
    expect(await client.say('echo', { message: 'hi' })).toBe('Echo: hi');
    const steps: number[] = [];
    const onprogress = ({ progress }: { progress: number }) => void steps.push(progress);
    await client.callTool('trigger-long-running-operation', { duration: 0.02, steps: 2 }, { onprogress });
    expect(steps[0]).toBe(1);
  }
  await kill(member);
  expect(isThere(member.instance.process.pid)).toBe(false);
});

describe('a member', () => {
  test('is started again elsewhere, under the same name', async () => {
    const [first] = (await startFleet(stage, [{ flavour: 'v1-http', name: 'phoenix', cwd: tempFolder() }])) as [Member];
    const second = await restart(stage, first);
    const same = { name: 'phoenix', cwd: first.instance.cwd };
    expect(second.instance).toMatchObject(same);
    expect(first.instance).toMatchObject(same);
    expect(second.at).not.toBe(first.at);
    expect(isThere(first.running.pid)).toBe(false);
    await expect(connectDirect('v1', endpointOf(first))).rejects.toThrow();
    expect(JSON.parse(await (await connectDirect('v1', endpointOf(second))).say('who')).pid).toBe(second.running.pid);
  });

  test('goes at once when told, and takes its entry along', async () => {
    const { running, instance } = await startMember(stage, { flavour: 'v2-http', env: { TOKEN: 'secret' } });
    const client = await connectDirect('v2', instance.endpoints[0] ?? { type: '' });
    expect(await client.say('echo', { text: 'let in' })).toBe('let in');
    const stranger = connectDirect('v2', { ...instance.endpoints[0], type: 'streamable-http', headers: [] });
    await expect(stranger).rejects.toMatchObject({ status: 401 });
    running.child.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 0 });
    expect(idsIn(stage.directory)).toEqual([]);
  });

  test('asks apart from the call, too, over the stream that the client has opened', async () => {
    const member = await startMember(stage, 'v1-http');
    const client = await connectDirect('v1', endpointOf(member), { elicit: () => 'apart' });
    // A question before that stream is open is lost; a change that is told says that it is.
    await eventually('it is open', async () => (await client.say('grow')) && client.count(listChanged) > 0);
    expect(await client.say('ask', { question: 'Well?', apart: true })).toBe('apart');
  });
});
