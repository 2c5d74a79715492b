/** The command line, command by command: what it prints where, and what it exits with. */

import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type RegistrationInput, Registry } from '../../src/index.js';
import { identifySelf } from '../../src/process/identity.js';
import { cli, outcomeOf, startCli } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { start } from '../support/processes.js';
import { tempFolder } from '../support/temp.js';

const http = (port: number) => [{ type: 'http', url: `http://127.0.0.1:${port}` }];

/** A registry with these instances in it, all of this process. */
async function registryOf(...inputs: RegistrationInput[]) {
  const directory = tempFolder();
  const registry = new Registry({ directory });
  onTestFinished(() => registry.close());
  const registrations = [];
  for (const input of inputs) registrations.push(await registry.register(input));
  return { directory, registry, registrations };
}

/** An entry of another process, as a foreign writer would leave it. */
function plant(directory: string, name: string, process: object, renewedAt = new Date()): string {
  const id = `${name}-${'7'.repeat(26)}`;
  const entry = { format: 1, id, name, endpoints: http(4000), registeredAt: new Date().toISOString(), process };
  const path = join(directory, 'v1', `${id}.json`);
  writeFileSync(path, JSON.stringify(entry), { mode: 0o600 });
  utimesSync(path, renewedAt, renewedAt);
  return path;
}

test('with nothing registered, a person is told so, a program gets [], and nothing is made', async () => {
  const directory = join(tempFolder(), 'none');
  expect(await cli(directory)).toEqual({ code: 0, signal: null, out: '', err: 'Nothing is running.\n' });
  expect(await cli(directory, 'list', '--json')).toMatchObject({ code: 0, out: '[]\n', err: '' });
  expect(existsSync(directory)).toBe(false);
});

test('list shows the columns, --json one array, and filters narrow it', async () => {
  const { directory } = await registryOf(
    { name: 'api', kind: 'http', endpoints: http(3001), tags: ['gpu'], capabilities: ['api.v1'], cwd: '/projects/a' },
    { name: 'web', endpoints: http(3002), status: 'draining' },
  );
  const { out, code } = await cli(directory, 'list');
  expect(code).toBe(0);
  const [header, first, second, ...rest] = out.split('\n');
  expect(header?.trim().split(/ +/)).toEqual(['NAME', 'STATUS', 'KIND', 'URL', 'PID', 'UPTIME', 'CWD']);
  expect(first).toMatch(new RegExp(`^api +ready +http +http://127.0.0.1:3001 +${process.pid} +\\d+s +/projects/a$`));
  expect(second).toMatch(/^web +draining +- +http:\/\/127.0.0.1:3002/);
  expect(rest).toEqual(['']);

  const names = async (...args: string[]) =>
    JSON.parse((await cli(directory, 'list', '--json', ...args)).out).map(({ name }: { name: string }) => name);
  expect(await names()).toEqual(['api', 'web']);
  expect(await names('api')).toEqual(['api']);
  expect(await names('*')).toEqual(['api', 'web']);
  expect(await names('--tag', 'gpu')).toEqual(['api']);
  expect(await names('--kind', 'http')).toEqual(['api']);
  expect(await names('--capability', 'api.*')).toEqual(['api']);
  expect(await names('--status', 'draining')).toEqual(['web']);
  expect(await names('--cwd', '/projects/b/../a/')).toEqual(['api']);
  expect(await cli(directory, 'list', 'nope')).toMatchObject({ code: 0, out: '', err: 'Nothing that runs matches.\n' });
});

test('list --all shows the stale, the dead and the illegible with the reason', async () => {
  const { directory } = await registryOf({ name: 'living', endpoints: http(3001) });
  const self = identifySelf();
  plant(directory, 'reused', { ...self, start: '1' });
  plant(directory, 'far', { ...self, machine: 'another', host: 'elsewhere' }, new Date(Date.now() - 60_000));
  writeFileSync(join(directory, 'v1', 'broken.json'), '{', { mode: 0o600 });
  expect((await cli(directory, 'list')).out.split('\n')).toHaveLength(3);
  const { out } = await cli(directory, 'list', '--all');
  expect(out).toMatch(/^living +ready .* is running$/m);
  expect(out).toMatch(/^reused +dead .* belongs to another process now$/m);
  expect(out).toMatch(/^far +stale .* another machine \(elsewhere\); last heartbeat \d+ s ago, ttl 45 s$/m);
  expect(out).toMatch(/^broken +illegible .* is not JSON$/m);
  const json = JSON.parse((await cli(directory, 'list', '--all', '--json')).out);
  expect(json.map(({ verdict }: { verdict: string }) => verdict).sort()).toEqual([
    'alive',
    'dead',
    'illegible',
    'stale',
  ]);
});

test('get finds by name, id, and the beginning of an id; the newest of several', async () => {
  const { directory, registrations } = await registryOf(
    { name: 'api', endpoints: http(3001), metadata: { which: 'first' } },
    { name: 'api', endpoints: http(3002), metadata: { which: 'second' } },
  );
  const [first, second] = registrations;
  const byName = await cli(directory, 'get', 'api');
  expect(byName).toMatchObject({ code: 0, err: expect.stringContaining(`2 instances are named api`) });
  expect(byName.out).toContain(second?.id);
  expect(byName.out).toMatch(/^usage +[\d.]+ % of a core, [\d.]+ MiB$/m);
  expect((await cli(directory, 'get', first?.id ?? '')).out).toContain('"which":"first"');
  const shortest = [...(first?.id ?? '')].findIndex((letter, index) => letter !== second?.id[index]) + 1;
  expect((await cli(directory, 'get', (first?.id ?? '').slice(0, shortest))).out).toContain('"which":"first"');
  expect(JSON.parse((await cli(directory, 'get', 'api', '--json')).out)).toMatchObject({
    id: second?.id,
    verdict: 'alive',
  });
  expect(await cli(directory, 'get', 'api-')).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringMatching(/several ids/),
  });
  expect(await cli(directory, 'get', 'nope')).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringMatching(/There are: api/),
  });
});

test('url prints one URL and nothing else; without one it fails and says what there is', async () => {
  const { directory } = await registryOf(
    {
      name: 'api',
      endpoints: [
        { type: 'http', url: 'http://127.0.0.1:3001' },
        { type: 'ws', url: 'ws://127.0.0.1:3002' },
      ],
    },
    { name: 'api', endpoints: http(3009), status: 'draining' },
    { name: 'local', endpoints: [{ type: 'stdio' }] },
  );
  expect(await cli(directory, 'url', 'api')).toEqual({
    code: 0,
    signal: null,
    out: 'http://127.0.0.1:3001\n',
    err: '',
  });
  expect((await cli(directory, 'url', 'api', '--type', 'ws')).out).toBe('ws://127.0.0.1:3002\n');
  expect(await cli(directory, 'url', 'local')).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining('stdio'),
  });
  expect(await cli(directory, 'url', 'nope')).toMatchObject({ code: 1, out: '' });
});

test('wait ends as soon as there is one; with 124 and what it saw if there is none in time', async () => {
  const { directory, registry } = await registryOf({ name: 'other', endpoints: http(3001) });
  const waiting = startCli(directory, ['wait', 'api', '--timeout', '30s']);
  const late = await cli(directory, 'wait', 'api', '--timeout', '100ms');
  expect(late).toMatchObject({ code: 124, out: '', err: expect.stringMatching(/within 100 ms.*\n.*name is other/) });
  await registry.register({ name: 'api', endpoints: http(3002) });
  expect(await outcomeOf(waiting)).toMatchObject({ code: 0, out: 'http://127.0.0.1:3002\n' });
});

test('prune --dry-run only says, prune does; nothing else is removed', async () => {
  const { directory } = await registryOf({ name: 'living', endpoints: http(3001) });
  const dead = plant(directory, 'reused', { ...identifySelf(), start: '1' });
  const far = plant(directory, 'far', { ...identifySelf(), machine: 'another' }, new Date(0));
  expect((await cli(directory, 'prune', '--dry-run')).out).toMatch(/^would remove reused-7+: pid \d+ belongs/);
  expect(existsSync(dead)).toBe(true);
  const { out, err, code } = await cli(directory, 'prune');
  expect({ out, err, code }).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^removed reused/),
    err: expect.stringMatching(/^1 dead, 2 kept/),
  });
  expect([existsSync(dead), existsSync(far)]).toEqual([false, true]);
  expect(JSON.parse((await cli(directory, 'prune', '--json')).out)).toEqual([]);
});

test('doctor says where, why and how it is, and exits with 1 if something needs a hand', async () => {
  const { directory } = await registryOf({ name: 'living', endpoints: http(3001) });
  const well = await cli(directory, 'doctor');
  expect(well.code).toBe(0);
  expect(well.out).toContain(`${directory} (ROLLCALL_DIR in the environment)`);
  expect(well.out).toMatch(/^permissions +0700, yours$/m);
  expect(well.out).toMatch(/^entries +1 alive, 0 stale, 0 dead, 0 illegible$/m);
  expect(well.out).toContain('All is well.');

  const broken = join(directory, 'v1', 'broken.json');
  writeFileSync(broken, 'garbage', { mode: 0o600 });
  const orphan = join(directory, 'v1', '.drafts', `api-${'7'.repeat(26)}.json.12345`);
  writeFileSync(orphan, '');
  utimesSync(orphan, new Date(0), new Date(0));
  const ill = await cli(directory, 'doctor');
  expect(ill.code).toBe(1);
  expect(ill.out).toContain(`${broken}: is not JSON`);
  expect(ill.out).toMatch(/^leftovers +1 of crashed writers/m);
  expect(JSON.parse((await cli(directory, 'doctor', '--json')).out)).toMatchObject({ ok: false, orphans: 1 });

  const inTheWay = join(directory, 'file');
  writeFileSync(inTheWay, '');
  expect(await cli(inTheWay, 'doctor')).toMatchObject({ code: 1, out: expect.stringContaining('problem') });
  expect(await cli(inTheWay, 'list')).toMatchObject({ code: 1, out: '', err: expect.stringContaining(inTheWay) });
});

test('watch --json prints one object a line, for what is there and for what changes', async () => {
  const { directory, registry } = await registryOf({ name: 'first', endpoints: http(3001) });
  const watching = startCli(directory, ['watch', '--json']);
  await watching.line(/"add".*"first"/);
  const second = await registry.register({ name: 'second', endpoints: http(3002) });
  await watching.line(/"add".*"second"/);
  await second.update({ status: 'draining' });
  await watching.line(/"change".*"draining"/);
  await second.deregister();
  await watching.line(/"remove","reason":"deregistered"/);
  for (const line of watching.lines) expect(JSON.parse(line)).toHaveProperty('type');
  watching.child.kill('SIGINT');
  expect(await watching.ended).toEqual({ code: null, signal: 'SIGINT' });
});

const server =
  'require("http").createServer((_, r) => r.end(process.env.PORT)).listen(Number(process.argv[1]), "127.0.0.1")';

test('run registers a program for as long as it runs, and ends as it ends', async () => {
  const directory = tempFolder();
  const registry = new Registry({ directory });
  const url = 'http://127.0.0.1:{port}/path';
  const words = ['run', '--name', 'api', '--url', url, '--kind', 'http', '--tag', 'a', '--tag', 'b', '--'];
  const running = startCli(directory, [...words, process.execPath, '-e', server, '{port}']);
  const instance = await registry.waitFor({ name: 'api' }, { timeout: 20_000 });
  expect(instance).toMatchObject({ kind: 'http', tags: ['a', 'b'] });
  // It speaks of the program and not of rollcall, and the port is the one the program was told.
  expect(instance.process.pid).not.toBe(running.pid);
  const answer = await (await fetch(instance.endpoints[0]?.url ?? '')).text();
  expect(answer).toBe(new URL(instance.endpoints[0]?.url ?? '').port);
  running.child.kill('SIGTERM');
  expect(await running.ended).toEqual({ code: null, signal: 'SIGTERM' });
  expect(readdirSync(join(directory, 'v1')).filter((name) => name.endsWith('.json'))).toEqual([]);
});

test('run leaves the entry to the program if rollcall is killed, and it dies with the program', async () => {
  const directory = tempFolder();
  const registry = new Registry({ directory });
  const words = [
    'run',
    '--name',
    'api',
    '--url',
    'http://127.0.0.1:{port}',
    '--',
    process.execPath,
    '-e',
    server,
    '{port}',
  ];
  const running = startCli(directory, words);
  const { process: program } = await registry.waitFor({ name: 'api' }, { timeout: 20_000 });
  running.child.kill('SIGKILL');
  await running.child.exitCode;
  await eventually('rollcall is gone', () => running.child.signalCode !== null);
  expect(await registry.discover({ name: 'api' })).toHaveLength(1);
  process.kill(program.pid, 'SIGKILL');
  await eventually('its program counts as dead', async () => (await registry.discover({ name: 'api' })).length === 0);
});

test.each([
  { how: 'exits with its code', words: ['--url', 'http://127.0.0.1:{port}', '--', 'sh', '-c', 'exit 42'], code: 42 },
  { how: 'fails if it cannot be run', words: ['--url', 'http://127.0.0.1:{port}', '--', 'no-such-program'], code: 1 },
  {
    how: 'refuses a bad name before it starts anything',
    words: ['--name', 'no good', '--url', 'http://a:1', '--', 'sh', '-c', 'exit 42'],
    code: 2,
  },
  { how: 'refuses what is no URL', words: ['--url', 'nonsense', '--', 'true'], code: 2 },
  { how: 'refuses a URL without a port', words: ['--url', 'tcp://localhost', '--', 'true'], code: 2 },
])('run $how', async ({ words, code }) => {
  const outcome = await cli(tempFolder(), 'run', '--name', 'api', ...words);
  expect(outcome, outcome.err).toMatchObject({ code, out: '' });
  if (code !== 42) expect(outcome.err).not.toBe('');
});

test.each([
  ['an unknown command', ['bogus'], /unknown command 'bogus'/],
  ['an unknown option', ['list', '--bogus'], /unknown option '--bogus'/],
  ['a missing argument', ['url'], /missing required argument/],
  ['a duration that is none', ['wait', 'api', '--timeout', 'soon'], /30s/],
  ['a duration beyond all timers', ['wait', 'api', '--timeout', '1000h'], /24 days/],
  ['waiting for a name nobody can have', ['wait', 'a b'], /can ever be named a b/],
  ['a status that is none', ['list', '--status', 'fine'], /Allowed choices/],
  ['run without a name', ['run', '--url', 'http://localhost:1', '--', 'true'], /--name/],
])('%s is a usage error: 2, and told on stderr', async (_, args, message) => {
  expect(await cli(tempFolder(), ...args)).toMatchObject({ code: 2, out: '', err: expect.stringMatching(message) });
});

test('help tells of one command, as --help does', async () => {
  const help = await cli(tempFolder(), 'help', 'wait');
  expect(help).toMatchObject({ code: 0, err: '' });
  expect(help.out).toBe((await cli(tempFolder(), 'wait', '--help')).out);
});

test('a broken output is told in one line, and is a failure', async () => {
  const { directory } = await registryOf({ name: 'api', endpoints: http(4000) });
  const command = `${process.execPath} dist/cli/main.js list >/dev/full`;
  const outcome = await outcomeOf(start('sh', ['-c', command], { ROLLCALL_DIR: directory }));
  expect(outcome).toMatchObject({ code: 1, err: 'rollcall: cannot write the output (ENOSPC).\n' });
});

test('of many, a few are named and the rest is counted', async () => {
  const inputs = Array.from({ length: 30 }, () => ({ name: 'api', endpoints: http(4000) }));
  const { directory } = await registryOf(...inputs);
  const { err } = await cli(directory, 'get', 'api');
  expect(err).toMatch(/^30 instances are named api.* and 19 more$/m);
  expect(err.match(/api-\w{26}/g)).toHaveLength(10);
});

test('--help and --version go to stdout and are no errors', async () => {
  const help = await cli(tempFolder(), '--help');
  expect(help).toMatchObject({ code: 0, err: '' });
  for (const command of ['list', 'watch', 'get', 'url', 'wait', 'prune', 'doctor', 'run'])
    expect(help.out).toContain(`  ${command}`);
  expect((await cli(tempFolder(), '--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
});
