/** Parts of the hub by themselves: what they do at their limits. */

import { ProtocolError } from '@modelcontextprotocol/client';
import { expect, test } from 'vitest';
import { Followed } from '../../src/hub/followed.js';
import { listable } from '../../src/hub/listable.js';
import { listAll } from '../../src/hub/lists.js';
import { type Notice, Outbox } from '../../src/hub/outbox.js';
import { Presence } from '../../src/hub/presence.js';
import { isForgotten } from '../../src/mcp/forgotten.js';
import { FakeClock } from '../../src/testing/fake-clock.js';

test('a host that does not read is told the latest progress, and only so much', async () => {
  const told: Notice[] = [];
  let read = () => {};
  const isRead = new Promise<void>((resolve) => {
    read = resolve;
  });
  const outbox = new Outbox(async (notice) => {
    await isRead;
    told.push(notice);
  });
  const message = (data: number) => ({ method: 'notifications/message', params: { data } });
  const progress = (value: number) => ({ method: 'notifications/progress', params: { value } });
  for (let each = 0; each < 1_000; each++) outbox.push(message(each));
  for (let each = 0; each < 1_000; each++) outbox.push(progress(each));
  const changed = { method: 'notifications/tools/list_changed', params: {} };
  for (let each = 0; each < 3; each++) outbox.push(changed);
  read();
  await outbox.empty;
  expect(told.splice(-1)).toEqual([changed]);
  expect(told).toHaveLength(201);
  expect(told.slice(0, 200)).toEqual(Array.from({ length: 200 }, (_, each) => message(each)));
  expect(told[200]).toEqual(progress(999));
  outbox.push(message(1));
  await outbox.empty;
  expect(told).toHaveLength(202);
  // One that cannot be told is no reason not to tell the next.
  const broken = new Outbox(async ({ params }) => {
    if (params.data === 1) throw new Error('gone');
    told.push(message(2));
  });
  broken.push(message(1));
  broken.push(message(2));
  await broken.empty;
  expect(told).toHaveLength(203);
});

test('hosts that go without a word are dismissed, those that listen are not, and there are never too many', async () => {
  const clock = new FakeClock();
  const gone: string[] = [];
  const present = new Presence<string>(clock, (host) => void gone.push(host));
  const stream = new AbortController();
  present.add('silent', 'silent');
  present.add('listens', 'listens');
  present.add('talks', 'talks');
  present.listens('listens', stream.signal);
  for (let minute = 0; minute < 60; minute++) {
    await clock.advance(60_000);
    expect(present.heard('talks')).toBe('talks');
  }
  expect(gone).toEqual(['silent']);
  expect(present.heard('silent')).toBeUndefined();
  // It ends, and has some time from then on.
  stream.abort();
  await clock.advance(300_000);
  expect(gone).toEqual(['silent']);
  await clock.advance(420_000);
  expect(gone).toEqual(['silent', 'listens', 'talks']);
  for (let host = 0; host < 101; host++) {
    present.add(`${host}`, `${host}`);
    if (host === 0) present.listens('0', new AbortController().signal);
    await clock.advance(10);
  }
  // Not the one that listens, but the next that has been silent for longest.
  expect(gone.at(-1)).toBe('1');
  expect(present.hosts).toHaveLength(100);
});

test('a resource is followed as often as was said', () => {
  const followed = new Followed();
  followed.add('a');
  followed.add('a');
  expect([followed.remove('a'), followed.has('a')]).toEqual([false, true]);
  expect([followed.remove('a'), followed.has('a'), followed.remove('a')]).toEqual([true, false, false]);
});

test.each([
  ['no tool', null, undefined],
  ['without a name', { inputSchema: { type: 'object' } }, undefined],
  ['without what it takes', { name: 'x' }, undefined],
  ['a title that is none', { name: 'x', title: 5, inputSchema: {} }, { name: 'x', inputSchema: { type: 'object' } }],
  [
    'schemas that are true and false',
    { name: 'x', inputSchema: { type: 'object', properties: { a: true, b: false, c: null } } },
    { name: 'x', inputSchema: { type: 'object', properties: { a: {}, b: { not: {} }, c: {} } } },
  ],
  [
    'properties and required that are none',
    { name: 'x', inputSchema: { type: 'object', properties: 5, required: 'a' } },
    { name: 'x', inputSchema: { type: 'object' } },
  ],
  [
    'a result promised in a way that cannot be checked',
    { name: 'x', inputSchema: {}, outputSchema: { type: 'object', properties: { a: { $ref: '#/nowhere' } } } },
    { name: 'x', inputSchema: { type: 'object' } },
  ],
  [
    'a good one, as it is',
    { name: 'x', other: 1, inputSchema: { type: 'object' }, outputSchema: { type: 'object', required: ['a'] } },
    { name: 'x', other: 1, inputSchema: { type: 'object' }, outputSchema: { type: 'object', required: ['a'] } },
  ],
])('a tool is listed so that every host can read it: %s', (_, tool, listed) => {
  expect(listable(tool)).toEqual(listed);
});

test('lists are read to their end, and not beyond what can be taken', async () => {
  const asked: unknown[] = [];
  const client = (answer: (cursor: unknown) => unknown) =>
    ({
      request: async ({ params }: { params: { cursor?: unknown } }) => {
        asked.push(params.cursor);
        return answer(params.cursor);
      },
    }) as never;
  const all = (answer: (cursor: unknown) => unknown) => {
    asked.length = 0;
    return listAll(client(answer), 'tools/list', 'tools', 1_000);
  };
  const paged = await all((cursor) => ({
    tools: [cursor ?? 'first'],
    ...(cursor !== 'c' && { nextCursor: 'abc'[asked.length - 1] }),
  }));
  expect(paged).toEqual({ items: ['first', 'a', 'b', 'c'] });
  // Cursors that lead nowhere, in a circle, or on without anything.
  expect((await all(() => ({ tools: [1], nextCursor: 'same' }))).items).toEqual([1, 1]);
  expect((await all(() => ({ tools: [], nextCursor: `${asked.length}` }))).items).toEqual([]);
  const circle = await all(() => ({ tools: [1, 2], nextCursor: `${asked.length % 2}` }));
  expect(circle).toMatchObject({ items: { length: 200 }, problem: expect.stringMatching(/^lists more than/) });
  const large = await all(() => ({ tools: ['x'.repeat(1_000_000)], nextCursor: `${asked.length}` }));
  expect(large.items.length).toBeLessThan(12);
  expect(await all(() => ({ tools: 'no list' }))).toMatchObject({
    items: [],
    problem: 'answers tools/list without a list',
  });
  const missing = () => Promise.reject(new ProtocolError(-32_601, 'Method not found'));
  expect(await all(missing)).toEqual({ items: [] });
  await expect(all(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
});

test.each([
  ['POST', '', 'id', 404, '', true],
  ['POST', '', 'id', 400, '{"id":null,"error":{"message":"Bad Request: No valid session ID provided"}}', true],
  ['POST', '', 'id', 400, '{"id":1,"error":{"message":"Bad Request: No valid session ID provided"}}', false],
  ['POST', '', 'id', 400, '{"id":null,"error":{"message":"said the tool: no valid session id"}}', false],
  ['POST', '', 'id', 400, 'Bad Request: No valid session ID provided', false],
  ['POST', '', 'id', 400, 'null', false],
  ['POST', '', 'id', 400, 'your AWS session has expired', false],
  ['POST', '', '', 404, 'Session not found', false],
  ['GET', '', 'id', 404, '', false],
  ['DELETE', '', 'id', 404, '', false],
  ['POST', '?sessionId=1', '', 404, '', true],
  ['POST', '?session_id=1', '', 400, '', true],
  ['POST', '?sessionId=1', '', 500, '', false],
])('%s %s with session %j: %i %s', (method, query, session, status, refusal, expected) => {
  const headers: Record<string, string> = session === '' ? {} : { 'mcp-session-id': session };
  const request = new Request(`http://127.0.0.1/mcp${query}`, { method, headers });
  expect(isForgotten(request, status, refusal)).toBe(expected);
});
