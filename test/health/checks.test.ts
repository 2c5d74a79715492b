/** The other checks that come with rollcall, against what is real: sockets, processes, MCP servers. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { RegistrationInput } from '../../src/core/instance.js';
import type { Checkup } from '../../src/health/health.js';
import type { CheckRequest } from '../../src/health/known-checks.js';
import { HealthMonitor } from '../../src/health/monitor.js';
import { restart } from '../../src/health/restart.js';
import { Registry } from '../../src/registry/registry.js';
import { eventually } from '../support/eventually.js';
import { startFleet, startMember } from '../support/fleet.js';
import { start } from '../support/processes.js';
import { tempFolder } from '../support/temp.js';

/** What one round says of what is registered like this; of another process, if there is a `pid`. */
async function checkup(input: Omit<RegistrationInput, 'name'>, checks?: readonly CheckRequest[], pid?: number) {
  await using registry = new Registry({ directory: tempFolder() });
  await registry.register({ name: 'it', ...input }, { pid });
  return await roundIn(registry, checks);
}

async function roundIn(registry: Registry, checks?: readonly CheckRequest[]): Promise<Partial<Checkup>> {
  await using monitor = new HealthMonitor(registry, { checks, timeout: 5_000 });
  const { instances } = await monitor.round();
  return instances[0]?.history.at(-1) ?? {};
}

async function listen(at: { path: string } | { port: number; host: string }) {
  const server = createServer((socket) => socket.destroy()).listen(at);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return server;
}

describe('tcp', () => {
  test('a port that takes connections, and one that does not any more', async () => {
    const server = await listen({ port: 0, host: '127.0.0.1' });
    const { port } = server.address() as AddressInfo;
    const endpoints = [{ type: 'ws', url: `ws://127.0.0.1:${port}/` }];
    expect(await checkup({ endpoints })).toMatchObject({ outcome: 'pass' });
    await new Promise((resolve) => server.close(resolve));
    const reason = 'takes no connection (ECONNREFUSED)';
    expect(await checkup({ endpoints })).toMatchObject({ outcome: 'fail', check: 'tcp', reason });
  });

  test('a Unix socket, also as a URL; IPv6 in its brackets', async () => {
    const path = join(tempFolder(), 'socket');
    await listen({ path });
    expect(await checkup({ endpoints: [{ type: 'unix', socketPath: path }] })).toMatchObject({ outcome: 'pass' });
    expect(await checkup({ endpoints: [{ type: 'unix', url: `unix://${path}` }] })).toMatchObject({ outcome: 'pass' });
    const { port } = (await listen({ port: 0, host: '::1' })).address() as AddressInfo;
    expect(await checkup({ endpoints: [{ type: 'tcp', url: `tcp://[::1]:${port}` }] })).toMatchObject({
      outcome: 'pass',
    });
    const gone = { endpoints: [{ type: 'unix', socketPath: `${path}-not` }] };
    expect(await checkup(gone)).toMatchObject({ outcome: 'fail', reason: 'takes no connection (ENOENT)' });
  });

  test('asked for where there is nothing to connect to', async () => {
    const stdio = { endpoints: [{ type: 'stdio' }] };
    expect(await checkup(stdio, ['tcp'])).toMatchObject({
      outcome: 'fail',
      reason: 'has no endpoint with a port or a socket',
    });
    // Nobody asks for it by itself.
    expect(await checkup(stdio)).toMatchObject({ outcome: 'pass' });
  });
});

describe('load', () => {
  const nothing = { endpoints: [{ type: 'stdio' }] };

  test('more memory or more of a core than it may use is a warning', async () => {
    const memory = 50 * 1_048_576;
    const node = spawn(process.execPath, ['-e', 'const held = Buffer.alloc(1e8, 1); for (;;) held[0]++;']);
    onTestFinished(() => void node.kill('SIGKILL'));
    await once(node, 'spawn');
    const { pid } = node;
    let found: Partial<Checkup> = {};
    // It has yet to allocate, and to be busy for long enough to be counted.
    for (const until = Date.now() + 20_000; Date.now() < until && found.outcome !== 'warn'; ) {
      found = await checkup(nothing, [{ check: 'load', cpu: 20, memory }], pid);
    }
    expect(found).toMatchObject({
      outcome: 'warn',
      check: 'load',
      reason: expect.stringMatching(/of a core|of memory/),
    });
    expect(await checkup(nothing, [{ check: 'load', cpu: 10_000, memory: 1e12 }], pid)).toMatchObject({
      outcome: 'pass',
    });
    expect(await checkup(nothing, [{ check: 'load', memory: 1, failing: 'critical' }], pid)).toMatchObject({
      outcome: 'fail',
    });
  }, 30_000);
});

describe('mcp', () => {
  test('one that answers, one that lets nobody in, one that is a page', async () => {
    const directory = tempFolder();
    await using registry = new Registry({ directory });
    for (const [flavour, expected] of [
      ['v2-http', { outcome: 'pass' }],
      ['401', { outcome: 'fail', check: 'mcp', reason: 'does not let us in (HTTP 401)' }],
      ['not-mcp', { outcome: 'fail', check: 'mcp', reason: 'answers, but not as an MCP server does (HTTP 200)' }],
    ] as const) {
      const { running } = await startMember({ directory }, flavour);
      expect(await roundIn(registry)).toMatchObject(expected);
      process.kill(-running.pid, 'SIGKILL');
      await running.ended;
    }
  });

  test('with its token, which this check alone sends by itself', async () => {
    const directory = tempFolder();
    await using registry = new Registry({ directory });
    await startMember({ directory }, { flavour: 'v2-http', env: { TOKEN: 'hush' } });
    expect(await roundIn(registry)).toMatchObject({ outcome: 'pass' });
  });

  test('asked for where no MCP is spoken', async () => {
    const endpoints = [{ type: 'tcp', url: 'tcp://127.0.0.1:1' }];
    const { outcome, reason } = await checkup({ endpoints }, ['mcp']);
    expect(outcome).toBe('fail');
    expect(reason).toContain('has no endpoint over which MCP can be spoken');
  });
});

test('what an entry wishes to be asked for', async () => {
  const endpoints = [{ type: 'http', url: 'http://127.0.0.1:1/' }];
  expect(await checkup({ endpoints, health: { checks: ['process', 'unheard-of'] } })).toMatchObject({
    outcome: 'pass',
  });
  expect(await checkup({ endpoints, health: { checks: ['tcp'] } })).toMatchObject({ outcome: 'fail', check: 'tcp' });
  // Of nothing that is known: as if it said nothing.
  for (const checks of [['htpp'], []]) {
    expect(await checkup({ endpoints, health: { checks } })).toMatchObject({ outcome: 'fail', check: 'tcp' });
  }
  // The monitor has the last word.
  expect(await checkup({ endpoints, health: { checks: ['tcp'] } }, ['process'])).toMatchObject({ outcome: 'pass' });
});

test('a URL of a socket that is not encoded as it should be', async () => {
  const endpoints = [{ type: 'unix', url: 'unix:///nowhere/%zz' }];
  expect(await checkup({ endpoints })).toMatchObject({ outcome: 'fail', reason: 'takes no connection (ENOENT)' });
});

describe('as a guest', () => {
  /** How a program ends that has a monitor over two servers which hang, and nothing else to do. */
  async function outcome(count: number, code: string) {
    const directory = tempFolder();
    await startFleet(
      { directory },
      Array.from({ length: count }, () => 'hung'),
    );
    const program = `
      import { Registry } from 'rollcall';
      import { HealthMonitor } from 'rollcall/health';
      const registry = new Registry();
      const monitor = new HealthMonitor(registry, { interval: 500, timeout: 2_000 });
      ${code}`;
    const running = start(process.execPath, ['--input-type=module', '-e', program], { ROLLCALL_DIR: directory });
    const ended = await running.ended;
    return { ...ended, said: running.errors(), lines: running.lines.filter((line) => line !== '') };
  }

  test('keeps no process alive, whoever hangs, and warns of nothing', async () => {
    const code = "setTimeout(() => console.log('done'), 3_000);";
    expect(await outcome(12, code)).toEqual({ code: 0, signal: null, said: '', lines: ['done'] });
  });

  test('but while a round is awaited', async () => {
    const code = 'console.log((await monitor.round()).instances.length);';
    expect(await outcome(1, code)).toEqual({ code: 0, signal: null, said: '', lines: ['1'] });
  });
});

test('a restart that fails is attempted again, and told', async () => {
  const directory = tempFolder();
  const errors: unknown[] = [];
  await using registry = new Registry({ directory, onError: (error) => void errors.push(error) });
  const { running } = await startMember({ directory }, { flavour: 'hung', name: 'service' });
  const monitor = new HealthMonitor(registry, { interval: 100, timeout: 200, failureThreshold: 1 });
  onTestFinished(() => monitor.close());
  const log = join(tempFolder(), 'starts');
  const script = `require('fs').appendFileSync(${JSON.stringify(log)}, '.'); process.exit(1)`;
  monitor.onCritical(restart(registry, { command: process.execPath, args: ['-e', script], grace: 100 }));
  await running.ended;
  await eventually('it has been started more than once', () => readFileSync(log, 'utf8').length > 1, 20_000);
  await registry.close();
  await eventually('what went wrong is told', () => errors.length > 0, 20_000);
}, 60_000);

test.each<[string, object]>([
  ['comand', { comand: 'x' }],
  ['grace', { command: 'x', grace: '5s' }],
  ['grace', { command: 'x', grace: Number.NaN }],
  ['command', {}],
])('a restart with a wrong %s is refused before anything is ended', async (path, options) => {
  await using registry = new Registry({ directory: tempFolder() });
  expect(() => restart(registry, options)).toThrow(
    expect.objectContaining({ code: 'ROLLCALL_INVALID', message: expect.stringContaining(path) }),
  );
});
