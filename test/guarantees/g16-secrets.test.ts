/** G16: secrets never appear in lists, events, logs, errors, tables, arguments or URLs. */

import { randomBytes } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { expect, onTestFinished } from 'vitest';
import { createId } from '../../src/core/id.js';
import { isSecret, Registry, Secret, urlOf } from '../../src/index.js';
import { Layout } from '../../src/store/file/directory.js';
import { FileStore } from '../../src/store/file/file-store.js';
import { FaultyStore, failing } from '../../src/testing/faulty-store.js';
import { cli, outcomeOf, startCli, startOnTerminal } from '../support/cli.js';
import { prove } from '../support/prove.js';
import { tempFolder } from '../support/temp.js';

/** Of hexadecimal digits, so that any part of it that shows is no accident. */
const canary = () => `k${randomBytes(24).toString('hex')}`;

/** How much of it may be seen by chance: ids and inodes are hexadecimal or base 32, too. */
const piece = 8;

function expectNothingOf(token: string, text: string, where: string): void {
  for (let at = 0; at + piece <= token.length; at++) {
    if (text.includes(token.slice(at, at + piece)))
      throw new Error(`${where} shows ${piece} characters of the secret.`);
  }
}

/** Everything that a program may do to show a value. */
function shown(value: unknown): string {
  const texts: string[] = [];
  const attempt = (show: () => unknown) => {
    try {
      texts.push(String(show()));
    } catch {
      // Not every value can be shown every way.
    }
  };
  for (const showHidden of [false, true]) {
    attempt(() => inspect(value, { depth: 20, showHidden, maxStringLength: null, maxArrayLength: null }));
    attempt(() => inspect(value, { depth: 20, showHidden, getters: true, showProxy: true, compact: true }));
  }
  attempt(() => JSON.stringify(value));
  attempt(() => String(value));
  attempt(() => `${value}`);
  attempt(() => `${value as object}`);
  attempt(() => inspect(structuredClone(value), { depth: 20 }));
  attempt(() => inspect({ ...(value as object) }, { depth: 20 }));
  attempt(() => inspect(Object.entries(value as object), { depth: 20 }));
  if (value instanceof Error) {
    texts.push(value.message, String(value.stack), shown(value.cause), shown((value as { details?: unknown }).details));
  }
  return texts.join('\n');
}

const endpointWith = (token: string, wrapped: boolean) => ({
  type: 'http',
  url: 'http://127.0.0.1:3001/',
  headers: [
    { name: 'Authorization', value: `Bearer ${token}`, isSecret: true },
    { name: 'X-Api-Key', value: wrapped ? new Secret(token) : token, isSecret: true },
  ],
});

/** Methods of a registry, each with what calls it; all of them, or the test says which is missing. */
const calls: Readonly<Record<string, (registry: Registry, id: string) => unknown>> = {
  discover: (registry) => registry.discover(),
  get: (registry, id) => registry.get(id),
  pick: (registry) => registry.pick(),
  waitFor: (registry) => registry.waitFor({}, { timeout: 100 }),
  inspect: (registry) => registry.inspect(),
  reap: (registry) => registry.reap({ dryRun: true }),
  watch: async (registry) => {
    const told: unknown[] = [];
    const watcher = registry.watch();
    for (const type of ['add', 'change', 'remove', 'ready', 'error'] as const) {
      watcher.on(type, (...args: unknown[]) => told.push(args));
    }
    for await (const change of watcher) {
      told.push(change);
      break;
    }
    return { told, instances: watcher.instances, watcher };
  },
  register: (registry) => registry.register({ name: 'api', endpoints: [endpointWith(canary(), false)] }),
  report: (registry) => registry.report(new Error('as told')),
  close: (registry) => registry,
};

prove(
  'G16',
  'a canary in secret headers is in the file, in reveal(), and in nothing that any method gives',
  async () => {
    const methods = Object.getOwnPropertyNames(Registry.prototype).filter(
      (name) =>
        name !== 'constructor' &&
        typeof Object.getOwnPropertyDescriptor(Registry.prototype, name)?.value === 'function',
    );
    expect(methods.sort(), 'a method that this attack does not know').toEqual(Object.keys(calls).sort());

    for (const wrapped of [false, true]) {
      const token = canary();
      const directory = tempFolder();
      const registry = new Registry({ directory, onError: () => {} });
      onTestFinished(() => registry.close());
      const input = { name: 'api', endpoints: [endpointWith(token, wrapped)] };
      const registration = await registry.register(input);
      const { id } = registration;
      await registration.update({ title: 'x' });
      for (const [name, call] of Object.entries(calls)) expectNothingOf(token, shown(await call(registry, id)), name);
      expectNothingOf(token, shown(registration) + shown(registration.instance), 'the registration');
      expectNothingOf(token, urlOf(registration.instance), 'urlOf');

      const [header] = (await registry.get(id))?.endpoints[0]?.headers ?? [];
      if (!isSecret(header?.value)) throw new Error('It is not wrapped.');
      expect(header.value.reveal()).toBe(`Bearer ${token}`);
      const path = new Layout(directory).entry(id);
      expect(readFileSync(path, 'utf8')).toContain(token);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(readdirSync(directory, { recursive: true }).join()).not.toContain(token);
    }
  },
);

prove('G16', 'no error of any kind says what was secret in what it is about', async () => {
  const token = canary();
  const failures: [string, unknown][] = [];
  const expectFailure = async (what: string, act: () => unknown) => {
    try {
      await act();
    } catch (error) {
      failures.push([what, error]);
      return;
    }
    throw new Error(`${what} did not fail.`);
  };
  const store = new FaultyStore();
  const background: unknown[] = [];
  const registry = new Registry({ store, onError: (error) => void background.push(error) });
  onTestFinished(async () => {
    store.reset();
    await registry.close();
  });
  const good = { name: 'api', endpoints: [endpointWith(token, false)] };
  const [endpoint] = good.endpoints;

  await expectFailure('a bad name', () => registry.register({ ...good, name: '../x' }));
  await expectFailure('an unknown field', () => registry.register({ ...good, heders: token } as typeof good));
  await expectFailure('a header of a wrong type', () =>
    registry.register({
      ...good,
      endpoints: [{ ...endpoint, headers: [{ name: 'A', value: { token }, isSecret: true }] } as never],
    }),
  );
  await expectFailure('a header that forges another', () =>
    registry.register({
      ...good,
      endpoints: [{ type: 'http', url: 'http://a/', headers: [{ name: 'A', value: `${token}\n`, isSecret: true }] }],
    }),
  );
  await expectFailure('a header name that is none', () =>
    registry.register({
      ...good,
      endpoints: [{ type: 'http', url: 'http://a/', headers: [{ name: 'a b', value: token, isSecret: true }] }],
    }),
  );
  await expectFailure('a password in the URL', () =>
    registry.register({ ...good, endpoints: [{ type: 'http', url: `http://me:${token}@127.0.0.1/` }] }),
  );
  await expectFailure('too much', () => registry.register({ ...good, description: 'x'.repeat(70_000) }));
  store.before.put = failing();
  await expectFailure('a store that fails', () => registry.register(good));
  store.reset();
  const registration = await registry.register(good);
  await expectFailure('a wrong update', () =>
    registration.update({ endpoints: [{ ...endpoint, url: token } as never] }),
  );
  await expectFailure('a timeout that saw it', () => registry.waitFor({ name: 'other' }, { timeout: 10 }));
  await store.put(registration.id, `{"format":1,"id":"${registration.id}","name":"${token}`);
  await expectFailure('a timeout that saw it broken', () => registry.waitFor({ name: 'other' }, { timeout: 10 }));
  await store.put(registration.id, JSON.stringify({ format: 2, token }));
  await expectFailure('an entry that was taken', () => registration.update({ title: 'x' }));
  await registration.deregister();
  await expectFailure('an update too late', () => registration.update({ endpoints: good.endpoints }));
  for (const [what, error] of failures) expectNothingOf(token, shown(error), what);
  for (const error of background) expectNothingOf(token, shown(error), 'an error of background work');
});

/** Broken in every way, with the token where the fault is. */
const broken: Readonly<Record<string, (token: string, id: string) => string>> = {
  'cut off within it': (token, id) =>
    `{"format":1,"id":"${id}","endpoints":[{"headers":[{"value":"${token.slice(0, 20)}`,
  'wrong right before it': (token, id) => `{"format":1,"id":"${id}","value":x"${token}"}`,
  'wrong right after it': (token, id) => `{"format":1,"id":"${id}","value":"${token}"x}`,
  'as an id': (token) => JSON.stringify({ format: 1, id: token }),
  'as a key': (token, id) => JSON.stringify({ format: 1, id, name: 'api', endpoints: { [token]: token } }),
  'of a wrong type': (token, id) =>
    JSON.stringify({
      format: 1,
      id,
      name: 'api',
      endpoints: [{ type: 'http', url: 5, headers: [{ name: 'A', value: [token] }] }],
    }),
  'in a header that forges another': (token, id) =>
    JSON.stringify({
      format: 1,
      id,
      name: 'api',
      endpoints: [{ type: 'stdio', headers: [{ name: 'A', value: `${token}\r\n` }] }],
    }),
  'as a URL': (token, id) => JSON.stringify({ format: 1, id, name: 'api', endpoints: [{ type: 'http', url: token }] }),
  'as a format': (token, id) => JSON.stringify({ format: token, id }),
  'too long': (token) => token.repeat(2_000),
  'of a newer format': (token, id) => JSON.stringify({ format: 2, id, headers: [{ value: token }] }),
};

const commands: readonly (readonly string[])[] = [
  [],
  ['list'],
  ['list', '--all'],
  ['list', '--json'],
  ['list', '--all', '--json'],
  ['get', 'api'],
  ['get', 'api', '--json'],
  ['get', 'broken'],
  ['get', 'nobody'],
  ['url', 'api'],
  ['url', 'api', '--type', 'ws'],
  ['wait', 'api', '--timeout', '5s'],
  ['wait', 'nobody', '--timeout', '10ms'],
  ['prune'],
  ['prune', '--dry-run', '--json'],
  ['doctor'],
  ['doctor', '--json'],
];

prove(
  'G16',
  'no command says it, in success or failure, of sound entries or broken ones, in a pipe or on a terminal',
  async () => {
    const token = canary();
    const directory = tempFolder();
    const registry = new Registry({ directory });
    onTestFinished(() => registry.close());
    await registry.register({ name: 'api', endpoints: [endpointWith(token, false)] });
    const layout = new Layout(directory);
    for (const make of Object.values(broken)) {
      const id = createId('broken');
      writeFileSync(layout.entry(id), make(token, id), { mode: 0o600 });
    }
    const help = (await cli(directory, '--help')).out;
    const known = new Set(commands.map(([name]) => name).concat('watch', 'run', 'help'));
    const offered = [...help.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name);
    expect(
      offered.filter((name) => !known.has(name)),
      'a command that this attack does not know',
    ).toEqual([]);
    expect(offered.length).toBeGreaterThan(8);

    for (const args of commands) {
      const { out, err } = await cli(directory, ...args);
      expectNothingOf(token, out + err, `rollcall ${args.join(' ')}`);
    }
    for (const words of ['list --all', 'get api', 'doctor']) {
      const { out } = await outcomeOf(startOnTerminal(directory, words));
      expectNothingOf(token, out, `rollcall ${words}, on a terminal`);
    }
    for (const args of [['watch'], ['watch', '--json']]) {
      const watching = startCli(directory, args);
      await watching.line(/api/);
      watching.child.kill('SIGTERM');
      const { out, err } = await outcomeOf(watching);
      expectNothingOf(token, out + err, `rollcall ${args.join(' ')}`);
    }
    // What is secret to a program that is run stays in its environment.
    const words = [
      'run',
      '--name',
      'job',
      '--url',
      'http://127.0.0.1:{port}',
      '--',
      process.execPath,
      '-e',
      'process.exit(3)',
    ];
    const { out, err } = await outcomeOf(startCli(directory, words, { TOKEN: token }));
    expectNothingOf(token, out + err, 'rollcall run');
  },
  { needs: ['script'], timeout: 60_000 },
);

prove('G16', 'entries that are broken right at the token are told of without a part of it', async () => {
  const token = canary();
  const directory = tempFolder();
  const store = new FileStore({ directory });
  const registry = new Registry({ store });
  onTestFinished(() => registry.close());
  const layout = new Layout(directory);
  layout.prepare();
  for (const [how, make] of Object.entries(broken)) {
    const id = createId('broken');
    writeFileSync(layout.entry(id), make(token, id), { mode: 0o600 });
    const [sighting] = (await registry.inspect()).filter((one) => one.id === id);
    expect(sighting?.verdict, how).toBe('illegible');
    expectNothingOf(token, shown(sighting), how);
  }
  expectNothingOf(token, shown(await registry.reap()), 'reap');
  chmodSync(layout.entries, 0o777);
  const refusal = await registry.discover().catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: 'ROLLCALL_STORE' });
  expectNothingOf(token, shown(refusal), 'a folder that is open to others');
});
