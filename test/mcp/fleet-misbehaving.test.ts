/** The servers that misbehave do so, each in its one way. */

import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { connectDirect } from '../support/direct.js';
import { eventually } from '../support/eventually.js';
import { type FleetOptions, type Member, startMember } from '../support/fleet.js';
import { kinds } from '../support/mcp-client.js';
import { tempFolder } from '../support/temp.js';

let stage: FleetOptions;
beforeEach(() => {
  stage = { directory: join(tempFolder(), 'registry') };
});

const endpointOf = ({ instance }: Member) => instance.endpoints[0] ?? { type: '' };
const misbehave = (flavour: string, env: NodeJS.ProcessEnv = {}) => startMember(stage, { flavour, env });

test.each(['401', 'not-mcp', 'broken', 'hung'])('%s cannot be connected with', async (flavour) => {
  const member = await misbehave(flavour);
  for (const kind of kinds) {
    await expect(connectDirect(kind, endpointOf(member), { timeout: 200 })).rejects.toThrow();
  }
});

test('has thousands of tools', async () => {
  const client = await connectDirect('v2', endpointOf(await misbehave('huge')));
  expect(await client.listTools()).toHaveLength(3_000);
  expect(await client.say('tool_2999', { text: 'last' })).toBe('last');
});

test('is slow to list them', async () => {
  const client = await connectDirect('v1', endpointOf(await misbehave('slow-list', { DELAY: '50' })));
  expect(await client.listTools()).toHaveLength(1);
});

test('breaks off in the middle of what it is told to', async () => {
  const client = await connectDirect('v1', endpointOf(await misbehave('broken', { BREAK: 'tools/call' })));
  expect(await client.listTools()).toHaveLength(1);
  await expect(client.say('echo')).rejects.toThrow();
});

test('sends its clients elsewhere: the SDKs do not go, whoever goes is seen', async () => {
  const member = await misbehave('redirect', { STATUS: '307' });
  const headers = [{ name: 'X-Key', value: 'secret' }];
  for (const kind of kinds) {
    await expect(connectDirect(kind, { ...endpointOf(member), headers })).rejects.toThrow('not followed');
  }
  await fetch(endpointOf(member).url ?? '', { method: 'POST', body: '{}', headers: { 'X-Key': 'carried' } });
  expect(await member.running.line(/^got /)).toMatch(/^got POST \/elsewhere .*"x-key":"carried"/);
});

test('says more than anybody wants to know', async () => {
  const client = await connectDirect('v2-legacy', endpointOf(await misbehave('flood')));
  const onprogress = () => void progress++;
  let progress = 0;
  expect(await client.say('flood', { count: 2_000, changes: 50 }, { onprogress })).toBe('flooded 2000');
  await eventually('all of it is heard', () => client.count('notifications/message') === 2_000);
  // What is read together with the result is not told.
  expect(progress).toBeGreaterThan(0);
});
