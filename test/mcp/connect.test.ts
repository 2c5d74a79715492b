/** Connecting to real servers, and staying connected while they are replaced. */

import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Client, type ElicitResult } from '@modelcontextprotocol/client';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { isRollcallError } from '../../src/core/errors.js';
import { connect } from '../../src/mcp/connect.js';
import { Registry } from '../../src/registry/registry.js';
import { eventually } from '../support/eventually.js';
import { type FleetOptions, kill, restart, startMember } from '../support/fleet.js';
import { root, start } from '../support/processes.js';
import { tempFolder } from '../support/temp.js';

let stage: FleetOptions & { log: string };
let registry: Registry;
let errors: unknown[];
beforeEach(() => {
  const folder = tempFolder();
  stage = { directory: `${folder}/registry`, log: `${folder}/log` };
  errors = [];
  const opened = new Registry({ directory: stage.directory, onError: (error) => void errors.push(error) });
  registry = opened;
  onTestFinished(() => opened.close());
});

const flavours = ['v2-http', 'v2-unix', 'v1-http', 'v1-sse', 'everything'];

async function sayTo(client: Client, name: string, args: Record<string, unknown> = {}): Promise<string> {
  const { content } = await client.callTool({ name, arguments: args });
  const [first] = content;
  return first?.type === 'text' ? first.text : '';
}

const echo = (client: Client, text: string) => sayTo(client, 'echo', { text, message: text });

test.each(flavours)('connects to %s, by query and by instance', async (flavour) => {
  const { instance } = await startMember(stage, { flavour, name: 'weather' });
  for (const target of [{ name: 'weather' }, instance]) {
    await using connection = await connect(target, { registry });
    expect(connection.instance.id).toBe(instance.id);
    expect(connection.isConnected).toBe(true);
    expect(connection.client.getProtocolEra()).toBe(flavour.startsWith('v2') ? 'modern' : 'legacy');
    expect(await echo(connection.client, 'hello')).toMatch(/hello$/);
  }
});

test('sends the secret headers of the entry, to its own endpoint only', async () => {
  await startMember(stage, { flavour: 'v2-http', name: 'weather', env: { TOKEN: 'sesame' } });
  await using connection = await connect({ name: 'weather' }, { registry });
  expect(JSON.parse(await sayTo(connection.client, 'meta')).headers.authorization).toBe('Bearer sesame');
});

test('connects the client that it is given, which keeps its handlers', async () => {
  const member = await startMember(stage, { flavour: 'v1-http', name: 'weather' });
  const client = new Client({ name: 'mine', version: '1' }, { capabilities: { elicitation: { form: {} } } });
  client.setRequestHandler('elicitation/create', async (): Promise<ElicitResult> => {
    return { action: 'accept', content: { answer: 'mine' } };
  });
  await using connection = await connect({ name: 'weather' }, { registry, client });
  expect(connection.client).toBe(client);
  expect(await sayTo(client, 'ask', { question: '?' })).toBe('mine');
  await restart(stage, member);
  await eventually(
    'it is connected again',
    () => connection.isConnected && connection.instance.id !== member.instance.id,
  );
  expect(await sayTo(client, 'ask', { question: '?' })).toBe('mine');
});

describe('an instance that is replaced', () => {
  test.each(flavours)('on another port: the same client is connected to the next one of %s', async (flavour) => {
    const first = await startMember(stage, { flavour, name: 'weather' });
    await using connection = await connect({ name: 'weather' }, { registry });
    const told: string[] = [];
    connection.on('disconnect', (reason) => void told.push(`disconnect ${reason}`));
    connection.on('connect', (now, previous) => void told.push(`connect ${now.id} after ${previous.id}`));
    const { client } = connection;
    const name = flavour === 'everything' ? 'trigger-long-running-operation' : 'wait';
    const hit = client.callTool({ name, arguments: { ms: 60_000, duration: 60, steps: 100 } });
    hit.catch(() => {});
    await kill(first);
    await expect(hit).rejects.toThrow();
    await eventually('it is told', () => told.length > 0);
    expect(connection.isConnected).toBe(false);
    await expect(echo(client, 'anybody?')).rejects.toThrow(/Not connected/);
    const waiting = connection.connected({ signal: AbortSignal.timeout(20_000) });
    const second = await startMember(stage, { flavour, name: 'weather' });
    expect((await waiting).id).toBe(second.instance.id);
    expect(await echo(client, 'back')).toMatch(/back$/);
    // That nobody listens there may be seen before its death.
    expect(told[0]).toMatch(/^disconnect (it is gone: dead|its server does not listen)$/);
    expect(told.slice(1)).toEqual([`connect ${second.instance.id} after ${first.instance.id}`]);
    expect(errors).toEqual([]);
  });

  test.each(flavours.filter((flavour) => flavour !== 'v2-unix'))(
    'on the same port: a session that %s has forgotten is opened anew',
    async (flavour) => {
      const first = await startMember(stage, { flavour, name: 'weather' });
      await using connection = await connect({ name: 'weather' }, { registry });
      await kill(first);
      await startMember(stage, { flavour, name: 'weather', env: { PORT: first.at } });
      await eventually('it works again', async () => /back$/.test(await echo(connection.client, 'back')));
    },
  );

  test('is not replaced by one of another project, nor by one that is not ready', async () => {
    const [here, there] = [tempFolder(), tempFolder()];
    const mine = await startMember(stage, { flavour: 'v2-http', name: 'api', cwd: here });
    await startMember(stage, { flavour: 'v2-http', name: 'api', cwd: there });
    await using connection = await connect(mine.instance, { registry });
    await kill(mine);
    await eventually('it is not connected', () => !connection.isConnected);
    const { endpoints } = mine.instance;
    const draining = await registry.register({ name: 'api', cwd: here, status: 'draining', endpoints });
    // Whatever it would do with these, it does before it hears of the next.
    const next = await startMember(stage, { flavour: 'v2-http', name: 'api', cwd: here });
    expect((await connection.connected()).id).toBe(next.instance.id);
    await draining.deregister();
  });

  test('that has moved is followed, and a server that does not listen any more is tried again', async () => {
    const behind = await startMember(stage, 'v2-http');
    const [{ url = '' } = { url: '' }] = behind.instance.endpoints;
    // Closed again: nobody listens there.
    const closed = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => closed.once('listening', resolve));
    const { port } = closed.address() as { port: number };
    closed.close();
    const registration = await registry.register({ name: 'weather', endpoints: [{ type: 'streamable-http', url }] });
    await using connection = await connect({ name: 'weather' }, { registry });
    const failures: unknown[] = [];
    connection.on('error', (error) => void failures.push(error));
    await registration.update({ endpoints: [{ type: 'streamable-http', url: `http://127.0.0.1:${port}/mcp` }] });
    await eventually('it has tried twice', () => failures.length >= 2);
    for (const error of failures) {
      expect(isRollcallError(error, 'ROLLCALL_UNREACHABLE') && error.details.reason).toBe('refused');
    }
    await registration.update({ endpoints: [{ type: 'streamable-http', url }] });
    await connection.connected();
    expect(await echo(connection.client, 'moved')).toBe('moved');
  });
});

describe('an instance that cannot be connected to', () => {
  test.each([
    ['hung', 'timeout', /does not answer/],
    ['401', 'unauthorized', /does not let us in.*HTTP 401/],
    ['not-mcp', 'not-mcp', /not as an MCP server does/],
    ['redirect', 'not-mcp', /not as an MCP server does/],
  ])('%s: the error names it and says what to do', async (flavour, reason, message) => {
    const { instance, running } = await startMember(stage, { flavour, name: 'bad' });
    const error = await connect(instance, { registry, timeout: 500 }).catch((each) => each);
    expect(isRollcallError(error, 'ROLLCALL_UNREACHABLE') && error.details).toMatchObject({ id: instance.id, reason });
    expect(error.message).toMatch(message);
    expect(error.message).toContain(instance.id);
    expect(running.lines.filter((line) => line.startsWith('got'))).toEqual([]);
  });

  test('has ended, or speaks stdio alone', async () => {
    const member = await startMember(stage, { flavour: 'v1-http', name: 'gone' });
    await kill(member);
    const details = { code: 'ROLLCALL_UNREACHABLE', details: { reason: 'refused' } };
    await expect(connect(member.instance, { registry })).rejects.toMatchObject(details);
    const { instance } = await registry.register({ name: 'words', kind: 'mcp', endpoints: [{ type: 'stdio' }] });
    await expect(connect(instance, { registry })).rejects.toMatchObject({ code: 'ROLLCALL_INVALID' });
    await expect(connect({ name: 'nobody' }, { registry, timeout: 50 })).rejects.toMatchObject({
      code: 'ROLLCALL_TIMEOUT',
    });
    await expect(connect({}, { registry, timeout: -1 })).rejects.toMatchObject({ code: 'ROLLCALL_INVALID' });
  });

  test('an abort ends it at once, with its reason', async () => {
    const { instance } = await startMember(stage, 'hung');
    const reason = new Error('no more');
    // At the first moment, while it loads what it needs, and when it waits for an answer.
    for (const wait of [
      async () => {},
      () => new Promise(setImmediate),
      () => new Promise((go) => setTimeout(go, 100)),
    ]) {
      const controller = new AbortController();
      const connecting = connect(instance, { registry, timeout: 60_000, signal: controller.signal });
      connecting.catch(() => {});
      await wait();
      controller.abort(reason);
      await expect(connecting).rejects.toBe(reason);
    }
    await expect(connect(instance, { registry, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

test('closing ends the session with the server, and everything else', async () => {
  const { instance } = await startMember(stage, { flavour: 'v1-http', name: 'weather' });
  const connection = await connect(instance, { registry });
  const { session } = JSON.parse(await sayTo(connection.client, 'who'));
  await connection.close();
  await connection.close();
  const answer = await fetch(instance.endpoints[0]?.url ?? '', {
    method: 'POST',
    headers: {
      'mcp-session-id': session,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
  });
  expect(answer.status).toBe(404);
  await expect(connection.connected()).rejects.toMatchObject({ code: 'ROLLCALL_CLOSED' });
  expect(() => connection.on('nothing' as 'error', () => {})).toThrow(/must be one of connect, disconnect, error/);
});

test.each([
  ['a name', 'calculator', {}, /must be an instance, .* or a query: \{ name: 'weather' \}/],
  ['nothing', undefined, {}, /must be an instance/],
  ['an unknown option', {}, { timout: 4 }, /timout: is not a known field/],
  ['no client', {}, { client: {} }, /client: must be a Client of the SDK/],
  ['no list of names', {}, { run: 'words' }, /run: must be/],
])('%s is refused at the door', async (_, target, options, message) => {
  await expect(connect(target as never, { registry, ...options } as never)).rejects.toThrow(message);
});

test('waiting to be connected again keeps the process alive, and an abort ends it', async () => {
  const member = await startMember(stage, { flavour: 'v1-http', name: 'weather' });
  const program = start(process.execPath, ['test/programs/waiter.js'], { ROLLCALL_DIR: stage.directory });
  await program.line(/^connected/);
  await kill(member);
  await program.line(/^away/);
  await program.line(/^aborted: TimeoutError/);
  await startMember(stage, { flavour: 'v1-http', name: 'weather' });
  await program.line(/^again/);
  expect(await program.ended).toEqual({ code: 0, signal: null });
});

describe('a command in an entry', () => {
  /** As another program may have written it: this library writes no commands. */
  async function plant(name: string, mark: string): Promise<void> {
    const registration = await registry.register({ name, kind: 'mcp', endpoints: [{ type: 'stdio' }] });
    const { id } = registration;
    const args = [join(root, 'test/programs/mcp-fleet.js'), 'v2-stdio', name];
    const path = join(stage.directory, 'v1', `${id}.json`);
    const entry = JSON.parse(readFileSync(path, 'utf8'));
    const shell = `touch ${mark}; exec ${process.execPath} ${args.join(' ')}`;
    entry.endpoints[0] = { type: 'stdio', command: '/bin/sh', args: ['-c', shell] };
    writeFileSync(path, JSON.stringify(entry));
  }

  test('is run only for a name that the caller has allowed', async () => {
    const mark = join(tempFolder(), 'mark');
    await plant('words', mark);
    for (const run of [[], ['other'], ['word']]) {
      await expect(connect({ name: 'words' }, { registry, run })).rejects.toMatchObject({ code: 'ROLLCALL_INVALID' });
    }
    expect(existsSync(mark)).toBe(false);
    await using connection = await connect({ name: 'words' }, { registry, run: ['words'] });
    expect(existsSync(mark)).toBe(true);
    expect(await echo(connection.client, 'from its own process')).toBe('from its own process');
  });

  test('is taken from the metadata too, where this library writes it', async () => {
    const args = [join(root, 'test/programs/mcp-fleet.js'), 'v2-stdio', 'words'];
    const metadata = { command: process.execPath, args };
    await registry.register({ name: 'words', kind: 'mcp', endpoints: [{ type: 'stdio' }], metadata });
    await using connection = await connect({ name: 'words' }, { registry, run: ['words'] });
    expect(await echo(connection.client, 'started')).toBe('started');
  });

  test('that is none is an error', async () => {
    const { instance } = await registry.register({ name: 'words', kind: 'mcp', endpoints: [{ type: 'stdio' }] });
    await expect(connect(instance, { registry, run: ['words'] })).rejects.toThrow(/names no command/);
  });
});

test('without the SDK everything else works, and connecting says what to install', async () => {
  const folder = tempFolder();
  expect(folder.startsWith(root), 'the SDK of this project must not be found from there').toBe(false);
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, 'rollcall'), { recursive: true });
  cpSync(join(root, 'dist'), join(modules, 'rollcall/dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(modules, 'rollcall/package.json'));
  for (const each of ['cockatiel', 'commander', 'env-paths', 'pidusage', 're2js', 'sift']) {
    symlinkSync(join(root, 'node_modules', each), join(modules, each));
  }
  writeFileSync(
    join(folder, 'main.mjs'),
    `import { connect, probe, announce } from 'rollcall/mcp';
     import { register } from 'rollcall';
     const { instance } = await register({ name: 'x', endpoints: [{ type: 'sse', url: 'http://127.0.0.1:9/' }] });
     console.log(typeof announce, (await probe(instance)).reason);
     await connect(instance).catch((error) => console.log(error.message));`,
  );
  const program = start(process.execPath, ['main.mjs'], { ROLLCALL_DIR: stage.directory }, folder);
  expect((await program.ended).code).toBe(0);
  expect(program.lines).toEqual([
    'function refused',
    'To connect, rollcall needs the MCP SDK: npm install @modelcontextprotocol/client@2',
  ]);
  // The hub has it within.
  const hub = start(
    process.execPath,
    ['node_modules/rollcall/dist/cli/main.js', 'hub'],
    { ROLLCALL_DIR: folder },
    folder,
  );
  const clientInfo = { name: 'by hand', version: '1.0.0' };
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
  hub.say(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }));
  expect(await hub.line(/"id":1/)).toContain('"serverInfo":{"name":"rollcall-hub"');
});
