/** G16: secrets never appear in lists, events, logs, errors, tables, arguments or URLs. */

import { Console } from 'node:console';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { format, inspect } from 'node:util';
import { serialize } from 'node:v8';
import { expect, onTestFinished } from 'vitest';
import { createId } from '../../src/core/id.js';
import { HealthMonitor } from '../../src/health/monitor.js';
import {
  type Endpoint,
  type Instance,
  isSecret,
  Reaper,
  Registry,
  type RegistryOptions,
  Secret,
  urlOf,
} from '../../src/index.js';
import { hosts } from '../../src/mcp/host.js';
import { createRouter } from '../../src/route/router.js';
import { FaultyStore, failing } from '../../src/testing/faulty-store.js';
import { createCanary, expectNoCanary } from '../hostile/canary.js';
import { endless, linesOf, methods } from '../hostile/surface.js';
import { cliHere, outcomeOf, startCli, startOnTerminal } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { startMember } from '../support/fleet.js';
import { prove } from '../support/prove.js';
import { RawHost } from '../support/raw-host.js';
import { tempFolder } from '../support/temp.js';
import { listen } from '../support/told.js';

const url = 'http://127.0.0.1:1/';
const open = (options: RegistryOptions) => {
  const registry = new Registry(options);
  onTestFinished(() => registry.close().catch(() => {}));
  return registry;
};

/** An endpoint with the secret in it twice: marked, and as a `Secret`. */
function endpointsWith(canary: string) {
  const headers = [
    { name: 'Authorization', value: `Bearer ${canary}`, isSecret: true },
    { name: 'X-Key', value: new Secret(canary) },
  ];
  return [{ type: 'http', url, headers }];
}

/** Every way in which a program shows a value, on purpose or by accident. */
function shown(value: unknown): string {
  const out = new PassThrough();
  let logged = '';
  out.on('data', (chunk) => {
    logged += chunk;
  });
  const log = new Console(out);
  log.log(value);
  log.log(
    '%s %o %O %j %d',
    value,
    value,
    value,
    attempt(() => JSON.stringify(value)),
    value,
  );
  log.table(value);
  log.dir(value, { showHidden: true, depth: null });
  log.group(value);
  const deep = { depth: null, showHidden: true, showProxy: true, getters: true, maxStringLength: null } as const;
  const ways = [
    () => JSON.stringify(value),
    () => JSON.stringify(Object.getOwnPropertyDescriptors(value)),
    () => inspect(value, deep),
    () => inspect(value, { ...deep, customInspect: false }),
    () => format('%s %o %O', value, value, value),
    () => String(value),
    () => `${value}`,
    () => `${[value]}`,
    () => inspect(structuredClone(value), deep),
    () => serialize(value).toString('latin1'),
    () => Object.values(value as object).join(),
  ];
  const error =
    value instanceof Error ? [value.message, value.stack, shownOrNot(value.cause), inspect(value, deep)] : [];
  return [logged, ...ways.map(attempt), ...error].join('\n');
}

function shownOrNot(value: unknown): string {
  return value === undefined ? '' : shown(value);
}

/** What a way gives, or what it throws, which is shown as well. */
function attempt(way: () => string): string {
  try {
    return way();
  } catch (error) {
    return (error as Error).stack ?? '';
  }
}

/** What a promise rejects with. */
async function errorOf(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error, 'it is refused').toBeInstanceOf(Error);
  return error;
}

prove('G16', 'no method, whatever it gives, gives the secret away; reveal() does, and the file is 0600', async () => {
  const canary = createCanary();
  const directory = tempFolder();
  const messages = listen();
  const told: unknown[] = [];
  const registry = open({ directory, onError: (error) => void told.push(error) });
  const reader = open({ directory, onError: (error) => void told.push(error) });
  const registration = await registry.register({ name: 'api', endpoints: endpointsWith(canary) });
  const other = await registry.register({ name: 'api', endpoints: endpointsWith(canary) });
  const { id } = registration;
  const watcher = reader.watch();
  for (const type of ['add', 'change', 'remove', 'ready', 'error', 'stale', 'fresh'] as const) {
    watcher.on(type, (...event: unknown[]) => void told.push(event, ...event));
  }
  const reaper = new Reaper(reader);
  const claim = await reader.claim('leader');
  const lease = await reader.pick({}, { lease: true });
  const attack: Readonly<Record<string, () => unknown>> = {
    'Registry.probe': () => reader.probe,
    'Registry.report': () => reader.report(reader),
    'Registry.register': () => registration,
    'Registry.discover': () => reader.discover({ where: { 'endpoints.headers.name': 'X-Key' } }),
    'Registry.get': () => reader.get(id),
    'Registry.pick': () => reader.pick(),
    'Registry.waitFor': () => reader.waitFor(),
    'Registry.explain': () => reader.explain({ tags: ['x'] }, { strategy: 'nearest' }),
    'Registry.claim': () => claim,
    'Registry.ensure': () => reader.ensure({ name: 'api' }, () => {}),
    'Claim.check': () => claim.check(),
    'Claim.isHeld': () => claim.isHeld,
    'Claim.signal': () => claim.signal,
    'Claim.passTo': () => claim.passTo(registration.instance.process, {}),
    'Claim.releaseWith': () => claim.releaseWith({ id }),
    'Claim.release': () => claim.release(),
    'Claim.[Symbol.asyncDispose]': () => claim[Symbol.asyncDispose](),
    'Lease.release': () => lease?.release(),
    'Lease.[Symbol.asyncDispose]': () => lease?.[Symbol.asyncDispose](),
    'Registry.inspect': () => reader.inspect(),
    'Registry.watch': () => watcher,
    'Registry.reap': () => reader.reap(),
    'Registration.id': () => registration.id,
    'Registration.instance': () => registration.instance,
    'Registration.exitWhenIdle': () => registration.exitWhenIdle(1_000_000),
    'Registration.touchActivity': () => registration.touchActivity(),
    'Registration.exitWithParent': () => registration.exitWithParent(),
    'Registration.update': () => registration.update({ title: 'x' }),
    'Watcher.on': () => watcher.on('add', () => {}),
    'Watcher.instances': () => eventually('it has looked', () => watcher.isReady && watcher.instances),
    'Watcher.isReady': () => watcher.isReady,
    'Watcher.isClosed': () => watcher.isClosed,
    'Watcher.staleness': () => watcher.staleness,
    'Watcher.[Symbol.asyncIterator]': async () => {
      const changes = reader.watch();
      for await (const change of changes) return change;
      return undefined;
    },
    'Reaper.reap': () => reaper.reap(),
    'Reaper.start': () => reaper.start(),
    'Reaper.stop': () => reaper.stop(),
    'Reaper.[Symbol.asyncDispose]': () => reaper[Symbol.asyncDispose](),
    'Registration.deregister': () => registration.deregister(),
    'Registration.[Symbol.asyncDispose]': () => other[Symbol.asyncDispose](),
    'Watcher.close': () =>
      eventually('it has told of both', () => watcher.instances.length === 0).then(() => watcher.close()),
    'Watcher.[Symbol.asyncDispose]': () => watcher[Symbol.asyncDispose](),
    'Registry.close': () => registry.close(),
    'Registry.[Symbol.asyncDispose]': () => reader[Symbol.asyncDispose](),
  };
  expect(Object.keys(attack).sort(), 'every public method is in the table of the attack').toEqual(methods().sort());

  const file = join(directory, 'v1', `${id}.json`);
  expect(readFileSync(file, 'utf8')).toContain(canary);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const values = ((await reader.get(id)) as Instance).endpoints[0]?.headers?.map(({ value }) => value);
  expect(values?.map((value) => isSecret(value) && value.reveal())).toEqual([`Bearer ${canary}`, canary]);

  for (const value of values ?? []) expectNoCanary(canary, shown(value), 'the Secret itself');
  for (const [name, act] of Object.entries(attack)) {
    expectNoCanary(canary, shown(await act()), name);
    // And whoever logs the object itself.
    for (const object of [registry, reader, registration, watcher, reaper, claim, lease]) {
      expectNoCanary(canary, shown(object), `an object, after ${name}`);
    }
  }
  expect(told.length).toBeGreaterThan(4);
  for (const event of told) expectNoCanary(canary, shown(event), 'an event');
  expect(messages.length).toBeGreaterThan(10);
  for (const message of messages) expectNoCanary(canary, shown(message), `the channel ${message.channel}`);
  for (const endpoint of [{ type: 'http', url }, ...endpointsWith(canary)]) {
    expectNoCanary(canary, urlOf({ ...registration.instance, endpoints: [endpoint] }), 'urlOf');
  }
});

prove(
  'G16',
  'a monitor whose checks send the secret, to a server that echoes it everywhere, does not tell it',
  async () => {
    const canary = createCanary();
    const server = createServer(({ headers: { authorization = '' } }, response) => {
      response.writeHead(500, authorization, { 'content-type': 'application/health+json', 'x-echo': authorization });
      response.end(JSON.stringify({ status: authorization, output: authorization }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const [endpoint] = endpointsWith(canary);
    const endpoints = [{ ...endpoint, type: 'http', url: `http://127.0.0.1:${port}/` }];
    const told: unknown[] = [];
    const registry = open({ directory: tempFolder(), onError: (error) => void told.push(error) });
    await registry.register({ name: 'api', kind: 'mcp', endpoints, health: { url: '/health' } });
    const checks = [{ check: 'http', withSecrets: true }, { check: 'mcp' }] as const;
    for (const [index, check] of checks.entries()) {
      const monitor = new HealthMonitor(registry, { checks: [check], failureThreshold: 1 });
      for (const type of ['transition', 'checked', 'suspend', 'error'] as const) {
        monitor.on(type, (...event: unknown[]) => void told.push(event, ...event));
      }
      const report = await monitor.round();
      expect(report.instances[0]?.lastFailure?.check).toBe(checks[index]?.check);
      monitor.suspend(report.instances[0]?.id ?? '', 'by hand');
      for (const value of [report, monitor, monitor.report()]) expectNoCanary(canary, shown(value), 'the monitor');
      await monitor.close();
    }
    expect(told.length).toBeGreaterThan(6);
    for (const event of told) expectNoCanary(canary, shown(event), 'an event of the monitor');
    await registry.close();
  },
);

prove('G16', 'a secret is not found by asking for it', async () => {
  const canary = createCanary();
  const registry = open({ directory: tempFolder() });
  await registry.register({ name: 'api', endpoints: endpointsWith(canary) });
  const path = 'endpoints.headers.value';
  for (const where of [{ [path]: canary }, { [path]: { $regex: canary.slice(0, 3) } }, { [path]: { $gte: canary } }]) {
    // `$gte` compares with what is shown.
    const found = await registry.discover({ where: { $and: [where, { [path]: { $ne: '[secret]' } }] } });
    expect(found).toEqual([]);
  }
});

prove('G16', 'no error of any code, thrown or reported, gives the secret away', async () => {
  const canary = createCanary();
  const endpoints = endpointsWith(canary);
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const directory = tempFolder();
  const registry = open({ directory, ttl: 1_000, onError });
  const codes = new Set<string | undefined>();
  const note = (error: Error & { code?: string }, where: string) => {
    codes.add(error.code);
    expectNoCanary(canary, shown(error), where);
  };
  const [endpoint] = endpoints;
  const bad: object[] = [
    { name: '' },
    { name: 'x', endpoints: [{ ...endpoint, url: `http://me:${canary}@localhost/` }] },
    { name: 'x', endpoints: [{ ...endpoint, url: `${canary}:x` }] },
    { name: 'x', endpoints: [{ ...endpoint, url: canary }] },
    { name: 'x', endpoints: [{ ...endpoint, type: '' }] },
    { name: 'x', endpoints: [{ ...endpoint, headers: [{ name: 'a', value: `${canary}\n`, isSecret: true }] }] },
    { name: 'x', endpoints: [{ ...endpoint, headers: [{ name: 'a', value: new Secret(`${canary}\n`) }] }] },
    { name: 'x', endpoints: [{ ...endpoint, headers: [{ name: `a ${canary}`, value: canary }] }] },
    { name: 'x', endpoints: [{ ...endpoint, headers: [{ name: 'a', value: [canary], isSecret: true }] }] },
    { name: 'x', endpoints: [{ ...endpoint, headers: [{ name: 'a', value: canary, isSecret: canary }] }] },
    { name: 'x', endpoints, status: canary },
    { name: 'x', endpoints, ttl: canary },
    { name: 'x', endpoints, metadata: { big: 'x'.repeat(70_000) } },
    { name: 'x', endpoints, metadata: { secret: new Secret(canary), deep: Number.NaN } },
  ];
  for (const [index, input] of bad.entries()) {
    note(await errorOf(registry.register(input as never)), `the refusal of input ${index}`);
  }
  const registration = await registry.register({ name: 'api', endpoints });
  for (const input of bad.slice(1)) {
    const { name: _, ttl: __, ...patch } = input as Record<string, unknown>;
    await registration.update(patch as never).catch((error) => note(error, 'the refusal of an update'));
  }
  note(await errorOf(registry.waitFor({ name: 'nobody' }, { timeout: 1 })), 'a timeout');
  note(await errorOf(registry.waitFor({ where: { 'endpoints.headers.value': 'x' } }, { timeout: 1 })), 'a timeout');
  note(await errorOf(registry.store.put(registration.id, canary, { ifAbsent: true })), 'a conflict');
  note(await errorOf(registry.store.put(registration.id, canary, { ifVersion: 'x' })), 'a conflict');

  // Taken by another; and its heartbeat hears of it, too.
  const path = join(directory, 'v1', `${registration.id}.json`);
  const entry = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify({ ...entry, process: { pid: 1 } }));
  note(await errorOf(registration.update({ endpoints })), 'a loss');
  await eventually('the heartbeat reports the loss', () => errors.length > 0);

  // Folders that cannot be written.
  const blocked = tempFolder();
  writeFileSync(join(blocked, 'v1'), canary);
  note(
    await errorOf(open({ directory: blocked, onError }).register({ name: 'x', endpoints })),
    'a store without folder',
  );
  for (const code of ['ENOSPC', 'EROFS', 'EIO', 'EACCES', 'EMFILE']) {
    const fail = () => {
      throw Object.assign(new Error(code), { code });
    };
    const fs = { ...(await import('node:fs')).default, writeSync: fail as never };
    const full = open({ directory: tempFolder(), fs, onError });
    note(await errorOf(full.register({ name: 'x', endpoints })), code);
  }
  // What fails later, in the background: heartbeats, looks, and the default: a warning of the process.
  const warnings: Error[] = [];
  const warn = (warning: Error) => void warnings.push(warning);
  process.on('warning', warn);
  onTestFinished(() => void process.off('warning', warn));
  const store = new FaultyStore(open({ directory: tempFolder() }).store);
  const failed = open({ store, ttl: 1_000 });
  await failed.register({ name: 'api', endpoints });
  const watcher = failed.watch();
  const looks: unknown[] = [];
  watcher.on('error', (error) => void looks.push(error));
  await eventually('it has looked', () => watcher.isReady);
  for (const method of ['put', 'get', 'list', 'touch'] as const) store.before[method] = failing();
  await eventually('heartbeat and look have failed', () => warnings.length > 0 && looks.length > 0);
  store.reset();
  for (const error of [...errors, ...warnings, ...looks]) note(error as Error, 'an error of the background');
  await failed.close();
  note(await errorOf(failed.register({ name: 'x', endpoints })), 'a closed registry');
  expect([...codes].sort()).toEqual([
    'ROLLCALL_CLOSED',
    'ROLLCALL_CONFLICT',
    'ROLLCALL_INVALID',
    'ROLLCALL_LOST',
    'ROLLCALL_STORE',
    'ROLLCALL_TIMEOUT',
  ]);
});

/** Texts of entries that cannot be read, each with the secret in the worst place. */
function illegibleWith(canary: string, id: string, whole: Record<string, unknown>): string[] {
  const json = (changes: object) => JSON.stringify({ ...whole, id, ...changes });
  const cut = json({});
  const at = cut.indexOf(canary);
  const header = (given: object) => ({ endpoints: [{ type: 'http', url, headers: [given] }] });
  return [
    cut.slice(0, at + 20),
    cut.slice(0, at + canary.length),
    `${cut.slice(0, at)}"${cut.slice(at)}`,
    `${cut.slice(0, at + 3)}\n${cut.slice(at + 3)}`,
    canary,
    `"${canary}"`,
    `{${canary}`,
    `{"${canary}":1}`,
    `["${canary}"]`,
    json({ format: canary }),
    json({ format: 2, [canary]: canary }),
    json({ id: canary }),
    json({ id: `${canary}-${id.slice(-26)}`, name: canary }),
    json({ name: canary.repeat(3) }),
    json({ process: canary }),
    json({ process: { pid: canary } }),
    json({ status: canary }),
    json({ ttl: canary }),
    json({ registeredAt: canary }),
    json({ tags: [[canary]] }),
    json({ endpoints: canary }),
    json({ endpoints: [canary] }),
    json({ endpoints: [{ type: 'http', url: canary }] }),
    json({ endpoints: [{ type: 'http', url: `${canary}:x` }] }),
    json({ endpoints: [{ type: 'http', url: `http://me:${canary}@localhost/` }] }),
    json({ endpoints: [{ type: canary }] }),
    json({ endpoints: [{ type: canary.repeat(3), url }] }),
    json(header({ name: `${canary} x`, value: canary })),
    json(header({ name: 'a', value: `${canary}\n`, isSecret: true })),
    json(header({ name: 'a', value: canary, isSecret: canary })),
    json(header({ name: 'a', value: { [canary]: canary } })),
    // The one number that JSON can write and cannot mean: a problem below a key of the writer's own.
    json({ metadata: { [canary]: 0 } }).replace(`"${canary}":0`, `"${canary}":1e999`),
    json({ mcp: { a: { [canary]: 0 } } }).replace(`"${canary}":0`, `"${canary}":1e999`),
    json({ health: { [canary]: 0 } }).replace(`"${canary}":0`, `"${canary}":1e999`),
    json({ [canary]: 'x'.repeat(70_000) }),
    `{"a":${`{"${canary}":`.repeat(40)}1${'}'.repeat(40)}}`,
  ];
}

async function planted() {
  const canary = createCanary();
  const directory = tempFolder();
  const registry = open({ directory, onError: () => {} });
  const filters = { kind: 'x', tags: ['y'], capabilities: ['z'], cwd: '/' };
  const { id } = await registry.register({ name: 'api', ...filters, endpoints: endpointsWith(canary) });
  const whole = JSON.parse(readFileSync(join(directory, 'v1', `${id}.json`), 'utf8'));
  const plant = (name: string, make: (id: string) => string) => {
    const other = createId(name);
    writeFileSync(join(directory, 'v1', `${other}.json`), make(other), { mode: 0o600 });
    return other;
  };
  const broken = illegibleWith(canary, id, whole).map((_, index) =>
    plant('api', (other) => illegibleWith(canary, other, whole)[index] ?? ''),
  );
  // Of a process that has ended, and of one that cannot be judged.
  plant('api', (other) => JSON.stringify({ ...whole, id: other, process: { ...whole.process, start: '1' } }));
  plant('api', (other) => JSON.stringify({ ...whole, id: other, process: { pid: 1, machine: 'far' } }));
  return { canary, directory, registry, broken, words: { NAME: 'api', ID: id, BROKEN: broken[0] ?? '' } };
}

prove('G16', 'of an entry that cannot be read, no piece is told', async () => {
  const { canary, registry, broken } = await planted();
  const sightings = await registry.inspect();
  const illegible = sightings.filter(({ verdict }) => verdict === 'illegible').map(({ id }) => id);
  expect(illegible.sort()).toEqual([...broken].sort());
  for (const sighting of sightings)
    expectNoCanary(canary, shown(sighting), `the reason "${sighting.reason.slice(0, 20)}"`);
  expectNoCanary(canary, shown(await registry.reap()), 'reap');
  expectNoCanary(canary, shown(await errorOf(registry.waitFor({ name: 'no' }, { timeout: 1 }))), 'a timeout');
});

prove(
  'G16',
  'no message on any channel of diagnostics_channel tells a secret, or a piece of what is broken',
  async () => {
    const messages = listen();
    const { canary, directory, registry } = await planted();
    const endpoints = endpointsWith(canary);
    const registration = await registry.register({ name: 'api', endpoints });
    const watcher = registry.watch();
    await eventually('it has looked', () => watcher.isReady);
    await registration.update({ title: 'x' });
    // Broken where the secret stands, under the eyes of all.
    const text = readFileSync(join(directory, 'v1', `${registration.id}.json`), 'utf8');
    await registry.store.put(registration.id, text.slice(0, text.indexOf(canary) + 20));
    await eventually('the watcher tells', () =>
      messages.some((message) => 'previous' in message && message.previous === 'alive' && message.by === 'watcher'),
    );
    await registry.discover({ where: { 'endpoints.headers.name': 'X-Key' } });
    await registry.pick({ where: { 'endpoints.headers.value': new Secret(canary) } as never }).catch(() => {});
    await registry.inspect();
    await registry.reap();
    await registry.register({ name: 'api', endpoints, tags: [canary.repeat(9)] }).catch(() => {});
    // Called, and asked, with the secret; nobody is there.
    await registry.register({ name: 'called', endpoints, health: { url: `/?${canary}` } });
    const checks = [{ check: 'http', withSecrets: true }] as const;
    const monitor = new HealthMonitor(registry, { query: { name: 'called' }, checks, failureThreshold: 1 });
    await monitor.round();
    const router = createRouter(registry);
    const refused = await errorOf(router.fetch({ name: 'called' }, '/', { timeout: 2_000 }));
    expect(refused).toMatchObject({ code: 'ROLLCALL_UNANSWERED' });
    for (const value of [refused, router, monitor.report()]) expectNoCanary(canary, shown(value), 'a call that failed');
    await router.close();
    await registry.close();
    expect([...new Set(messages.map(({ channel }) => channel))].sort()).toEqual([
      'rollcall:deregister',
      'rollcall:discover',
      'rollcall:health',
      'rollcall:reap',
      'rollcall:register',
      'rollcall:route',
      'rollcall:verdict',
    ]);
    expect(
      messages.filter((message) => 'verdict' in message && message.verdict === 'illegible').length,
    ).toBeGreaterThan(30);
    for (const message of messages) expectNoCanary(canary, shown(message), `the channel ${message.channel}`);
  },
);

prove('G16', 'no command, on a terminal or in a pipe, in success or failure, tells the secret', async () => {
  const { canary, directory, words } = await planted();
  for (const isTTY of [false, true]) {
    for (const args of linesOf(words)) {
      if (endless.has(args[0] ?? '')) continue;
      const { out, err } = await cliHere(directory, args, isTTY);
      expectNoCanary(canary, `${out}${err}`, `rollcall ${args.join(' ')}`);
    }
  }
  expect((await cliHere(directory, ['get', words.ID])).out).toContain('Authorization: [secret]');
  expect((await cliHere(directory, ['get', words.ID, '--json'])).out).toContain('[secret]');
});

prove('G16', 'no configuration that is exported holds the secret, unless it was asked for', async () => {
  const { canary, directory, registry } = await planted();
  const endpoints = endpointsWith(canary).map((endpoint) => ({ ...endpoint, type: 'streamable-http' }));
  await registry.register({ name: 'weather', endpoints });
  for (const host of hosts) {
    for (const isTTY of [false, true]) {
      const { out, err } = await cliHere(directory, ['export', '--client', host], isTTY);
      expectNoCanary(canary, `${out}${err}`, `rollcall export --client ${host}`);
      expect(err).toMatch(/The header X-Key of weather-\S+ is left out: it is secret/);
    }
    const asked = await cliHere(directory, ['export', '--client', host, '--secrets']);
    expect(asked.out).toContain(`Bearer ${canary}`);
    expectNoCanary(canary, asked.err, 'what is said beside it');
  }
});

prove(
  'G16',
  'no command on a real terminal, watching or not, tells the secret; nor does its command line',
  async () => {
    const { canary, directory, registry, words } = await planted();
    const watching = ['', '--json'].flatMap((flag) => [
      startOnTerminal(directory, `watch ${flag}`),
      startCli(directory, ['watch', ...flag.split(' ').filter(Boolean)]),
    ]);
    await Promise.all(watching.map((running) => running.line(/api/)));
    for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
      // Some have ended since.
      expectNoCanary(
        canary,
        attempt(() => readFileSync(`/proc/${name}/cmdline`, 'utf8')),
        'a command line',
      );
    }
    const second = await registry.register({ name: 'api', endpoints: endpointsWith(canary) });
    const piped = watching.filter((_, index) => index % 2 === 1);
    const allTell = (what: string) =>
      Promise.all(piped.map((running) => running.line(new RegExp(`${what}.*${second.id}`))));
    await allTell('add');
    await second.update({ title: 'x' });
    await allTell('change');
    await second.deregister();
    await allTell('remove');
    for (const running of watching) running.interrupt();
    const texts = await Promise.all(watching.map((running) => outcomeOf(running)));
    for (const words_ of ['list --all', `get ${words.ID}`, `get ${words.BROKEN}`, 'doctor']) {
      texts.push(await outcomeOf(startOnTerminal(directory, words_)));
    }
    for (const { out, err } of texts) expectNoCanary(canary, out + err, 'a command on a terminal');
  },
  { needs: ['linux', 'script'] },
);

prove(
  'G16',
  'rollcall run hands the environment on, and tells nobody of it',
  async () => {
    const canary = createCanary();
    const directory = tempFolder();
    const program = `require('node:http').createServer().listen(process.env.PORT);console.log('has', process.env.TOKEN.length)`;
    const file = join(tempFolder(), 'server.cjs');
    writeFileSync(file, program);
    const args = ['run', '--name', 'api', '--url', 'http://127.0.0.1:{port}', '--', process.execPath, file];
    const running = startCli(directory, args, { TOKEN: canary });
    await running.line(/^has 40/);
    const registry = open({ directory });
    const instance = await registry.waitFor({ name: 'api' }, { timeout: 10_000 });
    expectNoCanary(canary, readFileSync(join(directory, 'v1', `${instance.id}.json`), 'utf8'), 'the entry');
    for (const pid of [running.pid, instance.process.pid]) {
      expectNoCanary(canary, readFileSync(`/proc/${pid}/cmdline`, 'utf8'), 'a command line');
    }
    running.interrupt();
    const { out, err } = await outcomeOf(running);
    expectNoCanary(canary, out + err, 'rollcall run');
    const failed = startCli(directory, ['run', '--name', 'api', '--url', url, '--', '/nowhere/program'], {
      TOKEN: canary,
    });
    const end = await outcomeOf(failed);
    expect(end.code).not.toBe(0);
    expectNoCanary(canary, end.out + end.err, 'rollcall run of nothing');
  },
  { needs: ['linux'] },
);

prove(
  'G16',
  'the hub tells its host no secret, of servers that let it in or not, and writes none elsewhere',
  async () => {
    const { canary, directory, registry } = await planted();
    const { name } = await startMember({ directory }, { flavour: 'v2-http', env: { TOKEN: canary } });
    const endpoints = endpointsWith(canary).map((endpoint) => ({ ...endpoint, type: 'streamable-http' }));
    await registry.register({ name: 'weather', endpoints });
    const refusing = await startMember({ directory }, '401');
    await registry.register({ name: 'closed', endpoints: refusing.instance.endpoints.map(withHeader(canary)) });
    const host = await new RawHost(directory, ['--expose', 'direct']).open();
    for (const list of ['tools/list', 'resources/list', 'resources/templates/list', 'prompts/list', 'instances/list']) {
      expect(await host.ask(list)).toHaveProperty('result');
    }
    // With the secret it is let in.
    expect(JSON.stringify(await host.call('v2_http__echo', { text: 'let in' }))).toContain('let in');
    expect(name).toBe('v2-http');
    for (const instance of ['weather', 'closed', 'v2_http', 'api', 'nobody']) {
      await host.call('rollcall_call', { instance, tool: 'echo', arguments: {} });
      await host.call('rollcall_tools', { instance });
    }
    await host.call('rollcall_instances');
    await host.ask('resources/read', { uri: 'rollcall://closed/test://x' });
    host.hub.child.stdin?.end();
    await host.hub.ended;
    expectNoCanary(canary, host.bytes, 'what the hub writes to stdout');
    expectNoCanary(canary, host.hub.errors(), 'what the hub writes to stderr');
  },
);

const withHeader =
  (canary: string) =>
  ({ type, url }: Endpoint): Endpoint => ({
    type,
    url,
    headers: [{ name: 'Authorization', value: `Bearer ${canary}`, isSecret: true }],
  });
