/** Requests over HTTP to real servers: where they go, what they carry, and when they are sent again. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTcp } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { Registry } from '../../src/registry/registry.js';
import { createRouter } from '../../src/route/index.js';
import { tempFolder } from '../support/temp.js';

let registry: Registry;
beforeEach(() => {
  const opened = new Registry({ directory: tempFolder() });
  registry = opened;
  onTestFinished(() => opened.close());
});

const query = { name: 'api' };
const open = (options = {}) => {
  const router = createRouter(registry, { strategy: 'oldest', timeout: 5_000, ...options });
  onTestFinished(() => router.close());
  return router;
};

async function listen(server: ReturnType<typeof createTcp>, at: number | string = 0): Promise<string> {
  onTestFinished(() => {
    if ('closeAllConnections' in server) (server as { closeAllConnections(): void }).closeAllConnections();
    server.close();
  });
  await once(typeof at === 'string' ? server.listen(at) : server.listen(at, '127.0.0.1'), 'listening');
  const address = server.address();
  return typeof address === 'object' ? `http://127.0.0.1:${address?.port}` : 'http://localhost';
}

/** Starts one that is registered; what it was asked. */
async function serve(listener: RequestListener, more: Record<string, unknown> = {}, socketPath?: string) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    listener(request, response);
  });
  const origin = await listen(server, socketPath);
  const endpoint = { type: 'http', url: `${origin}/base/`, ...(socketPath && { socketPath }), ...more };
  const registration = await registry.register({ ...query, endpoints: [endpoint] });
  return { asked, registration, origin };
}

/** Registered, and nobody listens there. */
async function refusing() {
  const server = createTcp();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return registry.register({ ...query, endpoints: [{ type: 'http', url: `http://127.0.0.1:${port}/` }] });
}

/** Takes a request and breaks off. */
async function breaking(listener: (request: IncomingMessage) => void = () => {}) {
  return serve((request) => {
    listener(request);
    request.socket.destroy();
  });
}

const say =
  (text: string): RequestListener =>
  async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const { authorization, 'x-own': own } = request.headers;
    response.end(JSON.stringify({ text, body, authorization, own, path: request.url, method: request.method }));
  };

const secret = [{ name: 'Authorization', value: 'Bearer sesame', isSecret: true }];

test.each(['tcp', 'unix'])('to the endpoint of the instance, with the headers of its entry, over %s', async (over) => {
  await serve(say('here'), { headers: secret }, over === 'unix' ? join(tempFolder(), 's') : undefined);
  const response = await open().fetch(query, '/items?a=1', {
    method: 'POST',
    body: new TextEncoder().encode('häß'),
    headers: { 'X-Own': 'mine' },
  });
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    text: 'here',
    body: 'häß',
    authorization: 'Bearer sesame',
    own: 'mine',
    path: '/items?a=1',
    method: 'POST',
  });
});

test('a relative path is one of the endpoint; a URL of its own origin is taken; a socket needs no URL', async () => {
  const { origin } = await serve(say('here'));
  const path = async (given: string) => ((await (await open().fetch(query, given)).json()) as { path: string }).path;
  expect(await path('status')).toBe('/base/status');
  expect(await path(`${origin}/whole`)).toBe('/whole');
  const socketPath = join(tempFolder(), 's');
  await listen(createServer(say('socket')), socketPath);
  await registry.register({ name: 'bare', endpoints: [{ type: 'unix', socketPath }] });
  expect(await (await open().fetch({ name: 'bare' }, '/x')).json()).toMatchObject({ text: 'socket', path: '/x' });
});

test.each([
  '//evil.example/',
  '/\\evil.example/',
  '\\\\evil.example/',
  'https://evil.example/',
  'http://127.0.0.1:1/',
  'http://user:pass@127.0.0.1/',
  'file:///etc/passwd',
  'http://[',
  'javascript:alert(1)',
])('nothing is sent elsewhere: %s', async (path) => {
  const { asked } = await serve(say('here'), { headers: secret });
  await expect(open().fetch(query, path)).rejects.toMatchObject({ code: 'ROLLCALL_INVALID' });
  expect(asked).toEqual([]);
});

test('redirects are not followed', async () => {
  const { asked } = await serve((_, response) => response.writeHead(302, { location: '/elsewhere' }).end());
  const response = await open().fetch(query, '/');
  expect([response.status, response.headers.get('location')]).toEqual([302, '/elsewhere']);
  expect(asked).toEqual(['GET /']);
});

test('what the server answers is given as it is, whole, also if it refuses', async () => {
  const bytes = Buffer.alloc(200_000, 0xff);
  await serve((_, response) => response.writeHead(418, 'Teapot', { 'x-a': 'b' }).end(bytes));
  const response = await open().fetch(query, '/', { method: 'POST' });
  expect([response.status, response.statusText, response.headers.get('x-a')]).toEqual([418, 'Teapot', 'b']);
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
});

describe('sent again', () => {
  test('whatever it is, if nobody accepted the connection', async () => {
    const gone = await refusing();
    await serve(say('here'));
    const response = await open().fetch(query, '/', { method: 'POST', body: 'x' });
    expect(await response.json()).toMatchObject({ text: 'here', body: 'x' });
    await gone.deregister();
    await registry.register({ name: 'other', endpoints: [{ type: 'unix', socketPath: join(tempFolder(), 'none') }] });
    await expect(open({ attempts: 2 }).fetch({ name: 'other' }, '/', { method: 'POST' })).rejects.toMatchObject({
      details: { attempts: [{ reason: expect.stringContaining('ENOENT') }, { attempt: 2 }] },
    });
  });

  test.each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])('%s, if it broke off', async (method) => {
    const first = await breaking();
    const second = await serve(say('here'));
    expect((await open().fetch(query, '/', { method })).status).toBe(200);
    expect([first.asked.length, second.asked.length]).toEqual([1, 1]);
  });

  test.each(['POST', 'PATCH'])('not %s: it may have been carried out', async (method) => {
    const first = await breaking();
    const second = await serve(say('here'));
    await expect(open().fetch(query, '/', { method })).rejects.toMatchObject({
      code: 'ROLLCALL_UNANSWERED',
      message: expect.stringMatching(/^No answer to (?:POST|PATCH) \/ .*\n.*\n.*socket hang up/),
    });
    expect([first.asked.length, second.asked.length]).toEqual([1, 0]);
    const again = await open().fetch(query, '/', { method, idempotent: true });
    expect(again.status).toBe(200);
  });

  test('nor GET, if its caller says so', async () => {
    const first = await breaking();
    await serve(say('here'));
    await expect(open().fetch(query, '/', { idempotent: false })).rejects.toMatchObject({
      code: 'ROLLCALL_UNANSWERED',
    });
    expect(first.asked).toHaveLength(1);
  });

  test.each([502, 503, 504])('%s is no answer, while there are attempts left', async (status) => {
    const busy = await serve((_, response) => response.writeHead(status).end('busy'));
    await serve(say('here'));
    expect(await (await open().fetch(query, '/')).json()).toMatchObject({ text: 'here' });
    expect(busy.asked).toHaveLength(1);
    const post = await open().fetch(query, '/', { method: 'POST' });
    expect([post.status, await post.text()]).toEqual([status, 'busy']);
  });

  test('the last such answer is given if there is no other', async () => {
    const { asked } = await serve((_, response) => response.writeHead(503, { 'retry-after': '1' }).end('busy'));
    const response = await open().fetch(query, '/');
    expect([response.status, response.headers.get('retry-after'), await response.text()]).toEqual([503, '1', 'busy']);
    expect(asked).toHaveLength(3);
  });
});

test('one that hangs does not take all the time of what may be sent again', async () => {
  await serve(() => {});
  await serve(say('here'));
  const began = performance.now();
  const response = await open().fetch(query, '/', { timeout: 900 });
  expect(await response.json()).toMatchObject({ text: 'here' });
  expect(performance.now() - began).toBeLessThan(800);
});

test('the deadline is for the headers; the body is the caller’s, until its own signal', async () => {
  let go = () => {};
  await serve((_, response) => {
    response.writeHead(200).write('first ');
    go = () => response.end('last');
  });
  const response = await open().fetch(query, '/', { timeout: 200 });
  await new Promise((resolve) => registry.clock.after(300, () => resolve(undefined)).hold(true));
  go();
  expect(await response.text()).toBe('first last');
  const controller = new AbortController();
  const other = await open().fetch(query, '/', { signal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(other.text()).rejects.toThrow();
});

test('who has no endpoint over HTTP is left out', async () => {
  await registry.register({ ...query, endpoints: [{ type: 'tcp', url: 'tcp://127.0.0.1:5432' }] });
  await expect(open().fetch(query, '/')).rejects.toMatchObject({
    code: 'ROLLCALL_UNANSWERED',
    details: { attempts: [], leftOut: [{ reason: 'has no endpoint over HTTP' }] },
  });
});

test('refuses what cannot be sent twice, and what it does not know', async () => {
  const router = open();
  const cases: readonly [unknown, string][] = [
    [{ method: 'POST', body: new ReadableStream() }, 'cannot be sent again'],
    [{ method: 'POST', body: new FormData() }, 'cannot be sent again'],
    [{ body: 'x' }, 'cannot be sent with GET'],
    [{ headers: { 'X-Token': 'sesame\nother' } }, 'must be names and values'],
    [{ method: 'TRACE' }, 'must be a method'],
    [{ redirect: 'follow' }, 'redirects are not followed'],
    [{ retries: 1 }, 'is not a known field'],
  ];
  for (const [init, message] of cases) {
    await expect(router.fetch(query, '/', init as never)).rejects.toMatchObject({
      code: 'ROLLCALL_INVALID',
      message: expect.stringContaining(message),
    });
  }
  // As `RequestInit` has it.
  await expect(router.fetch(query, '/', { signal: null } as never)).rejects.toMatchObject({
    code: 'ROLLCALL_UNANSWERED',
  });
});

test('the values of secret headers are in no error', async () => {
  const { registration } = await serve((request) => request.socket.destroy(), { headers: secret });
  const error = await open()
    .fetch(query, '/', { method: 'POST' })
    .catch((thrown) => thrown);
  expect(error.code).toBe('ROLLCALL_UNANSWERED');
  expect(JSON.stringify([error.message, error.details, String(error.cause)])).not.toContain('sesame');
  expect(error.message).toContain(registration.id);
});
