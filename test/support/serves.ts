/** What every server of the fleet does for every client: straight, or with something between. */

import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { eventually } from './eventually.js';
import type { McpClient } from './mcp-client.js';

/** As much of a client as is used here. Its user answers `blue`, then `first`, then declines. */
export type Served = Pick<
  McpClient,
  | 'listTools'
  | 'callTool'
  | 'say'
  | 'listResources'
  | 'readResource'
  | 'listResourceTemplates'
  | 'listPrompts'
  | 'getPrompt'
  | 'complete'
  | 'setLevel'
  | 'subscribe'
  | 'unsubscribe'
  | 'asked'
  | 'heard'
  | 'count'
>;

const textOf = (log: string) => {
  try {
    return readFileSync(log, 'utf8');
  } catch {
    return '';
  }
};

const listChanged = 'notifications/tools/list_changed';
const updated = 'notifications/resources/updated';
const logging = 'notifications/message';

/** What every server that behaves does for every client. */
export async function assertServes(client: Served, name: string): Promise<void> {
  const tools = await client.listTools();
  const long = tools.find((tool) => tool.name.length === 120)?.name ?? '';
  expect(tools.map((tool) => tool.name)).toContain('weird-name.with/odd chars');
  expect(tools.find((tool) => tool.name === 'add')?.outputSchema).toMatchObject({ type: 'object' });
  expect(await client.say('echo', { text: 'häß 🙂' })).toBe('häß 🙂');
  expect(await client.say('weird-name.with/odd chars')).toBe('odd');
  expect(await client.say(long)).toBe('long');
  expect((await client.callTool('add', { a: 1, b: 2 })).structuredContent).toEqual({ sum: 3 });
  const { content } = await client.callTool('image');
  expect(content.map((each) => each.type)).toEqual(['image', 'audio', 'resource_link', 'resource']);
  const failed = { isError: true, content: [{ type: 'text', text: 'no' }] };
  expect(await client.callTool('fail', { message: 'no' })).toMatchObject(failed);
  expect((await client.callTool('throws')).isError).toBe(true);
  expect((await client.callTool('add', { a: 'x' })).isError).toBe(true);
  expect(JSON.parse(await client.say('who'))).toMatchObject({ name, count: 1 });
  expect(await client.say('big', { bytes: 2_000_000 })).toHaveLength(2_000_000);
  expect(JSON.parse(await client.say('meta', {}, { meta: { 'example.com/key': 1 } })).keys).toContain(
    'example.com/key',
  );
}

export async function assertOffers(client: Served, name: string): Promise<void> {
  const uris = (await client.listResources()).map(({ uri }) => uri);
  expect(uris).toEqual([`test://${name}/static/1`, `test://${name}/blob`]);
  expect((await client.readResource(`test://${name}/blob`)).contents[0]).toHaveProperty('blob');
  const [template] = await client.listResourceTemplates();
  const uri = template?.uriTemplate ?? '';
  const items = await client.complete({ ref: { type: 'ref/resource', uri }, argument: { name: 'id', value: 'ap' } });
  expect(items.completion.values).toEqual(['apple', 'apricot']);
  const item = (await client.readResource(`test://${name}/items/apple`)).contents[0];
  expect(item).toMatchObject({ text: `item apple of ${name}` });
  expect((await client.listPrompts()).map((prompt) => prompt.name)).toEqual(['plain', 'translate']);
  const ref = { type: 'ref/prompt' as const, name: 'translate' };
  const languages = await client.complete({ ref, argument: { name: 'language', value: 'd' } });
  expect(languages.completion.values).toEqual(['dutch', 'danish']);
  const { messages } = await client.getPrompt('translate', { text: 'hello', language: 'dutch' });
  expect(messages[0]?.content).toMatchObject({ text: `hello in dutch, says ${name}` });
}

export async function assertTakesTime(client: Served, name: string, log: string): Promise<void> {
  // What is read together with the result the SDKs' clients do not tell; so much is only on a machine that is busy.
  await eventually('its progress is told, in order', async () => {
    const steps: number[] = [];
    const onprogress = ({ progress }: { progress: number }) => void steps.push(progress);
    expect(await client.say('wait', { ms: 15, steps: 3 }, { onprogress })).toBe('done');
    expect(steps).toEqual([...steps].sort());
    return steps.length >= 2;
  });
  const started = () => textOf(log).split(`started ${name}`).length;
  const before = started();
  const controller = new AbortController();
  const calling = client.say('wait', { ms: 60_000 }, { signal: controller.signal });
  calling.catch(() => {});
  await eventually('it has begun', () => started() > before);
  const cancelled = () => textOf(log).split(`cancelled ${name}`).length;
  const until = cancelled();
  controller.abort(new Error('no more'));
  await expect(calling).rejects.toThrow();
  await eventually('the tool is told', () => cancelled() > until);
}

export async function assertAsks(client: Served): Promise<void> {
  expect(await client.say('ask', { question: 'Which colour?' })).toBe('blue');
  expect(await client.say('ask_twice', { first: 'One?', second: 'Two?' })).toBe('first, decline');
  expect(await client.say('sample', { prompt: 'hm' })).toBe('sampled: hm');
  expect(JSON.parse(await client.say('roots'))).toEqual([{ uri: 'file:///work', name: 'work' }]);
  const questions = client.asked.filter(({ method }) => method === 'elicitation/create');
  expect(questions.map(({ params }) => params?.message)).toEqual(['Which colour?', 'One?', 'Two?']);
}

export async function assertTells(client: Served, name: string): Promise<void> {
  await client.setLevel('info');
  await client.say('log', { count: 2, level: 'debug' });
  await client.say('log', { count: 2, level: 'error' });
  await eventually('it is logged', () => client.count(logging) >= 2);
  expect(client.heard.find(({ method }) => method === logging)?.params).toMatchObject({ level: 'error' });
  expect(client.count(logging)).toBe(2);
  await client.subscribe(`test://${name}/static/1`);
  // Streams of notifications open when they open; who has not heard has it said again.
  await eventually('an update is told', async () => (await client.say('touch')) && client.count(updated) > 0);
  await client.unsubscribe(`test://${name}/static/1`);
  const before = client.count(listChanged);
  await eventually('a change is told', async () => (await client.say('grow')) && client.count(listChanged) > before);
  await eventually('it is listed', async () => (await client.listTools()).some((tool) => tool.name === 'grown_1'));
  expect(await client.say('grown_1')).toBe('grown 1');
}

export async function assertAll(client: Served, name: string, log: string): Promise<void> {
  await assertServes(client, name);
  await assertOffers(client, name);
  await assertTakesTime(client, name, log);
  await assertAsks(client);
  await assertTells(client, name);
}
