/** `fetch` to one endpoint: what it sends, where to, and what it takes. */

import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fetchTo } from '../../src/mcp/fetch.js';
import type { Way } from '../../src/mcp/way.js';
import { tempFolder } from '../support/temp.js';

async function serve(listener: RequestListener, socketPath?: string): Promise<Way> {
  const server = createServer(listener);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(socketPath === undefined ? server.listen(0, '127.0.0.1') : server.listen(socketPath), 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const url = new URL(port === undefined ? 'http://localhost/mcp' : `http://127.0.0.1:${port}/mcp`);
  return { type: 'streamable-http', url, socketPath, headers: { 'X-Key': 'secret' } };
}

const echo: RequestListener = async (request, response) => {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  const { method, url, headers } = request;
  response.writeHead(201, 'Made', { 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'] });
  response.end(JSON.stringify({ method, url, key: headers['x-key'], given: headers['x-given'], body }));
};

test.each(['tcp', 'unix'])('sends what it is given, and the headers of the entry, over %s', async (over) => {
  const way = await serve(echo, over === 'unix' ? join(tempFolder(), 's') : undefined);
  const url = new URL('/other?a=1', way.url);
  const response = await fetchTo(way)(url, { method: 'POST', headers: { 'X-Given': 'yes' }, body: 'häß' });
  expect([response.status, response.statusText]).toEqual([201, 'Made']);
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  const expected = { method: 'POST', url: '/other?a=1', key: 'secret', given: 'yes', body: 'häß' };
  expect(await response.json()).toEqual(expected);
  // Whoever gives a header of that name means another.
  const own = await fetchTo(way)(way.url, { headers: { 'x-key': 'mine' } });
  expect(await own.json()).toMatchObject({ method: 'GET', key: 'mine', body: '' });
});

test.each([
  'http://127.0.0.1:1/mcp',
  'https://127.0.0.1/mcp',
  '//evil.example/mcp',
  'http://localhost@evil.example/',
  '/\\evil.example',
])('sends nothing to another origin: %s', async (there) => {
  let count = 0;
  const way = await serve((_, response) => {
    count++;
    response.end();
  });
  await expect(fetchTo(way)(new URL(there, way.url))).rejects.toThrow(/^Nothing is sent to /);
  expect(count).toBe(0);
});

test('follows no redirect, and says so with the answer', async () => {
  const asked: (string | undefined)[] = [];
  const way = await serve((request, response) => {
    asked.push(request.url);
    response.writeHead(307, { location: '/elsewhere' }).end();
  });
  const response = await fetchTo(way)(way.url, { method: 'POST', body: '{}' });
  expect([response.status, response.headers.get('location')]).toEqual([307, '/elsewhere']);
  expect(asked).toEqual(['/mcp']);
});

test('an answer of no body, and one that is cut', async () => {
  const way = await serve((request, response) => {
    if (request.url === '/none') return response.writeHead(204).end();
    response.writeHead(200, { 'content-length': 100 });
    response.write('half');
    return setImmediate(() => response.destroy());
  });
  const none = await fetchTo(way)(new URL('/none', way.url));
  expect([none.status, await none.text()]).toEqual([204, '']);
  const half = await fetchTo(way)(way.url);
  await expect(half.text()).rejects.toThrow();
});

test('an abort ends it before the answer, and in the middle of it', async () => {
  const way = await serve((request, response) => {
    if (request.url === '/hangs') return;
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
  });
  const reason = new Error('no more');
  const early = new AbortController();
  const asking = fetchTo(way)(new URL('/hangs', way.url), { signal: early.signal });
  setImmediate(() => early.abort(reason));
  await expect(asking).rejects.toBe(reason);
  await expect(fetchTo(way)(way.url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  const late = new AbortController();
  const response = await fetchTo(way)(way.url, { signal: late.signal });
  const reader = response.body?.getReader();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('data: 1\n\n');
  late.abort(reason);
  await expect(reader?.read()).rejects.toThrow();
});

test('an answer that does not end is given up at 64 MiB, and so is an event; a stream of events is not counted', async () => {
  const piece = Buffer.alloc(1_048_576, 'x');
  const way = await serve((request, response) => {
    const isStream = request.url !== '/mcp';
    response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json' });
    let left = 70;
    const event = Buffer.concat([piece.subarray(2), Buffer.from('\n\n')]);
    const write = () => {
      while (left-- > 0)
        if (!response.write(request.url === '/stream' ? event : piece)) return void response.once('drain', write);
      response.end();
    };
    write();
  });
  await expect((await fetchTo(way)(way.url)).text()).rejects.toThrow(/longer than 67108864 bytes/);
  const endless = await fetchTo(way)(new URL('/event', way.url));
  await expect(endless.text()).rejects.toThrow(/longer than 67108864 bytes/);
  const stream = await fetchTo(way)(new URL('/stream', way.url));
  let length = 0;
  for await (const chunk of stream.body ?? []) length += chunk.length;
  expect(length).toBe(70 * 1_048_576);
});

test('of a refusal so much is read as is of use, and another protocol is none', async () => {
  const way = await serve((_, response) => {
    response.writeHead(500, { 'content-type': 'text/event-stream' });
    const write = () => {
      while (!response.destroyed) if (!response.write('x'.repeat(10_000))) return void response.once('drain', write);
    };
    write();
  });
  expect(await (await fetchTo(way)(way.url)).text()).toHaveLength(65_536);
  const upgrade = createServer().on('connection', (socket) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
  });
  onTestFinished(() => void upgrade.close());
  await once(upgrade.listen(0, '127.0.0.1'), 'listening');
  const url = new URL(`http://127.0.0.1:${(upgrade.address() as { port: number }).port}/`);
  await expect(fetchTo({ ...way, url })(url)).rejects.toThrow(/HTTP 101/);
});

test('tells of what was answered, with the words of a refusal, and of what was not', async () => {
  const told: string[] = [];
  const onlooker = {
    answered: ({ method }: Request, status: number, refusal?: string) =>
      void told.push(`${method} ${status} ${refusal}`),
    failed: ({ method }: Request, error: unknown) => void told.push(`${method} ${(error as { code?: string }).code}`),
  };
  const way = await serve((request, response) => {
    response.writeHead(request.method === 'POST' ? 404 : 200).end('Session not found');
  });
  const fetch = fetchTo(way, onlooker);
  await (await fetch(way.url)).text();
  expect(await (await fetch(way.url, { method: 'POST', body: '' })).text()).toBe('Session not found');
  const url = new URL('http://127.0.0.1:1/');
  await expect(fetchTo({ ...way, url }, onlooker)(url)).rejects.toThrow();
  expect(told).toEqual(['GET 200 undefined', 'POST 404 Session not found', 'GET ECONNREFUSED']);
});
