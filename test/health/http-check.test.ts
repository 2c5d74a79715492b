/** Checks over HTTP against real servers: what passes, and that nothing is asked, sent or believed that should not be. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Instance } from '../../src/core/instance.js';
import { Secret } from '../../src/core/secret.js';
import { checkHttp, type HttpCheck } from '../../src/health/http-check.js';
import { HealthMonitor } from '../../src/health/monitor.js';
import { Registry } from '../../src/registry/registry.js';
import { eventually } from '../support/eventually.js';
import { makeInstance } from '../support/make-instance.js';
import { tempFolder } from '../support/temp.js';

/** A server, and what it was asked. */
async function serve(
  answer: RequestListener,
  at: { path: string } | { port: number; host: string } = { port: 0, host: '127.0.0.1' },
) {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  server.listen(at);
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { asked, url: `http://127.0.0.1:${port}`, server };
}

const json =
  (body: unknown, status = 200, type = 'application/json'): RequestListener =>
  (_, response) =>
    response.writeHead(status, { 'content-type': type }).end(typeof body === 'string' ? body : JSON.stringify(body));

const instanceAt = (url: string, given: Partial<Instance> = {}) =>
  makeInstance({ endpoints: [{ type: 'http', url: `${url}/mcp` }], health: { url: '/health' }, ...given } as never);

const check = (instance: Instance, options: Omit<HttpCheck, 'check'> = {}, signal = new AbortController().signal) =>
  checkHttp(options, instance, { signal, timeout: 2_000, registry: undefined as never });

const passes = { outcome: 'pass' };

describe('an answer', () => {
  test.each<[string, RequestListener, Omit<HttpCheck, 'check'>]>([
    ['of 200', json({}), {}],
    ['of 204', (_, response) => response.writeHead(204).end(), {}],
    ['of an expected status', json({}, 503), { status: 503 }],
    ['of one of several', json({}, 401), { status: [200, 401] }],
    ['of a redirect, if that is what is expected', (_, response) => response.writeHead(302).end(), { status: 302 }],
    ['whose body is as it should be', json({ db: 'up' }), { body: (body) => (body as { db: string }).db === 'up' }],
    ['that says pass', json({ status: 'pass' }, 200, 'application/health+json'), {}],
    ['of exactly 64 KiB', json(JSON.stringify('x'.repeat(65_534))), { body: () => true }],
  ])('%s passes', async (_, answer, options) => {
    const { url } = await serve(answer);
    expect(await check(instanceAt(url), options)).toEqual(passes);
  });

  test('that warns is a warning', async () => {
    const { url } = await serve(json({ status: 'warn' }, 200, 'application/health+json; charset=utf-8'));
    expect(await check(instanceAt(url))).toEqual({ outcome: 'warn', reason: 'says that it is not well (warn)' });
  });

  test.each<[string, RequestListener, Omit<HttpCheck, 'check'>, string]>([
    ['500', json({}, 500), {}, 'answers 500'],
    ['another status than expected', json({}), { status: 204 }, 'answers 200'],
    [
      'a wrong body',
      json({ db: 'down' }),
      { body: (body) => (body as { db: string }).db === 'up' },
      'not what is expected',
    ],
    ['no JSON', json('<html>'), { body: () => true }, 'not with JSON'],
    ['that it fails, with 200', json({ status: 'fail' }, 200, 'application/health+json'), {}, 'says fail'],
    [
      'that it fails, with 503',
      json({ status: 'fail' }, 503, 'application/health+json'),
      {},
      'answers 503 and says fail',
    ],
    ['a byte more than 64 KiB', json(JSON.stringify('x'.repeat(65_535))), {}, 'more than 65536 bytes'],
    [
      'another protocol',
      (request) => request.socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
      {},
      'another protocol',
    ],
  ])('with %s fails', async (_, answer, options, reason) => {
    const { url } = await serve(answer);
    await expect(check(instanceAt(url), options)).rejects.toThrow(reason);
  });
});

describe('nothing is asked but at an origin of its own', () => {
  test.each([
    '//evil.example/health',
    '/\\evil.example/health',
    '\\\\evil.example',
    'http://evil.example/health',
    'https://127.0.0.1/health',
    'http:evil.example',
    'ftp://127.0.0.1/',
    'javascript:alert(1)',
    'http://user@127.0.0.1/',
    'http://[::1]/health',
    'http://localhost/health',
    '',
  ])('%s', async (url) => {
    const { url: own, asked } = await serve(json({}));
    const evil = await serve(json({}));
    const { port } = new URL(evil.url);
    // With a port at which somebody does listen, wherever one can be put.
    const shown = url.replace('evil.example', `127.0.0.1:${port}`).replace('127.0.0.1/', `127.0.0.1:${port}/`);
    await check(instanceAt(own, { health: { url: shown } })).catch(() => {});
    const outcome = await check(instanceAt(own, { health: { url: shown } })).catch((error) => String(error));
    // These are paths, whatever they look like.
    if (url !== '' && url !== 'http:evil.example') expect(outcome).toMatch(/another origin|is none/);
    expect(evil.asked).toEqual([]);
    // What stays a path stays at home.
    expect(asked.every(({ headers }) => headers.host === new URL(own).host)).toBe(true);
  });

  test('a port of the same host is another origin', async () => {
    const [own, other] = [await serve(json({})), await serve(json({}))];
    await expect(check(instanceAt(own.url, { health: { url: `${other.url}/health` } }))).rejects.toThrow(
      'another origin',
    );
    expect(other.asked).toEqual([]);
  });

  test('but any of its endpoints will do', async () => {
    const [first, second] = [await serve(json({})), await serve(json({}))];
    const endpoints = [first, second].map(({ url }) => ({ type: 'http', url }));
    expect(await check(instanceAt('', { endpoints, health: { url: `${second.url}/well` } }))).toEqual(passes);
    expect(second.asked.map(({ url }) => url)).toEqual(['/well']);
  });

  test.each([301, 302, 303, 307, 308])('a redirect is not followed: %i', async (status) => {
    const evil = await serve(json({}));
    const { url } = await serve((_, response) => response.writeHead(status, { location: `${evil.url}/health` }).end());
    await expect(check(instanceAt(url))).rejects.toThrow(`answers with a redirect (${status}), which is not followed`);
    expect(evil.asked).toEqual([]);
  });

  test('without an endpoint over HTTP there is nothing to ask', async () => {
    const instance = instanceAt('', { endpoints: [{ type: 'tcp', url: 'tcp://127.0.0.1:1' }] });
    await expect(check(instance)).rejects.toThrow('has no endpoint over HTTP');
    await expect(check(instanceAt('http://127.0.0.1:1', { health: {} }))).rejects.toThrow('health.url');
  });
});

describe('secret headers', () => {
  const headers = [
    { name: 'authorization', value: new Secret('Bearer hush'), isSecret: true },
    { name: 'x-plain', value: 'seen' },
  ];

  test('are sent only if the check asks for it', async () => {
    const { url, asked } = await serve(json({}));
    const instance = instanceAt(url, { endpoints: [{ type: 'http', url, headers }] });
    await check(instance);
    await check(instance, { withSecrets: true });
    expect(asked.map(({ headers: { authorization, 'x-plain': plain } }) => [authorization, plain])).toEqual([
      [undefined, 'seen'],
      ['Bearer hush', 'seen'],
    ]);
  });

  test('are those of the endpoint under whose path is asked, of several at one origin', async () => {
    const { url, asked } = await serve(json({}));
    const endpoints = ['', '/b'].map((path) => ({
      type: 'http',
      url: `${url}${path}`,
      headers: [{ name: 'x-of', value: `of ${path}/` }],
    }));
    await check(instanceAt('', { endpoints, health: { url: '/b/health' } }));
    await check(instanceAt('', { endpoints, health: { url: '/health' } }));
    expect(asked.map(({ headers: { 'x-of': of } }) => of)).toEqual(['of /b/', 'of /']);
  });

  test('that cannot be sent are not told of, not even a character', async () => {
    const odd = [{ name: 'x-token', value: new Secret('h→sh'), isSecret: true }];
    const endpoints = [{ type: 'http', url: 'http://127.0.0.1:1', headers: odd }];
    const reason = await check(instanceAt('', { endpoints }), { withSecrets: true }).catch(String);
    expect(reason).toMatch(/The header x-token of the entry cannot be sent/);
    expect(reason).not.toMatch(/8594|→|index/);
  });

  test('are those of the endpoint that is asked, and no other', async () => {
    const [first, second] = [await serve(json({})), await serve(json({}))];
    const endpoints = [
      { type: 'http', url: first.url, headers },
      { type: 'http', url: second.url },
    ];
    const instance = instanceAt('', { endpoints, health: { url: `${second.url}/health` } });
    await check(instance, { withSecrets: true });
    expect(second.asked[0]?.headers.authorization).toBeUndefined();
  });
});

test('over a Unix socket', async () => {
  const path = join(tempFolder(), 'socket');
  const { asked } = await serve(json({}), { path });
  expect(await check(instanceAt('', { endpoints: [{ type: 'http', socketPath: path }] }))).toEqual(passes);
  expect(asked.map(({ url }) => url)).toEqual(['/health']);
});

describe('within its time, and with a bound', () => {
  /** The reason that a monitor gives for a server that answers like this. */
  async function reasonFor(answer: RequestListener): Promise<{ reason: string | undefined; isFreed: boolean }> {
    let closed = 0;
    const { url } = await serve((request, response) => {
      response.on('close', () => void closed++);
      answer(request, response);
    });
    await using registry = new Registry({ directory: tempFolder() });
    await registry.register({ name: 'it', endpoints: [{ type: 'http', url }], health: { url: '/health' } });
    await using monitor = new HealthMonitor(registry, { timeout: 300 });
    const { instances } = await monitor.round();
    await eventually('the connection is let go of', () => closed > 0);
    return { reason: instances[0]?.lastFailure?.reason, isFreed: closed > 0 };
  }

  const drip = (response: ServerResponse, chunk: string, delay: number) => {
    const timer = setInterval(() => response.write(chunk), delay);
    response.on('close', () => clearInterval(timer));
  };

  test('a body without end', async () => {
    const pour = (response: ServerResponse) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(8_192)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    };
    expect((await reasonFor((_, response) => pour(response))).reason).toBe('answers with more than 65536 bytes');
  });

  test('a body that comes byte by byte', async () => {
    expect((await reasonFor((_, response) => drip(response.writeHead(200), 'x', 20))).reason).toBe(
      'does not answer within 300 ms',
    );
  });

  test('headers that do not come', async () => {
    expect((await reasonFor(() => {})).reason).toBe('does not answer within 300 ms');
  });

  test('a port that takes connections, and says nothing', async () => {
    const sockets = new Set<import('node:net').Socket>();
    const server = createTcpServer((socket) => void sockets.add(socket.on('error', () => {}).resume())).listen(
      0,
      '127.0.0.1',
    );
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await using registry = new Registry({ directory: tempFolder() });
    const endpoints = [{ type: 'http', url: `http://127.0.0.1:${port}` }] as const;
    await registry.register({ name: 'mute', endpoints, health: { url: '/' } });
    await registry.register({ name: 'listening', endpoints });
    await registry.register({ name: 'mcp', kind: 'mcp', endpoints: [{ ...endpoints[0], type: 'streamable-http' }] });
    await using monitor = new HealthMonitor(registry, { timeout: 300 });
    const { instances } = await monitor.round();
    expect(instances.map(({ name, lastFailure }) => [name, lastFailure?.check, lastFailure?.reason])).toEqual([
      ['mute', 'http', 'does not answer within 300 ms'],
      ['listening', undefined, undefined],
      ['mcp', 'mcp', expect.stringContaining('does not answer')],
    ]);
    await eventually('the connections are let go of', () =>
      [...sockets].every((socket) => socket.destroyed || socket.readyState !== 'open'),
    );
  });
});
