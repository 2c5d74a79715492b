/** Who is let in: by host, origin and token. */

import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { expect, onTestFinished, test } from 'vitest';
import { isSecret } from '../../src/core/secret.js';
import { Guard } from '../../src/mcp/guard.js';

const check = (guard: Guard, headers: Record<string, string>) => guard.check((name) => headers[name])?.status;

test.each([
  ['localhost', undefined],
  ['localhost:7778', undefined],
  ['LOCALHOST:1', undefined],
  ['127.0.0.1:7778', undefined],
  ['[::1]:7778', undefined],
  ['[::1]', undefined],
  ['evil.example', 403],
  ['localhost.evil.example:7778', 403],
  ['127.0.0.1.evil.example', 403],
  ['evil.example:127.0.0.1', 403],
  ['localhost@evil.example', 403],
  ['127.0.0.2', 403],
  ['', 403],
])('a host of %j', (host, status) => {
  expect(check(new Guard(), { host })).toBe(status);
});

test('a request without a host is refused, and another name of one’s own is let in', () => {
  expect(check(new Guard(), {})).toBe(403);
  expect(check(new Guard({ hosts: ['Dev.Local'] }), { host: 'dev.local:80' })).toBeUndefined();
});

test.each([
  ['http://localhost:3000', undefined],
  ['http://127.0.0.1', undefined],
  ['https://[::1]:1', undefined],
  ['https://evil.example', 403],
  ['http://localhost.evil.example', 403],
  ['http://localhost@evil.example', 403],
  ['null', 403],
  ['file://', 403],
  ['chrome-extension://localhost', 403],
  ['', 403],
])('an origin of %j', (origin, status) => {
  expect(check(new Guard(), { host: 'localhost', origin })).toBe(status);
});

test('another origin of one’s own is let in', () => {
  const guard = new Guard({ origins: ['https://app.example.com'] });
  expect(check(guard, { host: 'localhost', origin: 'https://APP.example.com' })).toBeUndefined();
  expect(check(guard, { host: 'localhost', origin: 'https://app.example.com.evil' })).toBe(403);
});

test('the token has 256 bits, is another each time, and shows itself nowhere', () => {
  const [one, other] = [new Guard({ token: true }), new Guard({ token: true })];
  expect(one.token?.reveal()).toMatch(/^[0-9a-f]{64}$/);
  expect(one.token?.reveal()).not.toBe(other.token?.reveal());
  expect(isSecret(one.token)).toBe(true);
  expect(JSON.stringify(one)).not.toContain(one.token?.reveal());
  expect(new Guard().token).toBeUndefined();
});

test('whoever has the token is let in, and nobody else', () => {
  const guard = new Guard({ token: true });
  const token = guard.token?.reveal() ?? '';
  const host = 'localhost';
  expect(check(guard, { host, authorization: `Bearer ${token}` })).toBeUndefined();
  expect(check(guard, { host, authorization: `bearer  ${token} ` })).toBeUndefined();
  for (const authorization of [
    '',
    'Bearer',
    'Bearer ',
    token,
    `Basic ${token}`,
    `Bearer ${token}0`,
    `Bearer ${token.slice(1)}`,
  ]) {
    expect(check(guard, { host, authorization }), authorization).toBe(401);
  }
  expect(check(guard, { host })).toBe(401);
  expect(check(guard, { host: 'evil.example', authorization: `Bearer ${token}` })).toBe(403);
});

/** Asks, with these headers, and gives the status and the body. */
async function ask(port: number, headers: Record<string, string> = {}) {
  const asked = request({ port, host: '127.0.0.1', headers }).end();
  const [response] = await once(asked, 'response');
  let body = '';
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, body, challenge: response.headers['www-authenticate'] };
}

test('before node:http it answers whom it does not let in', async () => {
  const guard = new Guard({ token: true });
  const server = createServer((asked, response) => {
    if (guard.handle(asked, response)) response.end('in');
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const refused = await ask(port);
  expect(refused).toMatchObject({ status: 401, challenge: 'Bearer' });
  expect(JSON.parse(refused.body)).toMatchObject({
    jsonrpc: '2.0',
    error: { message: expect.stringContaining('token') },
  });
  expect(await ask(port, { host: 'evil.example' })).toMatchObject({ status: 403 });
  const authorization = `Bearer ${guard.token?.reveal()}`;
  expect(await ask(port, { authorization })).toMatchObject({ status: 200, body: 'in' });
});

test('as a middleware of Express', async () => {
  const guard = new Guard({ token: true });
  const app = express();
  app.use(guard.handle);
  app.get('/', (_, response) => void response.send('in'));
  const server = app.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(await ask(port)).toMatchObject({ status: 401 });
  expect(await ask(port, { authorization: `Bearer ${guard.token?.reveal()}` })).toMatchObject({
    status: 200,
    body: 'in',
  });
});
