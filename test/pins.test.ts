/** What must not change by accident: names, codes, numbers, the layout on disk, and what an import does. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import * as health from '../src/health/index.js';
import * as rollcall from '../src/index.js';
import * as mcp from '../src/mcp/index.js';
import * as route from '../src/route/index.js';
import * as schema from '../src/schema.js';
import * as testing from '../src/testing/index.js';
import { root, start } from './support/processes.js';
import { tempFolder } from './support/temp.js';

test('the names of the public surface', () => {
  expect(Object.keys(rollcall).sort()).toEqual([
    'DEFAULT_TTL',
    'FORMAT',
    'FileStore',
    'LARGEST_ENTRY',
    'MemoryStore',
    'Reaper',
    'Registration',
    'Registry',
    'RollcallError',
    'Secret',
    'Watcher',
    'claim',
    'defaultRegistry',
    'discover',
    'ensure',
    'errorCodes',
    'explain',
    'get',
    'isRollcallError',
    'isSecret',
    'pick',
    'register',
    'resolveDirectory',
    'urlOf',
    'waitFor',
    'watch',
  ]);
});

test('the names of rollcall/schema', () => {
  expect(Object.keys(schema).sort()).toEqual(['entrySchema', 'jsonSchema', 'patchSchema', 'registrationSchema']);
});

test('the names of rollcall/mcp', () => {
  expect(Object.keys(mcp).sort()).toEqual([
    'Announcement',
    'Announcing',
    'Connection',
    'Guard',
    'StdioAnnouncement',
    'announce',
    'announceStdio',
    'connect',
    'probe',
  ]);
  expect(typesIn('src/mcp/index.ts')).toEqual([
    'AnnounceOptions',
    'AnnounceStdioOptions',
    'AnnouncedEntry',
    'Answer',
    'ConnectOptions',
    'ConnectionEvents',
    'GuardOptions',
    'Listener',
    'ProbeOptions',
    'Refusal',
    'StdioTransport',
  ]);
});

test('the names of rollcall/health', () => {
  expect(Object.keys(health).sort()).toEqual(['HealthMonitor', 'restart']);
  expect(typesIn('src/health/index.ts')).toEqual([
    'CheckFunction',
    'CheckName',
    'CheckRequest',
    'Checkup',
    'Finding',
    'Healer',
    'HealerOptions',
    'Health',
    'HealthSource',
    'HealthStatus',
    'HttpCheck',
    'Level',
    'Limits',
    'LoadCheck',
    'MonitorEvents',
    'MonitorOptions',
    'Outcome',
    'Placing',
    'PlainCheck',
    'Report',
    'RestartOptions',
    'Suspension',
    'Transition',
  ]);
});

test('the names of rollcall/route', () => {
  expect(Object.keys(route).sort()).toEqual(['createRouter', 'isRefused']);
  expect(typesIn('src/route/index.ts')).toEqual([
    'Attempt',
    'AttemptContext',
    'CallOptions',
    'HealthWeights',
    'LeftOut',
    'RouteOptions',
    'RouteRequest',
    'RouteStrategy',
    'Router',
    'RouterEvents',
    'RouterOptions',
    'Rule',
    'Rules',
    'Staleness',
    'ToolOptions',
    'ToolProgress',
  ]);
});

test('the names of rollcall/testing', () => {
  expect(Object.keys(testing).sort()).toEqual([
    'FakeClock',
    'FakeProbe',
    'FaultyStore',
    'MemoryStore',
    'createCluster',
    'failing',
    'gate',
    'settle',
    'testStore',
    'withTempRegistry',
  ]);
  expect(typesIn('src/testing/index.ts')).toEqual([
    'Act',
    'Cluster',
    'ClusterOptions',
    'Gate',
    'OptionalMethod',
    'Place',
    'RunnerTest',
    'SimulatedInstance',
    'SimulatedState',
    'StoreArea',
    'StoreMethod',
    'StoreTestOptions',
    'Which',
  ]);
});

/** The names of the types that a file exports. */
function typesIn(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const types = [...text.matchAll(/export (type )?\{([^}]*)\}/g)].flatMap(([, isType, names = '']) =>
    names
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '' && (isType !== undefined || name.startsWith('type ')))
      .map((name) => name.replace(/^type /, '')),
  );
  return types.sort();
}

test('the types of the public surface', () => {
  expect(typesIn('src/index.ts')).toEqual([
    'Abortable',
    'ActiveServer',
    'Change',
    'Chooser',
    'Claim',
    'ClaimOptions',
    'Clock',
    'Comparison',
    'DeleteCondition',
    'Directory',
    'DiscoverOptions',
    'Endpoint',
    'EnsureOptions',
    'ExactFileStats',
    'ExitOptions',
    'Explanation',
    'Failed',
    'FileStats',
    'FileStoreOptions',
    'FileSystem',
    'Folder',
    'Follower',
    'Header',
    'IdleOptions',
    'Instance',
    'Lease',
    'LeaseOptions',
    'ListOptions',
    'ListedEntry',
    'Look',
    'Messages',
    'Nearness',
    'PickOptions',
    'PickState',
    'Probe',
    'Problem',
    'ProcessIdentity',
    'PutCondition',
    'Query',
    'ReapOptions',
    'ReapResult',
    'RegisterOptions',
    'RegistrationInput',
    'RegistrationPatch',
    'RegistryOptions',
    'Relation',
    'RemoveReason',
    'RollcallErrorCode',
    'RollcallErrorDetails',
    'Sighting',
    'Staleness',
    'Starter',
    'Status',
    'Store',
    'StoreEntry',
    'StoreTraits',
    'Strategy',
    'StrategyName',
    'Timer',
    'Unwatch',
    'Verdict',
    'WaitOptions',
    'WatcherEvents',
    'Where',
    'World',
  ]);
});

test('the codes of errors', () => {
  expect(Object.keys(rollcall.errorCodes).sort()).toEqual([
    'ROLLCALL_CLOSED',
    'ROLLCALL_CONFLICT',
    'ROLLCALL_FAILED',
    'ROLLCALL_GONE',
    'ROLLCALL_INVALID',
    'ROLLCALL_LOST',
    'ROLLCALL_STORE',
    'ROLLCALL_TIMEOUT',
    'ROLLCALL_UNANSWERED',
    'ROLLCALL_UNREACHABLE',
  ]);
});

test('the numbers', () => {
  expect([rollcall.FORMAT, rollcall.DEFAULT_TTL, rollcall.LARGEST_ENTRY]).toEqual([1, 45_000, 65_536]);
});

test('the brands by which copies of the package know each other', () => {
  const error = new rollcall.RollcallError('ROLLCALL_CLOSED', '', {});
  expect(Reflect.get(error, Symbol.for('rollcall.error'))).toBe(true);
  expect(Reflect.get(new rollcall.Secret(''), Symbol.for('rollcall.secret'))).toBe(true);
});

test('the layout on disk and the keys of an entry', async () => {
  const directory = tempFolder();
  const registry = new rollcall.Registry({ directory });
  onTestFinished(() => registry.close());
  const { id, instance } = await registry.register({
    name: 'weather',
    title: 'Weather',
    version: '2.1.0',
    description: 'x',
    kind: 'mcp',
    endpoints: [
      {
        type: 'streamable-http',
        url: 'http://127.0.0.1:7778/mcp',
        headers: [{ name: 'Authorization', value: 'Bearer x', isSecret: true }],
        supportedProtocolVersions: ['2026-07-28'],
      },
      { type: 'unix', socketPath: '/run/x.sock' },
    ],
    capabilities: ['weather.current'],
    tags: ['gpu'],
    metadata: { region: 'us-west-2' },
    mcp: { capabilities: {} },
    health: { url: '/health' },
    status: 'ready',
    cwd: '/home/me/project',
    ttl: 45_000,
  });
  expect(id).toMatch(/^weather-[0-9a-z]{26}$/);
  expect(readdirSync(join(directory, 'v1')).sort()).toEqual(['.drafts', '.locks', `${id}.json`]);
  const text = readFileSync(join(directory, 'v1', `${id}.json`), 'utf8');
  const entry = JSON.parse(text);
  const { process: owner, ...rest } = entry;
  expect(rest).toEqual({
    format: 1,
    id,
    name: 'weather',
    title: 'Weather',
    version: '2.1.0',
    description: 'x',
    kind: 'mcp',
    endpoints: [
      {
        type: 'streamable-http',
        url: 'http://127.0.0.1:7778/mcp',
        headers: [{ name: 'Authorization', value: 'Bearer x', isSecret: true }],
        supportedProtocolVersions: ['2026-07-28'],
      },
      { type: 'unix', socketPath: '/run/x.sock' },
    ],
    capabilities: ['weather.current'],
    tags: ['gpu'],
    metadata: { region: 'us-west-2' },
    mcp: { capabilities: {} },
    health: { url: '/health' },
    status: 'ready',
    cwd: '/home/me/project',
    registeredAt: instance.registeredAt,
    updatedAt: instance.registeredAt,
    ttl: 45_000,
  });
  expect(instance.registeredAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  if (process.platform !== 'linux') return;
  expect(Object.keys(owner).sort()).toEqual(
    ['boot', 'host', 'machine', 'pid', 'pidNamespace', 'start', 'timeNamespace', 'uid'].sort(),
  );
});

/**
 * Runs a program in a process of its own, in which rollcall is the package as built, and gives what it did:
 * the modules it loaded, ES modules by a hook and CommonJS by the cache of `require`, and what it printed.
 */
async function observe(program: string) {
  const home = tempFolder();
  const hook = `
    import { appendFileSync } from 'node:fs';
    export async function load(url, context, next) {
      appendFileSync(${JSON.stringify(join(home, 'loaded'))}, url + '\\n');
      return next(url, context);
    }`;
  const preload = `
    import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hook)}));`;
  const script = `
    import { createRequire } from 'node:module';
    const look = () => ({
      listeners: process.eventNames().map((name) => [String(name), process.listenerCount(name)]).sort(),
      resources: process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap' && name !== 'CloseReq').sort(),
      // zod keeps its registry there.
      globals: Object.getOwnPropertyNames(globalThis).filter((name) => !name.startsWith('__zod_')).sort(),
      emit: process.emit.toString(),
      reallyExit: process.reallyExit.toString(),
      exitCode: String(process.exitCode),
    });
    const before = look();
    ${program}
    // A file or two may still be on its way to be closed.
    for (let turn = 0; turn < 500 && look().resources.length > before.resources.length; turn++) {
      await new Promise(setImmediate);
    }
    const required = Object.keys(createRequire(import.meta.url).cache);
    console.log(JSON.stringify({ before, after: look(), required }));`;
  const args = ['--import', `data:text/javascript,${encodeURIComponent(preload)}`, '--input-type=module', '-e', script];
  const running = start(process.execPath, args, { HOME: home, XDG_DATA_HOME: '', ROLLCALL_DIR: '' });
  expect(await running.ended, running.errors()).toEqual({ code: 0, signal: null });
  expect(running.errors()).toBe('');
  const { before, after, required } = JSON.parse(running.lines.at(-1) ?? '');
  const loaded = readFileSync(join(home, 'loaded'), 'utf8')
    .split('\n')
    .filter((url) => url !== '');
  const packages = new Set(
    [...loaded, ...required].flatMap((url) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []),
  );
  const files = readdirSync(home, { recursive: true })
    .map(String)
    .filter((name) => name !== 'loaded');
  return { before, after, packages: [...packages].sort(), loaded, files, lines: running.lines.slice(0, -1) };
}

describe('a guest in the process of its host', () => {
  const seldom = ['pidusage', 're2js', 'sift'];

  test('importing it loads no package, not even the schemas, and leaves no trace', async () => {
    const { before, after, packages, loaded, files, lines } = await observe(`await import('rollcall');`);
    expect(packages).toEqual([]);
    expect(loaded.length).toBeGreaterThan(1);
    expect(loaded.filter((url) => /schema|decode/.test(url))).toEqual([]);
    expect(after).toEqual(before);
    expect(files).toEqual([]);
    expect(lines).toEqual([]);
  });

  test.each(['rollcall/testing', 'rollcall/mcp', 'rollcall/route'])(
    'importing %s does not, either: no file, no listener',
    async (name) => {
      const { before, after, packages, files, lines } = await observe(`await import('${name}');`);
      expect(packages).toEqual([]);
      expect(after).toEqual(before);
      expect(files).toEqual([]);
      expect(lines).toEqual([]);
    },
  );

  test('making a registry and a watcher that is closed at once leaves no trace either', async () => {
    const { before, after, packages, files } = await observe(`
      const { Registry } = await import('rollcall');
      const registry = new Registry();
      await registry.watch().close();
      await registry.close();`);
    expect(packages.filter((name) => seldom.includes(name))).toEqual([]);
    expect(after).toEqual(before);
    expect(files).toEqual([]);
  });

  test('registering, discovering and picking load no more than they need, and keep nothing alive', async () => {
    const { before, after, packages } = await observe(`
      const { register, discover, pick } = await import('rollcall');
      const registration = await register({ name: 'weather', status: 'starting' });
      if ((await discover({ name: 'weather' })).length !== 1) throw new Error('not found');
      await pick();`);
    expect(packages.filter((name) => seldom.includes(name))).toEqual([]);
    expect(packages).toEqual(expect.arrayContaining(['env-paths']));
    // Its heartbeat is a timer that does not count, and its process ended with 0 by itself.
    expect(after.resources).toEqual(before.resources);
    expect([after.emit, after.reallyExit, after.exitCode]).toEqual([before.emit, before.reallyExit, before.exitCode]);
  });

  test('after a whole life, with updates, watchers and conditions, nothing of it is left', async () => {
    const { before, after, packages } = await observe(`
      const { Registry } = await import('rollcall');
      const registry = new Registry();
      const registration = await registry.register({ name: 'weather', status: 'starting' });
      for await (const { type } of registry.watch({ where: { name: { $regex: '^w' } } })) {
        // A second later it hears by itself.
        if (type === 'add') setTimeout(() => registration.update({ title: 'x' }), 1_000);
        else break;
      }
      await registration.deregister();
      await registry.close();`);
    expect(packages).toEqual(expect.arrayContaining(['re2js', 'sift']));
    expect(after).toEqual(before);
  });
});
