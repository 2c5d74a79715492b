/** Servers that make themselves known in one call: of every kind, at every kind of address. */

import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpServer } from '@modelcontextprotocol/server';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isSecret } from '../../src/core/secret.js';
import { announce } from '../../src/mcp/announce.js';
import { Registry } from '../../src/registry/registry.js';
import { eventually } from '../support/eventually.js';
import { tempFolder } from '../support/temp.js';

function stage() {
  const errors: unknown[] = [];
  const directory = join(tempFolder(), 'registry');
  const registry = new Registry({ directory, onError: (error) => void errors.push(error) });
  const client = new Registry({ directory });
  onTestFinished(async () => {
    await registry.close();
    await client.close();
  });
  return { directory, registry, client, errors };
}

function serverOf(answer = 'sunny'): Server {
  const server = createServer((_, response) => void response.end(answer));
  onTestFinished(() => void server.close());
  return server;
}

const entry = { name: 'weather' };

/** Whoever has the entry is let in, and nobody else. */
async function assertGuarded(client: Registry): Promise<void> {
  const endpoint = (await client.pick())?.endpoints[0];
  const value = endpoint?.headers?.[0]?.value;
  const url = endpoint?.url ?? '';
  expect((await fetch(url)).status).toBe(401);
  const answer = await fetch(url, { headers: { Authorization: isSecret(value) ? value.reveal() : '' } });
  expect([answer.status, await answer.text()]).toEqual([200, 'in']);
}

describe('a token', () => {
  test('that nobody is asked for is reported, once', async () => {
    const { registry, client, errors } = stage();
    const server = serverOf();
    await announce(server.listen(0, '127.0.0.1'), entry, { registry, token: true });
    const url = (await client.pick())?.endpoints[0]?.url ?? '';
    for (let request = 0; request < 3; request++) expect((await fetch(url)).status).toBe(200);
    await eventually('it is told', () => errors.length > 0);
    expect(errors.map(String)).toEqual([
      expect.stringMatching(/token: is asked of nobody: .* put guard.handle before/),
    ]);
  });

  test('that is asked for is not', async () => {
    const { registry, client, errors } = stage();
    const server = createServer((request, response) => {
      if (announcing.guard.handle(request, response)) response.end('in');
    });
    onTestFinished(() => void server.close());
    const announcing = announce(server, entry, { registry, token: 'sixteen-characters' });
    server.listen(0, '127.0.0.1');
    await announcing;
    await assertGuarded(client);
    expect(errors).toEqual([]);
  });

  test('an announcement that fails, and is awaited, is told once', async () => {
    const { registry, errors } = stage();
    await expect(announce({} as never, entry, { registry })).rejects.toThrow();
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(errors).toEqual([]);
  });
});

describe('the address', () => {
  test.each([
    ['127.0.0.1', (port: number) => `http://127.0.0.1:${port}/mcp`],
    ['0.0.0.0', (port: number) => `http://127.0.0.1:${port}/mcp`],
    ['::', (port: number) => `http://[::1]:${port}/mcp`],
    ['::1', (port: number) => `http://[::1]:${port}/mcp`],
  ])('of a server on %s, whatever port it was given', async (host, url) => {
    const { registry, client } = stage();
    const server = serverOf();
    const announcing = announce(server, entry, { registry });
    server.listen(0, host);
    const { registration } = await announcing;
    const { port } = server.address() as AddressInfo;
    expect(registration.instance.endpoints).toEqual([{ type: 'streamable-http', url: url(port) }]);
    const found = await client.pick({ name: 'weather' });
    expect(await (await fetch(found?.endpoints[0]?.url ?? '')).text()).toBe('sunny');
  });

  test('of a Unix socket', async () => {
    const { registry, client } = stage();
    const server = serverOf();
    const path = join(tempFolder(), 'socket');
    server.listen(path);
    await announce(server, entry, { registry, path: 'rpc' });
    const endpoint = (await client.pick())?.endpoints[0];
    expect(endpoint).toEqual({ type: 'streamable-http', socketPath: path, url: 'http://localhost/rpc' });
    const asked = request({ socketPath: endpoint?.socketPath, path: '/rpc' }).end();
    const [response] = await once(asked, 'response');
    expect(response.statusCode).toBe(200);
    response.resume();
  });

  test('of a server that speaks TLS', async () => {
    const { registry } = stage();
    const server = createSecureServer();
    onTestFinished(() => void server.close());
    server.listen(0, '127.0.0.1');
    const { registration } = await announce(server, entry, { registry, type: 'http', path: '/' });
    expect(registration.instance.endpoints[0]?.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/$/);
  });

  test('of Hono, with the guard as its middleware', async () => {
    const { registry, client } = stage();
    const app = new Hono();
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server;
    onTestFinished(() => void server.close());
    const announcing = announce(server, entry, { registry, token: true });
    app.use(announcing.guard.hono);
    app.get('/mcp', (context) => context.text('in'));
    await announcing;
    await assertGuarded(client);
  });

  test('of Fastify, with the guard as its hook', async () => {
    const { registry, client } = stage();
    const app = fastify();
    onTestFinished(() => app.close());
    const announcing = announce(app, entry, { registry, token: true });
    app.addHook('onRequest', async ({ raw }, reply) => {
      if (!announcing.guard.handle(raw, reply.raw)) reply.hijack();
    });
    app.get('/mcp', async () => 'in');
    await app.listen({ port: 0, host: '127.0.0.1' });
    await announcing;
    await assertGuarded(client);
    await app.close();
    expect(await client.discover()).toEqual([]);
  });

  test('of Express, and of what has a server', async () => {
    const { registry } = stage();
    const app = express();
    const server = app.listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    const { registration } = await announce(server, entry, { registry });
    const { port } = server.address() as AddressInfo;
    expect(registration.instance.endpoints[0]?.url).toBe(`http://127.0.0.1:${port}/mcp`);
    const wrapped = await announce({ server: serverOf().listen(0, '127.0.0.1') }, entry, { registry });
    expect(wrapped.registration.instance.endpoints[0]?.url).toMatch(/^http:/);
  });

  test.each([[express()], [{}], [{ server: {} }]])('of what is no server is refused', async (listener) => {
    const { registry } = stage();
    await expect(announce(listener as never, entry, { registry })).rejects.toMatchObject({
      details: { problems: [expect.objectContaining({ path: 'server' })] },
    });
  });
});

describe('what is said', () => {
  test.each([
    ['v1', () => new McpServerV1({ name: 'notes', title: 'Notes', version: '3.1.0' }) as unknown],
    ['v2', () => new McpServer({ name: 'notes', title: 'Notes', version: '3.1.0' }) as unknown],
  ])('is what an MCP server of SDK %s says of itself', async (_, make) => {
    const { registry, client } = stage();
    // Both have it; TypeScript cannot call what two versions declare.
    const mcp = make() as McpServer;
    mcp.registerTool('add', { description: 'Keeps a note' }, () => ({ content: [] }));
    await announce(serverOf().listen(0, '127.0.0.1'), {}, { registry, mcp });
    expect(await client.pick({ name: 'notes' })).toMatchObject({
      name: 'notes',
      title: 'Notes',
      version: '3.1.0',
      kind: 'mcp',
      mcp: { capabilities: { tools: {} } },
    });
  });

  test('gives way to what is said otherwise', async () => {
    const { registry, client } = stage();
    const mcp = new McpServer({ name: 'notes', version: '3.1.0' });
    const given = { name: 'my-notes', kind: 'http', tags: ['x'], status: 'starting' } as const;
    await announce(serverOf().listen(0, '127.0.0.1'), given, {
      registry,
      mcp,
      supportedProtocolVersions: ['2026-07-28'],
    });
    const instance = await client.pick({ name: 'my-notes', status: 'starting' });
    expect(instance).toMatchObject({ kind: 'http', tags: ['x'], version: '3.1.0' });
    expect(instance?.endpoints[0]?.supportedProtocolVersions).toEqual(['2026-07-28']);
  });

  test('must have a name', async () => {
    const { registry } = stage();
    const refused = (path: string) => ({ details: { problems: [expect.objectContaining({ path })] } });
    await expect(announce(serverOf().listen(0), {}, { registry })).rejects.toMatchObject(refused('name'));
    await expect(announce(serverOf().listen(0), {}, { registry, mcp: {} })).rejects.toMatchObject(refused('mcp'));
  });

  test('is what the factory of a server makes, and its name is made one that can be registered', async () => {
    const { registry } = stage();
    const make = ({ era }: { era: string }) =>
      new McpServer({ name: '@acme/My Notes', version: era, description: 'Keeps notes' } as never);
    const { registration } = await announce(serverOf().listen(0), {}, { registry, mcp: make });
    expect(registration.instance).toMatchObject({
      name: 'acme-My-Notes',
      title: '@acme/My Notes',
      version: 'modern',
      description: 'Keeps notes',
    });
  });

  test.each([
    ['an unknown option', {}, { tokn: true }, /tokn: is not a known field/],
    ['endpoints, which are found out', { endpoints: [] }, {}, /endpoints: are found out/],
    ['a token that can be guessed', {}, { token: 'abc' }, /token: must be true, or at least 16 characters/],
    ['no server', {}, { mcp: 'weather' }, /mcp: must be a server/],
  ])('is refused at once: %s', (_, said, options, message) => {
    const { registry } = stage();
    const call = () => announce(serverOf(), { ...entry, ...said }, { registry, ...options } as never);
    expect(call).toThrow(message);
  });

  test.each([8080, 'http://127.0.0.1:8080', null])('is of a server, and not of %s', async (listener) => {
    const { registry } = stage();
    await expect(announce(listener as never, entry, { registry })).rejects.toThrow(/must be a server of node:http/);
  });

  test('has the token as a secret header, which the guard asks for', async () => {
    const { registry, client } = stage();
    const server = createServer((asked, response) => {
      if (announcing.guard.handle(asked, response)) response.end('in');
    });
    onTestFinished(() => void server.close());
    const announcing = announce(server, entry, { registry, token: true });
    server.listen(0, '127.0.0.1');
    const { token } = await announcing;
    const endpoint = (await client.pick())?.endpoints[0];
    const [header] = endpoint?.headers ?? [];
    expect(header).toMatchObject({ name: 'Authorization', isSecret: true });
    const value = isSecret(header?.value) ? header.value.reveal() : '';
    expect(value).toBe(`Bearer ${token?.reveal()}`);
    expect(JSON.stringify(endpoint)).not.toContain(token?.reveal());
    expect((await fetch(endpoint?.url ?? '')).status).toBe(401);
    expect((await fetch(endpoint?.url ?? '', { headers: { Authorization: value } })).status).toBe(200);
  });
});

describe('when the server closes', () => {
  test('it is said to drain, then its entry goes, and only then the port', async () => {
    const { registry, client } = stage();
    const server = serverOf();
    const announced = announce(server, entry, { registry });
    server.listen(0, '127.0.0.1');
    await announced;
    const { port } = server.address() as AddressInfo;
    const told: string[] = [];
    const watcher = client.watch();
    const isOpen = async () => {
      const socket = connect(port, '127.0.0.1');
      const outcome = await Promise.race([
        once(socket, 'connect').then(() => 'open'),
        once(socket, 'error').then(() => 'closed'),
      ]).catch(() => 'closed');
      socket.destroy();
      return outcome;
    };
    watcher.on('add', () => told.push('add'));
    watcher.on('remove', (_, reason) => told.push(reason));
    await eventually('it is seen', () => told.includes('add') || undefined);
    const update = (await announced).registration;
    const statuses: string[] = [];
    const write = update.update.bind(update);
    update.update = async (patch) => {
      statuses.push(`${patch.status} ${await isOpen()}`);
      return write(patch);
    };
    const deregister = update.deregister.bind(update);
    update.deregister = async () => {
      const isGone = await deregister();
      statuses.push(`gone ${await isOpen()}`);
      return isGone;
    };
    const closed = new Promise<void>((resolve, reject) => server.close((error) => (error ? reject(error) : resolve())));
    await closed;
    expect(statuses.slice(0, 2)).toEqual(['draining open', 'gone open']);
    expect(await isOpen()).toBe('closed');
    await eventually('the watcher is told', () => told.includes('deregistered') || undefined);
    await watcher.close();
  });

  test('a second close says what Node says, and the entry is gone once', async () => {
    const { registry, client } = stage();
    const server = serverOf().listen(0, '127.0.0.1');
    await announce(server, entry, { registry });
    const closings = [1, 2].map(() => new Promise((resolve) => server.close((error) => resolve(error))));
    const [first, second] = await Promise.all(closings);
    expect([first, second].filter((error) => error === undefined)).toHaveLength(1);
    expect(await client.discover()).toEqual([]);
  });

  test('the announcement can be taken back without the server', async () => {
    const { registry, client } = stage();
    const server = serverOf().listen(0, '127.0.0.1');
    {
      await using announcement = await announce(server, entry, { registry });
      expect(await client.get(announcement.registration.id)).toBeDefined();
    }
    expect(await client.discover()).toEqual([]);
    expect(server.listening).toBe(true);
  });
});

describe('what goes wrong', () => {
  test('while it begins to listen is thrown', async () => {
    const { registry, client } = stage();
    const first = serverOf().listen(0, '127.0.0.1');
    await once(first, 'listening');
    const second = serverOf();
    const announcing = announce(second, entry, { registry });
    second.listen((first.address() as AddressInfo).port, '127.0.0.1');
    await expect(announcing).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(await client.discover()).toEqual([]);
  });

  test('is told to onError if nobody awaits it', async () => {
    const { registry, errors } = stage();
    announce(serverOf().listen(0, '127.0.0.1'), { name: '' }, { registry });
    await eventually('it is told', () => errors.length > 0 || undefined);
    expect(errors[0]).toMatchObject({ code: 'ROLLCALL_INVALID' });
  });

  test('an abort ends the waiting', async () => {
    const { directory, registry } = stage();
    const controller = new AbortController();
    const announcing = announce(serverOf(), entry, { registry, signal: controller.signal });
    controller.abort(new Error('no more'));
    await expect(announcing).rejects.toThrow('no more');
    expect(existsSync(directory)).toBe(false);
  });
});
