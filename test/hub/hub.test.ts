/** The hub in front of real servers, before real hosts: what passes through it comes out as it went in. */

import { beforeEach, expect, test } from 'vitest';
import { connectDirect } from '../support/direct.js';
import { type FleetOptions, type Member, startFleet, startMember } from '../support/fleet.js';
import { startHub } from '../support/hub.js';
import { kinds, type McpClient } from '../support/mcp-client.js';
import { assertAll } from '../support/serves.js';
import { tempFolder } from '../support/temp.js';
import { markOf, ThroughHub, withoutMark } from '../support/through-hub.js';

let stage: FleetOptions & { log: string };
beforeEach(() => {
  const folder = tempFolder();
  stage = { directory: `${folder}/registry`, log: `${folder}/log` };
});

const flavours = ['v2-http', 'v2-unix', 'v1-http', 'v1-sse'];

const labelOf = ({ name }: Member) => name.replaceAll('-', '_');

const endpointOf = ({ instance }: Member) => instance.endpoints[0] ?? { type: '' };

test('a host of each kind has of each server all that a client of its own has', async () => {
  const members = await startFleet(stage, flavours);
  for (const kind of kinds) {
    await Promise.all(
      members.map(async (member) => {
        const host = await startHub(kind, stage, ['--expose', 'direct'], { elicit: ['blue', 'first'] });
        expect(host.isModern).toBe(kind === 'v2');
        await assertAll(new ThroughHub(host, labelOf(member)), member.name, stage.log);
        expect(host.stderr).toBe('');
        await host.close();
      }),
    );
  }
});

/** Arguments for every tool of the fleet, and of the reference server, whose result is the same each time. */
const args: Record<string, Record<string, unknown>> = {
  add: { a: 1, b: 2 },
  echo: { text: 'hello', message: 'hello' },
  fail: { message: 'no' },
  wait: { ms: 1 },
  ask: { question: 'Well?' },
  ask_twice: { first: 'One?', second: 'Two?' },
  log: { count: 3 },
  sample: { prompt: 'hm' },
  big: { bytes: 100_000 },
  'get-structured-content': { location: 'Chicago' },
  'get-sum': { a: 1, b: 2 },
  'get-annotated-message': { messageType: 'success', includeImage: true },
  'get-resource-links': { count: 3 },
  'get-resource-reference': { resourceType: 'Text', resourceId: 1 },
  'gzip-file-as-resource': { name: 'x.gz', data: 'data:text/plain,hello', outputType: 'resource' },
  'trigger-long-running-operation': { duration: 0.01, steps: 1 },
  'trigger-sampling-request': { prompt: 'hm' },
  'trigger-elicitation-request': {},
  'toggle-simulated-logging': {},
  'toggle-subscriber-updates': {},
};

/** Their results tell of the session, the time or the way there. */
const differing = new Set(['who', 'meta', 'grow', 'touch', 'toggle-simulated-logging', 'toggle-subscriber-updates']);

/** What a call gives: a result, or an error. */
async function outcomeOf(client: McpClient, name: string, given: Record<string, unknown>): Promise<object> {
  try {
    return await client.callTool(name, given);
  } catch (error) {
    return { error: String(error), code: (error as { code?: unknown }).code };
  }
}

/**
 * Without the time of day, which the reference server puts into some; and without what only one of the two protocols
 * has, since the hub may speak the one with the server and the other with the host: who answered, in that of 2026, and
 * tasks, in that before.
 */
const comparable = (value: object) =>
  JSON.parse(
    JSON.stringify(value, (key, each) =>
      key === 'io.modelcontextprotocol/serverInfo' || key === 'execution' ? undefined : each,
    )
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z|\d+:\d\d:\d\d.[AP]M/g, 'then')
      .replace(/"_meta":\{\},?/g, '')
      .replace(/,\}/g, '}'),
  );

test('every tool of every server is listed before a host of each kind, and called through the hub in both ways', async () => {
  const members = await startFleet(stage, [...flavours, 'everything']);
  for (const kind of kinds) {
    const options = { elicit: ({ message }: { message: string }) => `to ${message}` };
    const host = await startHub(kind, stage, ['--expose', 'direct'], options);
    const listed = await host.listTools();
    const names = listed.map(({ name }) => name);
    expect(names.slice(0, 3)).toEqual(['rollcall_call', 'rollcall_instances', 'rollcall_tools']);
    expect(names.slice(3)).toEqual(names.slice(3).sort());
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_]{1,48}$/);
    expect(new Set(names).size).toBe(names.length);
    let count = 0;
    for (const member of members) {
      const direct = await connectDirect(kind, endpointOf(member), options);
      const through = new ThroughHub(host, labelOf(member));
      const tools = await direct.listTools();
      const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
      expect(comparable((await through.listTools()).sort(byName))).toEqual(comparable(tools.sort(byName)));
      const own = await through.names();
      for (const { name } of tools) {
        if (differing.has(name)) continue;
        const given = args[name] ?? {};
        const expected = comparable(await outcomeOf(direct, name, given));
        const called = await outcomeOf(host, own.get(name) ?? '', given);
        // What only runs as a task of the protocol of 2025: its client says so by itself, and names the tool.
        if ('error' in expected) expected.error = expected.error.replace(`"${name}"`, `"${own.get(name)}"`);
        const { id, name: service } = member.instance;
        if (!('error' in called)) expect(markOf(called)).toEqual({ label: labelOf(member), id, name: service });
        expect(comparable(withoutMark(called)), `${member.name} ${name}`).toEqual(expected);
        if (!('error' in expected)) {
          const indirectly = { instance: labelOf(member), tool: name, arguments: given };
          const meta = await outcomeOf(host, 'rollcall_call', indirectly);
          expect(comparable(withoutMark(meta)), `${member.name} ${name} by rollcall_call`).toEqual(expected);
        }
        count++;
      }
    }
    expect(names.length).toBeGreaterThan(80);
    expect(count).toBeGreaterThan(60);
  }
});

test('questions of calls at the same time reach the right ones', async () => {
  const members = await startFleet(stage, flavours);
  const host = await startHub('v2', stage, ['--expose', 'direct'], { elicit: ({ message }) => `to ${message}` });
  const calls = members
    .filter(({ flavour }) => flavour !== 'v1-sse')
    .flatMap((member) =>
      Array.from({ length: 8 }, async (_, index) => {
        const question = `${member.name} ${index}`;
        const answer = await host.say(`${labelOf(member)}__ask`, { question });
        expect(answer).toBe(`to ${question}`);
      }),
    );
  await Promise.all(calls);
});

test('an instance that has nobody to ask is told so', async () => {
  const member = await startMember(stage, 'v1-http');
  const host = await startHub('v1', stage, [], { elicit: false });
  const direct = await connectDirect('v1', endpointOf(member), { elicit: false });
  const asked = { question: 'Anybody?' };
  const told = withoutMark(await host.callTool('v1_http__ask', asked));
  expect(told).toEqual(await direct.callTool('ask', asked));
  expect(told.isError).toBe(true);
});
