/** The hub over HTTP: as over stdio, for as many hosts as come, and for nobody who has not the token. */

import { beforeEach, expect, test } from 'vitest';
import { Registry } from '../../src/registry/registry.js';
import { connectDirect } from '../support/direct.js';
import { eventually } from '../support/eventually.js';
import { type FleetOptions, startFleet, startMember } from '../support/fleet.js';
import { hubProgram } from '../support/hub.js';
import { kinds } from '../support/mcp-client.js';
import { type Running, start } from '../support/processes.js';
import { assertAll } from '../support/serves.js';
import { tempFolder } from '../support/temp.js';
import { ThroughHub } from '../support/through-hub.js';

let stage: FleetOptions & { log: string };
beforeEach(() => {
  const folder = tempFolder();
  stage = { directory: `${folder}/registry`, log: `${folder}/log` };
});

async function startHub(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  const program = [hubProgram, 'hub', '--http', ...args, '--expose', 'direct'];
  const running: Running = start(process.execPath, program, { ROLLCALL_DIR: stage.directory, ...env });
  const url = await running.line(/^http:/);
  await using registry = new Registry({ directory: stage.directory });
  const { endpoints } = await registry.waitFor({ name: 'rollcall-hub' });
  const [endpoint = { type: '' }] = endpoints;
  expect(endpoint.url).toBe(url);
  return { running, url, endpoint };
}

test.each(['v1', 'v2'] as const)('a %s host has of each server all that it has over stdio', async (kind) => {
  await startFleet(stage, ['v2-http', 'v1-http']);
  const { endpoint } = await startHub();
  for (const flavour of ['v2-http', 'v1-http']) {
    const host = await connectDirect(kind, endpoint, { elicit: ['blue', 'first'] });
    expect(host.isModern).toBe(kind === 'v2');
    await assertAll(new ThroughHub(host, flavour.replace('-', '_')), flavour, stage.log);
    await host.close();
  }
});

test('many hosts are kept apart: each is asked what its own calls ask', async () => {
  await startFleet(stage, ['v1-http', 'v1-sse']);
  const { endpoint } = await startHub();
  // Two of them can do the same, and say no more of themselves.
  const hosts = [...kinds, 'v2' as const].map(async (kind, index) => {
    const host = await connectDirect(kind, endpoint, { elicit: ({ message }) => `host ${index} to ${message}` });
    const ask = async (call: number) => {
      expect(await host.say('v1_http__ask', { question: `${call}` })).toBe(`host ${index} to ${call}`);
    };
    await Promise.all(Array.from({ length: 10 }, (_, call) => ask(call)));
    // What it has shown to the hub is not shown to the server.
    expect(JSON.parse(await host.say('v1_http__meta')).headers).not.toHaveProperty('authorization');
    // Its own session with the server, which has seen these calls and no others.
    if (kind !== 'v2') expect(JSON.parse(await host.say('v1_http__who')).count).toBe(1);
    // A server over SSE does not say whom it asks: rather nobody than another.
    const answers = await Promise.all(
      Array.from({ length: 5 }, (_, call) => host.say('v1_sse__ask', { question: `sse ${call}` })),
    );
    for (const [call, answer] of answers.entries()) {
      if (kind !== 'v2') expect(answer).toBe(`host ${index} to sse ${call}`);
      else expect(answer).toMatch(new RegExp(`^host ${index} to sse ${call}$|middle of a call only`));
    }
  });
  await Promise.all(hosts);
});

test('nobody is let in without the token, from another page or by another name', async () => {
  const { url, endpoint, running } = await startHub();
  const ask = (headers: Record<string, string>) => fetch(url, { method: 'POST', headers, body: '{}' });
  expect((await ask({})).status).toBe(401);
  expect((await ask({ Authorization: 'Bearer guess' })).status).toBe(401);
  const { value } = endpoint.headers?.[0] ?? {};
  const token = typeof value === 'string' ? value : (value?.reveal() ?? '');
  expect((await ask({ Authorization: token, Origin: 'https://evil.example' })).status).toBe(403);
  expect((await ask({ Authorization: token })).status).not.toBe(401);
  const secret = token.slice('Bearer '.length);
  expect(secret).toMatch(/^[0-9a-f]{64}$/);
  expect(running.lines.join('\n') + running.errors()).not.toContain(secret);
});

test('its port and its token can be chosen, and it goes as it came', async () => {
  const first = await startHub(['0'], { ROLLCALL_HUB_TOKEN: 'one-of-my-own-making' });
  const { port } = new URL(first.url);
  const host = await connectDirect('v2', {
    ...first.endpoint,
    headers: [{ name: 'Authorization', value: 'Bearer one-of-my-own-making' }],
  });
  expect((await host.listTools()).map(({ name }) => name)).toContain('rollcall_tools');
  first.running.child.kill('SIGTERM');
  expect(await first.running.ended).toEqual({ code: null, signal: 'SIGTERM' });
  await using registry = new Registry({ directory: stage.directory });
  expect(await registry.discover()).toEqual([]);
  const second = await startHub([port]);
  expect(second.url).toBe(first.url);
  const taken = start(process.execPath, [hubProgram, 'hub', '--http', port], { ROLLCALL_DIR: stage.directory });
  expect((await taken.ended).code).toBe(1);
  expect(taken.errors()).toBe(
    `rollcall: Port ${port} is in use. It may be a hub that runs already: rollcall list rollcall-hub\n`,
  );
  const short = start(process.execPath, [hubProgram, 'hub', '--http'], {
    ROLLCALL_DIR: stage.directory,
    ROLLCALL_HUB_TOKEN: 'abc',
  });
  expect((await short.ended).code).toBe(1);
  expect(short.errors()).toMatch(/token: must be true, or at least 16 characters/);
  const wrong = start(process.execPath, [hubProgram, 'hub', '--http', '65536'], { ROLLCALL_DIR: stage.directory });
  expect((await wrong.ended).code).toBe(2);
});

test('a host that has opened a session and gone is not waited for', async () => {
  await startMember(stage, 'v1-http');
  const { endpoint, running } = await startHub();
  const host = await connectDirect('v1', endpoint);
  expect(await host.say('v1_http__echo', { text: 'x' })).toBe('x');
  const start_ = performance.now();
  running.child.kill('SIGINT');
  await running.ended;
  expect(performance.now() - start_).toBeLessThan(2_000);
  await eventually('calls fail', async () => {
    try {
      await host.callTool('v1_http__echo', { text: 'x' }, { timeout: 1_000 });
      return false;
    } catch {
      return true;
    }
  });
});
