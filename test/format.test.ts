/** The open format, in three hands: docs/format.md with its Python, the JSON Schema, and our own reader and writer. */

import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, onTestFinished, type TestContext, test } from 'vitest';
import { LARGEST_ENTRY } from '../src/core/codec.js';
import { decode } from '../src/core/decode.js';
import { deepest } from '../src/core/problems.js';
import { entrySchema, jsonSchema } from '../src/core/schema.js';
import { Registry } from '../src/index.js';
import { identifySelf } from '../src/process/identity.js';
import { eventually } from './support/eventually.js';
import { type Running, root, start } from './support/processes.js';
import { tempFolder } from './support/temp.js';

type Json = Record<string, unknown>;

const inRoot = (path: string) => readFileSync(join(root, path), 'utf8');
const zeros = '0'.repeat(26);
const entryPath = (directory: string, id: string) => join(directory, 'v1', `${id}.json`);
const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Json;

/** An entry with every field there is, and one that nobody knows at each level. */
const full = {
  format: 1,
  id: `weather-${zeros}`,
  name: 'weather',
  title: 'Weather',
  version: '2.1.0',
  description: 'Tells the weather.',
  kind: 'mcp',
  endpoints: [
    {
      type: 'streamable-http',
      url: 'http://127.0.0.1:7778/mcp',
      socketPath: '/run/weather.sock',
      headers: [{ name: 'Authorization', value: 'Bearer 1234', isSecret: true, unknown: [null] }],
      supportedProtocolVersions: ['2026-07-28'],
      unknown: { deep: [1.5] },
    },
    { type: 'stdio' },
  ],
  capabilities: ['weather.current'],
  tags: ['gpu'],
  metadata: { region: 'us-west-2', nested: { list: [1, null, true, 'text'] } },
  mcp: { capabilities: { tools: { listChanged: true } } },
  health: { url: '/health' },
  status: 'ready',
  cwd: '/home/me/project',
  process: {
    pid: 4711,
    start: '8123456',
    machine: 'machine',
    host: 'host',
    boot: 'boot',
    pidNamespace: '4026531836',
    timeNamespace: '4026531834',
    uid: 1000,
    unknown: 'kept',
  },
  registeredAt: '2026-11-20T12:00:00.000Z',
  updatedAt: '2026-11-20T12:00:00.000+01:00',
  ttl: 45_000,
  unknown: { deep: [1] },
};

/** Puts an entry there as a writer of another language would; `renewedAt` in ms since 1970. */
function plant(directory: string, entry: Json, renewedAt = Date.now()): void {
  mkdirSync(join(directory, 'v1'), { recursive: true, mode: 0o700 });
  const path = entryPath(directory, `${entry.id}`);
  writeFileSync(`${path}.1`, JSON.stringify(entry), { mode: 0o600 });
  utimesSync(`${path}.1`, renewedAt / 1_000, renewedAt / 1_000);
  renameSync(`${path}.1`, path);
}

function open(directory: string): Registry {
  const registry = new Registry({ directory });
  onTestFinished(() => registry.close());
  return registry;
}

function needsPython(context: TestContext): void {
  const { status } = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']);
  if (status !== 0) context.skip('needs python3, 3.9 or newer');
}

/** Starts register.py and waits for its entry. */
async function registerFromPython(directory: string, ...args: string[]): Promise<Running & { readonly id: string }> {
  const server = start('python3', ['examples/python/register.py', ...args], { ROLLCALL_DIR: directory });
  return { ...server, id: await server.line(/./) };
}

/** What discover.py lists, as printed. */
async function discoverFromPython(directory: string, ...args: string[]): Promise<Running> {
  const reader = start('python3', ['examples/python/discover.py', ...args], { ROLLCALL_DIR: directory });
  expect(await reader.ended, reader.errors()).toEqual({ code: 0, signal: null });
  return reader;
}

const idsOf = (reader: Running) => reader.lines.map((line): string => JSON.parse(line).id).sort();

// ---- the JSON Schema and ours -----------------------------------------------------------------------------------

const ajv = new Ajv2020({ allErrors: true, formats: { 'date-time': true } });
const isValidByJsonSchema = ajv.compile(jsonSchema());

/** What each of the two says of an entry that has gone through a file. */
function verdictsOn(entry: unknown) {
  const read = JSON.parse(JSON.stringify(entry) ?? 'null');
  const { success, error } = entrySchema.safeParse(read);
  return { json: isValidByJsonSchema(read), zod: success, issues: error?.issues ?? [] };
}

const endpoint = (fields: Json): Json => ({ endpoints: [{ type: 'http', url: 'http://127.0.0.1:1', ...fields }] });
const header = (fields: Json): Json => endpoint({ headers: [{ name: 'X-A', value: 'b', ...fields }] });
const named = (name: string): Json => ({ name, id: `${name}-${zeros}` });
const process_ = (fields: Json): Json => ({ process: { ...full.process, ...fields } });

test('docs/schema.json is the schema of this source', () => {
  expect(JSON.parse(inRoot('docs/schema.json')), 'It is not of this source. Run: npm run schema').toEqual(jsonSchema());
});

test.each<[what: string, change: Json]>([
  ['every field', {}],
  [
    'the required fields alone',
    Object.fromEntries(
      Object.keys(full)
        .filter((key) => !['format', 'id', 'name', 'endpoints', 'process', 'registeredAt'].includes(key))
        .map((key) => [key, undefined]),
    ),
  ],
  ['a process that says its pid and nothing else', { process: { pid: 1 } }],
  ['the highest pid', process_({ pid: 4_194_304 })],
  ['root', process_({ uid: 0 })],
  ['a start as an instant', process_({ start: '2026-11-20T12:00:00.000Z' })],
  ['no endpoint yet', { endpoints: [], status: 'starting' }],
  ['a Unix socket', { endpoints: [{ type: 'unix', url: 'unix:/run/x.sock' }] }],
  ['a socket without a URL', { endpoints: [{ type: 'unix', socketPath: '/run/x.sock' }] }],
  ['an IPv6 address', endpoint({ url: 'http://[::1]:8080/' })],
  ['a word of its own as type and kind', { kind: 'x', endpoints: [{ type: 'gopher', url: 'gopher://localhost' }] }],
  ['a header with a tab', header({ value: 'a\tb' })],
  ['an empty header', header({ value: '' })],
  ['a name of one letter', named('a')],
  ['a name of 64 letters', named(`a.${'b'.repeat(61)}9`)],
  ['the shortest ttl', { ttl: 1_000 }],
  ['the longest ttl', { ttl: 86_400_000 }],
  ['1,000 tags of 256 characters', { tags: Array.from({ length: 1_000 }, () => 'x'.repeat(256)) }],
  ['an instant without fractions', { registeredAt: '2026-11-20T12:00:00Z' }],
  ['an instant as Python writes it', { registeredAt: '2026-11-20T12:00:00.123456+00:00' }],
  ['a leap day', { registeredAt: '2028-02-29T00:00:00Z' }],
  ['64 characters of two code units each', { kind: '\u{1f326}'.repeat(64) }],
  ['empty texts where nothing depends on them', { title: '', version: '', description: '' }],
])('both schemas take %s', (_, change) => {
  const { json, zod, issues } = verdictsOn({ ...full, ...change });
  expect({ json, zod, issues, errors: isValidByJsonSchema.errors }).toEqual({
    json: true,
    zod: true,
    issues: [],
    errors: null,
  });
});

test.each<[what: string, change: Json]>([
  ['another format', { format: 2 }],
  ['a format as a text', { format: '1' }],
  ['no id', { id: undefined }],
  ['no name', { name: undefined }],
  ['no endpoints', { endpoints: undefined }],
  ['no process', { process: undefined }],
  ['no pid', { process: {} }],
  ['no registeredAt', { registeredAt: undefined }],
  ['an empty name', named('')],
  ['a name that is a path', named('../../etc')],
  ['a name that ends in a dot', named('a.')],
  ['a name with a line break at its end', named('a\n')],
  ['a name of 65 letters', named('a'.repeat(65))],
  ['null for a field that is not there', { title: null }],
  ['a pid of 0', process_({ pid: 0 })],
  ['a pid beyond the highest', process_({ pid: 4_194_305 })],
  ['a pid as a text', process_({ pid: '4711' })],
  ['half a pid', process_({ pid: 1.5 })],
  ['a start as a number', process_({ start: 8_123_456 })],
  ['a uid below 0', process_({ uid: -1 })],
  ['an endpoint without a type', { endpoints: [{ url: 'http://127.0.0.1:1' }] }],
  ['65 endpoints', { endpoints: Array.from({ length: 65 }, () => ({ type: 'stdio' })) }],
  ['a header without a value', endpoint({ headers: [{ name: 'X-A' }] })],
  ['a header whose value is a number', header({ value: 1 })],
  ['a header whose name has a line break', header({ name: 'X-A\r\nX-B' })],
  ['a status of its own', { status: 'sleeping' }],
  ['65 characters of two code units each', { kind: '\u{1f326}'.repeat(65) }],
  ['an empty tag', { tags: [''] }],
  ['a tag of 257 characters', { tags: ['x'.repeat(257)] }],
  ['1,001 capabilities', { capabilities: Array.from({ length: 1_001 }, () => 'x') }],
  ['metadata as a list', { metadata: [] }],
  ['a ttl of less than a second', { ttl: 999 }],
  ['a ttl of more than a day', { ttl: 86_400_001 }],
  ['a ttl with a fraction', { ttl: 1_000.5 }],
  ['an instant without an offset', { registeredAt: '2026-11-20T12:00:00' }],
  ['an instant without seconds', { registeredAt: '2026-11-20T12:00Z' }],
  ['an instant that does not exist', { registeredAt: '2027-02-29T00:00:00Z' }],
  ['an instant as a number', { registeredAt: 1_795_176_000_000 }],
])('both schemas refuse %s', (_, change) => {
  const { json, zod } = verdictsOn({ ...full, ...change });
  expect({ json, zod }).toEqual({ json: false, zod: false });
});

/** What JSON Schema cannot say, or ours does not: rule, an entry that breaks it, and what our schema says to that. */
const beyond: readonly [rule: string, change: Json, message: string][] = [
  [
    'the id begins with the name',
    { id: `other-${zeros}` },
    'must be the name, "-" and 26 characters out of 0-9 and a-z',
  ],
  ['the id ends in 26 characters', { id: 'weather-1' }, 'must be the name, "-" and 26 characters out of 0-9 and a-z'],
  ['there is an endpoint, unless starting', { endpoints: [] }, 'must name at least one, unless status is "starting"'],
  ['an endpoint leads somewhere', { endpoints: [{ type: 'http' }] }, 'must be given (or socketPath)'],
  ['a URL is one', endpoint({ url: '127.0.0.1:80' }), 'must be an absolute URL, such as http://127.0.0.1:8080/mcp'],
  [
    'a URL holds no password',
    endpoint({ url: 'http://me:secret@127.0.0.1:1' }),
    'must not contain a user name or password; put it into a header marked isSecret',
  ],
  ['a URL has a host', endpoint({ url: 'mailto:me' }), 'must name a host; URLs of this scheme do not'],
  [
    'a URL is one word, which all read alike',
    endpoint({ url: 'http://127.0.0.1/ x' }),
    'must not contain blanks, control characters or backslashes; write them as %20 and the like',
  ],
  [
    'a URL has a real port',
    endpoint({ url: 'http://127.0.0.1:0' }),
    'port 0 is not a port anyone can connect to; register after listening, with the real one',
  ],
  ['a unix: URL has an absolute path', endpoint({ url: 'unix:run' }), 'must name an absolute path'],
  ['a header forges no other', header({ value: 'a\r\nX-Evil: b' }), 'must not contain control characters'],
];

test.each(beyond)('only ours holds that %s', (_, change, message) => {
  const { json, zod, issues } = verdictsOn({ ...full, ...change });
  expect({ json, zod, messages: issues.map((issue) => issue.message) }).toEqual({
    json: true,
    zod: false,
    messages: [message],
  });
});

test('where the two differ on any change of any place, it is by one of these rules', () => {
  function* places(value: unknown, path: string[] = []): Generator<string[]> {
    yield path;
    if (typeof value !== 'object' || value === null) return;
    for (const [key, child] of Object.entries(value)) yield* places(child, [...path, key]);
  }
  const changed = (value: unknown, [key, ...rest]: string[], replacement: unknown): unknown => {
    if (key === undefined) return replacement;
    const copy = (Array.isArray(value) ? [...value] : { ...(value as Json) }) as Json;
    copy[key] = changed(copy[key], rest, replacement);
    return copy;
  };
  const numbers = [0, 1, -1, 0.5, 2, 999, 1_000, 4_194_305, 86_400_001, 2 ** 53, -0, 1e308];
  const texts = ['', 'x', ' ', '0', 'ready', '\u0000', '\n', '\ud800', 'x'.repeat(65), 'x'.repeat(257), '2026-11-20'];
  const others = [undefined, null, true, false, [], {}, [[]], [{}], ['x'], { x: 1 }, Array(65).fill('x'), Array(1_001)];
  const rules = new Set(beyond.map(([, , message]) => message));
  let differences = 0;
  let agreements = 0;
  for (const path of places(full)) {
    for (const replacement of [...numbers, ...texts, ...others]) {
      const { json, zod, issues } = verdictsOn(changed(full, path, replacement));
      if (json === zod) {
        agreements++;
        continue;
      }
      differences++;
      const where = `${path.join('.')} = ${JSON.stringify(replacement)}`;
      expect({ where, json, zod }).toEqual({ where, json: true, zod: false });
      expect(issues.filter(({ message }) => !rules.has(message)).map(({ message }) => `${where}: ${message}`)).toEqual(
        [],
      );
    }
  }
  expect(agreements).toBeGreaterThan(1_000);
  expect(differences).toBeGreaterThan(10);
});

test('neither knows the size, the depth or the file name: that is for whoever reads the file', () => {
  let deep: unknown = 1;
  for (let level = 0; level < deepest; level++) deep = [deep];
  const problems = (['deep', 'large'] as const).map((what) => {
    const entry = { ...full, [what]: what === 'deep' ? deep : 'x'.repeat(LARGEST_ENTRY) };
    expect(verdictsOn(entry)).toEqual({ json: true, zod: true, issues: [] });
    return decode(full.id, JSON.stringify(entry)).illegible;
  });
  expect(problems).toEqual(['nests deeper than 32 levels', undefined]);
  expect(decode(`weather-${'1'.repeat(26)}`, JSON.stringify(full)).illegible).toBe(
    'says another id than its file name',
  );
  expect(decode(full.id, JSON.stringify(full)).instance).toBeDefined();
});

// ---- the page ---------------------------------------------------------------------------------------------------

const page = inRoot('docs/format.md');
const snippets = [...page.matchAll(/^```python\n(.*?)^```$/gms)].map(([, text = '']) => {
  const [, imports = '', body = ''] = /^((?:(?:import|from) [^\n]*\n)*)\n*(.*)$/s.exec(text) ?? [];
  return { imports: imports.split('\n').filter(Boolean), body };
});

test('what the page shows of Python is what the examples are made of, at most twenty lines at a time', () => {
  const programs = ['register', 'discover'].map((name) => inRoot(`examples/python/${name}.py`));
  expect(snippets.length).toBeGreaterThan(5);
  for (const { imports, body } of snippets) {
    const users = programs.filter((program) => program.includes(`\n\n\n${body}`));
    expect(users, `not in the examples as it stands on the page:\n${body}`).not.toEqual([]);
    for (const line of imports) expect(users[0]).toContain(`\n${line}\n`);
    const code = body.replaceAll(/"""[^"]*"""/g, '').split('\n');
    expect(code.filter((line) => /^\s*[^\s#]/.test(line)).length, body).toBeLessThanOrEqual(20);
  }
  // And nothing of importance is in the examples that is not on the page: all but how they print and are called.
  const functions = (text: string) => [...text.matchAll(/^def (\w+)/gm)].map(([, name]) => name);
  const shown = new Set(snippets.flatMap(({ body }) => functions(body)));
  expect(programs.flatMap(functions).filter((name) => !shown.has(name))).toEqual(['hide']);
});

test('the snippets of the page, one after the other, are a reader and a writer', async (context) => {
  needsPython(context);
  const folder = tempFolder();
  const use = `
entry = describe("doc", [{"type": "stdio"}])
write(entry)
print(list(discover("doc")) == [entry])
os.unlink(FOLDER / f"{entry['id']}.json")
renew(entry)
print(list(discover()) == [entry], list(discover("other")))
remove(entry)
print(list(discover()))
`;
  const program = snippets.map(({ imports, body }) => `${imports.join('\n')}\n${body}`).join('\n') + use;
  writeFileSync(join(folder, 'page.py'), program);
  const running = start('python3', [join(folder, 'page.py')], { ROLLCALL_DIR: join(folder, 'registry') });
  expect(await running.ended, running.errors()).toEqual({ code: 0, signal: null });
  expect(running.lines).toEqual(['True', 'True []', '[]']);
});

test('its table has every field of the schema, with what is required, the default and the bounds', () => {
  type Node = Json & { properties?: Record<string, Node>; items?: Node; required?: string[]; default?: unknown };
  function* fields(node: Node, prefix = ''): Generator<{ path: string; node: Node; isRequired: boolean }> {
    for (const [name, child] of Object.entries(node.properties ?? {})) {
      const path = `${prefix}${name}`;
      yield { path, node: child, isRequired: node.required?.includes(name) === true };
      yield* fields(child, `${path}.`);
      yield* fields(child.items ?? {}, `${path}[].`);
    }
  }
  const expected = [...fields(jsonSchema())];
  const section = page.slice(page.indexOf('## An entry'), page.indexOf('## Which process'));
  const rows = [...section.matchAll(/^\| `([\w.[\]]+)` *\|(.*?)\|(.*?)\|(.*)\|$/gm)].map(([, ...cells]) =>
    cells.map((cell) => cell.trim()),
  );
  expect(rows.map(([path]) => path).sort()).toEqual(expected.map(({ path }) => path).sort());
  for (const { path, node, isRequired } of expected) {
    const [, required, given, text = ''] = rows.find(([name]) => name === path) ?? [];
    // The one default that JSON Schema cannot express.
    const fallback = path === 'updatedAt' ? 'registeredAt' : node.default;
    const shown = typeof fallback === 'object' ? JSON.stringify(fallback) : fallback;
    expect({ path, required: required === 'yes', given }).toEqual({
      path,
      required: isRequired,
      given: shown === undefined ? '' : `\`${shown}\``,
    });
    for (const { maxLength, maxItems, maximum, minimum } of [node, node.items ?? {}]) {
      for (const bound of [maxLength, maxItems, maximum, minimum]) {
        if (typeof bound !== 'number' || bound === 0 || bound === Number.MAX_SAFE_INTEGER) continue;
        expect(text, path).toMatch(new RegExp(`(^|[^\\d,])${bound.toLocaleString('en-US')}([^\\d,]|,\\D|$)`));
      }
    }
  }
  expect(page).toContain(`at most ${LARGEST_ENTRY.toLocaleString('en-US')} bytes`);
  expect(page).toContain(`at most ${deepest} levels`);
});

test('its links lead somewhere', () => {
  const prose = page.replaceAll(/^```.*?^```$/gms, '');
  const links = [...prose.matchAll(/\]\(([^)#]+)\)/g)].map(([, link = '']) => link);
  expect(links).toHaveLength(3);
  for (const link of links) expect(existsSync(join(root, 'docs', link)), link).toBe(true);
});

test.for<[platform: string, env: Record<string, string>, expected: string]>([
  ['linux', { ROLLCALL_DIR: '/elsewhere' }, '/elsewhere'],
  ['linux', { XDG_DATA_HOME: '/data' }, '/data/rollcall'],
  ['linux', {}, '/home/me/.local/share/rollcall'],
  ['freebsd', {}, '/home/me/.local/share/rollcall'],
  ['darwin', { XDG_DATA_HOME: '/data' }, '/home/me/Library/Application Support/rollcall'],
  ['win32', { LOCALAPPDATA: '/local' }, '/local/rollcall/Data'],
  ['win32', {}, '/home/me/AppData/Local/rollcall/Data'],
  ['win32', { ROLLCALL_DIR: '/elsewhere' }, '/elsewhere'],
])('on %s with %j, Python and we agree on the folder', async ([platform, given, expected], context) => {
  const env = { HOME: '/home/me', ROLLCALL_DIR: '', XDG_DATA_HOME: '', LOCALAPPDATA: '', ...given };
  const ours = `Object.defineProperty(process, 'platform', { value: '${platform}' });
    import('${root}dist/index.js').then(async ({ FileStore }) => console.log((await new FileStore().directory()).path));`;
  const node = start(process.execPath, ['-e', ours], env);
  await node.ended;
  expect(node.lines, node.errors()).toEqual([expected]);
  needsPython(context);
  const theirs = `import json, os, re, runpy, secrets, signal, socket, stat, sys, time, datetime, pathlib
sys.platform = "${platform}"
for name in ("register", "discover"):
    print(runpy.run_path(f"examples/python/{name}.py")["FOLDER"])`;
  const python = start('python3', ['-c', theirs], env);
  await python.ended;
  expect(python.lines, python.errors()).toEqual([`${expected}/v1`, `${expected}/v1`]);
});

// ---- Python and we ----------------------------------------------------------------------------------------------

test('what Python registers, we discover, with every field right and with proof of life', async (context) => {
  needsPython(context);
  const directory = tempFolder();
  const before = Date.now();
  const { id, pid } = await registerFromPython(directory, 'weather', 'http://127.0.0.1:8080/');
  const registry = open(directory);
  const [instance, ...others] = await registry.discover({ name: 'weather' });
  expect(others).toEqual([]);
  expect(id).toMatch(/^weather-[0-9a-z]{26}$/);
  expect(instance).toEqual({
    format: 1,
    id,
    name: 'weather',
    endpoints: [{ type: 'http', url: 'http://127.0.0.1:8080/' }],
    capabilities: [],
    tags: [],
    metadata: {},
    status: 'ready',
    cwd: resolve(root),
    process: { ...identifySelf(), pid, start: expect.stringMatching(/^\d+$/) },
    registeredAt: expect.any(String),
    updatedAt: instance?.registeredAt,
    ttl: 45_000,
  });
  expect(Date.parse(instance?.registeredAt ?? '')).toBeGreaterThanOrEqual(before);
  expect(Date.parse(instance?.registeredAt ?? '')).toBeLessThanOrEqual(Date.now());
  const sightings = await registry.inspect();
  expect(sightings).toMatchObject([{ id, verdict: 'alive', reason: `process ${pid} is running` }]);
  expect(verdictsOn(readJson(entryPath(directory, id)))).toEqual({ json: true, zod: true, issues: [] });
  // Proof and not the heartbeat: it counts also when that has lapsed long since.
  utimesSync(entryPath(directory, id), 1, 1);
  expect(await registry.inspect()).toMatchObject([{ verdict: 'alive', reason: `process ${pid} is running` }]);
  expect(idsOf(await discoverFromPython(directory))).toEqual([id]);
});

test('what we register, Python discovers; secrets and control characters do not reach its output', async (context) => {
  needsPython(context);
  const directory = tempFolder();
  const registry = open(directory);
  const title = 'W\u001b[2J\u007f\u009b\u202ee\u{1f326}';
  const { endpoints, capabilities, tags, metadata, mcp, health } = full;
  const headers = [{ name: 'Authorization', value: 'canary-5f1c', isSecret: true }];
  const [first] = endpoints.map(({ type, url }) => ({ type, url: url ?? '', headers }));
  const { instance } = await registry.register({
    name: 'weather',
    title,
    endpoints: first === undefined ? [] : [first],
    capabilities,
    tags,
    metadata,
    mcp,
    health,
  });
  await registry.register({ name: 'other', endpoints: [{ type: 'stdio' }] });
  const reader = await discoverFromPython(directory, 'weather');
  expect(reader.lines).toHaveLength(1);
  expect(JSON.parse(reader.lines[0] ?? '')).toEqual(JSON.parse(JSON.stringify(instance)));
  expect(JSON.parse(reader.lines[0] ?? '')).toMatchObject({ title, endpoints: [{ headers: [{ value: '[secret]' }] }] });
  expect(reader.lines[0]).toMatch(/^[\x20-\x7e]+$/);
  expect(reader.errors()).toBe('');
  expect((await discoverFromPython(directory)).lines).toHaveLength(2);
  expect((await discoverFromPython(directory, 'nobody')).lines).toEqual([]);
  expect((await discoverFromPython(join(directory, 'not-there'))).lines).toEqual([]);
});

test('after a SIGKILL Python is dead to us and to Python at once, and its entry may be removed', async (context) => {
  needsPython(context);
  const directory = tempFolder();
  const server = await registerFromPython(directory, 'weather', 'http://127.0.0.1:8080/');
  const registry = open(directory);
  expect((await registry.discover()).map(({ id }) => id)).toEqual([server.id]);
  server.child.kill('SIGKILL');
  await server.ended;
  expect(await registry.discover()).toEqual([]);
  expect(await registry.inspect()).toMatchObject([
    { id: server.id, verdict: 'dead', reason: `process ${server.pid} has ended` },
  ]);
  expect(idsOf(await discoverFromPython(directory))).toEqual([]);
  expect(existsSync(entryPath(directory, server.id)), 'a read removed it').toBe(true);
  expect((await registry.reap()).removed.map(({ id }) => id)).toEqual([server.id]);
});

test.for(['SIGTERM', 'SIGINT'] as const)('after a %s the entry of a Python server is gone', async (signal, context) => {
  needsPython(context);
  const directory = tempFolder();
  const server = await registerFromPython(directory, 'weather', 'http://127.0.0.1:8080/');
  expect(existsSync(entryPath(directory, server.id))).toBe(true);
  server.child.kill(signal);
  expect(await server.ended).toEqual({ code: 0, signal: null });
  expect(readdirSync(join(directory, 'v1'))).toEqual(['.drafts']);
  expect(readdirSync(join(directory, 'v1', '.drafts'))).toEqual([]);
});

test("Python's heartbeat touches the file and no more, and puts it back if it has vanished", async (context) => {
  needsPython(context);
  const directory = tempFolder();
  const server = await registerFromPython(directory, 'weather', 'http://127.0.0.1:8080/', '1000');
  const path = entryPath(directory, server.id);
  const [before, text] = [statSync(path), readFileSync(path, 'utf8')];
  await eventually('its time is renewed twice', () => statSync(path).mtimeMs > before.mtimeMs + 400);
  expect(statSync(path).ino).toBe(before.ino);
  unlinkSync(path);
  await eventually('it is there again', () => existsSync(path));
  expect(readFileSync(path, 'utf8')).toBe(text);
});

test('whatever the umask, what Python writes is for its user alone; a folder open to others it refuses', async (context) => {
  needsPython(context);
  const directory = join(tempFolder(), 'registry');
  const command = (umask: string) =>
    `umask ${umask}; exec python3 examples/python/register.py weather http://127.0.0.1:1`;
  const server = start('sh', ['-c', command('000')], { ROLLCALL_DIR: directory });
  const id = await server.line(/./);
  const modes = [directory, join(directory, 'v1'), join(directory, 'v1', '.drafts'), entryPath(directory, id)].map(
    (path) => (statSync(path).mode & 0o777).toString(8),
  );
  expect(modes).toEqual(['700', '700', '700', '600']);
  const shared = tempFolder();
  mkdirSync(join(shared, 'v1'));
  chmodSync(join(shared, 'v1'), 0o777);
  const reader = start('python3', ['examples/python/discover.py'], { ROLLCALL_DIR: shared });
  const writer = start('sh', ['-c', command('022')], { ROLLCALL_DIR: shared });
  for (const refused of [reader, writer]) {
    expect(await refused.ended).toMatchObject({ code: 1 });
    expect(refused.errors()).toContain('is not a folder of this user alone');
  }
  await expect(open(shared).discover()).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
  expect(readdirSync(join(shared, 'v1')).filter((name) => name.endsWith('.json'))).toEqual([]);
});

test('on the same evidence, Python and we come to the same verdict', async (context) => {
  needsPython(context);
  if (process.platform !== 'linux') context.skip('needs /proc');
  const directory = tempFolder();
  const self = identifySelf();
  // sh starts a child, and becomes a program that never waits for it before the child has ended.
  const parent = start('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 1000']);
  const zombie = Number(await parent.line(/^\d+$/));
  await eventually('it is a zombie', () => / Z /.test(readFileSync(`/proc/${zombie}/stat`, 'latin1')));
  const thread = readdirSync('/proc/self/task')
    .map(Number)
    .find((id) => id !== process.pid);
  // Not a thread's own: a process that started in the very tick of the thread is the one case we do not tell apart.
  const startOf = (pid?: number) =>
    pid !== thread && existsSync(`/proc/${pid}/stat`)
      ? /.*\) (?:\S+ ){19}(\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1]
      : '1';
  const ownStart = (pid?: number) => (pid === thread ? '8' : self.start);
  // No pid is as high as the highest: the kernel gives those below it.
  const pids = [process.pid, 4_194_304, zombie, thread];
  const either = <Value>(...values: Value[]) => values;
  const own = [self.pidNamespace, self.timeNamespace];
  let count = 0;
  for (const pid of pids)
    for (const machine of either(self.machine, 'other', undefined))
      for (const host of either(self.host, 'other'))
        for (const boot of either(self.boot, 'other', undefined))
          for (const [pidNamespace, timeNamespace] of either(own, ['1', own[1]], [undefined, own[1]], [own[0], '1']))
            for (const begun of either(startOf(pid), '7', ownStart(pid), new Date().toISOString(), undefined))
              for (const age of either(count % 4 === 0 ? -100_000 : 0, 100_000)) {
                const identity = { pid, machine, host, boot, pidNamespace, timeNamespace, start: begun };
                plant(directory, { ...full, ...named(`case-${count++}`), process: identity }, Date.now() - age);
              }
  const sightings = await open(directory).inspect();
  const ids = (...verdicts: string[]) =>
    sightings
      .filter(({ verdict }) => verdicts.includes(verdict))
      .map(({ id }) => id)
      .sort();
  expect(ids('alive', 'stale', 'dead')).toHaveLength(count);
  for (const verdict of ['alive', 'stale', 'dead']) expect(ids(verdict).length).toBeGreaterThan(count / 20);
  expect(idsOf(await discoverFromPython(directory))).toEqual(ids('alive'));
});

test('what is no entry, Python sets aside and names, as we do, and reads the others', async (context) => {
  needsPython(context);
  const directory = tempFolder();
  const registry = open(directory);
  const { id } = await registry.register({ name: 'good', endpoints: [{ type: 'stdio' }] });
  const good = readJson(entryPath(directory, id));
  const other = (name: string, fields: Json) =>
    [`${name}-${zeros}.json`, { ...good, ...named(name), ...fields }] as const;
  let deep: unknown = 1;
  for (let level = 0; level < deepest; level++) deep = [deep];
  const files = Object.fromEntries([
    ['empty.json', ''],
    ['torn.json', JSON.stringify(good).slice(0, 100)],
    ['list.json', []],
    ['copied.json', good],
    ['abyss.json', `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
    ['nan.json', `{"format": NaN}`],
    other('deep', { deep }),
    other('large', { text: 'x'.repeat(LARGEST_ENTRY) }),
    other('future', { format: 2 }),
    other('text', { process: { ...(good.process as Json), pid: 'self' } }),
    other('zero', { process: { ...(good.process as Json), pid: 0 } }),
    other('huge', { process: { ...(good.process as Json), pid: 2 ** 40 } }),
    other('blank', { process: null }),
    other('ttl', { process: { pid: 1 }, ttl: 'long' }),
    [`infinite-${zeros}.json`, JSON.stringify({ ...good, ...named('infinite') }).replace(/}\n?$/, ',"x":1e999}')],
    [`misnamed-${zeros}.json`, { ...good, id: `misnamed-${zeros}` }],
  ]);
  const inEntries = (name: string) => join(directory, 'v1', name);
  for (const [name, content] of Object.entries(files)) {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    writeFileSync(inEntries(name), text, { mode: 0o600 });
  }
  mkdirSync(inEntries('folder.json'));
  execFileSync('mkfifo', [inEntries('fifo.json')]);
  writeFileSync(join(directory, 'linked'), JSON.stringify({ ...good, ...named('link') }));
  symlinkSync(join(directory, 'linked'), inEntries(`link-${zeros}.json`));
  writeFileSync(join(directory, 'hard'), JSON.stringify({ ...good, ...named('hard') }));
  linkSync(join(directory, 'hard'), inEntries(`hard-${zeros}.json`));
  // These are no entries to begin with, and are not spoken of.
  writeFileSync(inEntries('.hidden.json'), 'x');
  writeFileSync(inEntries('notes.txt'), 'x');
  writeFileSync(inEntries(`good-${zeros}.json.1234`), 'x');

  const reader = await discoverFromPython(directory);
  expect(idsOf(reader)).toEqual([id]);
  const illegible = (await registry.inspect()).filter(({ verdict }) => verdict === 'illegible');
  const told = [...reader.errors().matchAll(/^'(.*)\.json': ./gm)].map(([, name]) => name);
  // JavaScript reads 1e999 as Infinity, which our schema refuses only where it looks: not in an unknown field.
  expect(told.filter((name) => name !== `infinite-${zeros}`).sort()).toEqual(illegible.map((one) => one.id).sort());
  expect(told.length).toBe(Object.keys(files).length + 4);
  expect(reader.errors()).not.toContain('Traceback');
});

// ---- the future -------------------------------------------------------------------------------------------------

test('fields nobody knows survive an update, at every level', async () => {
  const directory = tempFolder();
  const registry = open(directory);
  const headers = [{ name: 'Authorization', value: 'Bearer 1234', isSecret: true }];
  const registration = await registry.register({
    name: 'weather',
    endpoints: [{ type: 'http', url: 'http://127.0.0.1:1', headers }],
    metadata: { region: 'eu' },
  });
  const path = entryPath(directory, registration.id);
  const unknown = { text: 'ü', list: [null, { x: 0.1 }], nothing: null, largest: 2 ** 53 - 1 };
  const written = readJson(path);
  const [first] = written.endpoints as Json[];
  const extended = {
    ...written,
    unknown,
    endpoints: [{ ...first, unknown, headers: headers.map((header) => ({ ...header, unknown })) }],
    process: { ...(written.process as Json), unknown },
    metadata: { region: 'eu', unknown },
    mcp: { unknown },
    health: { unknown },
  };
  plant(directory, extended);
  await registration.update({ tags: ['new'], status: 'draining' });
  const after = readJson(path);
  expect(after).toEqual({ ...extended, tags: ['new'], status: 'draining', updatedAt: after.updatedAt });
  expect(Object.keys(after)).toContain('unknown');
  // What the page says is not kept.
  writeFileSync(
    `${path}.1`,
    JSON.stringify(extended).replace(/}\n?$/, ',"__proto__":{"a":1},"long":9007199254740993}'),
    {
      mode: 0o600,
    },
  );
  renameSync(`${path}.1`, path);
  await registration.update({ tags: [] });
  expect(readFileSync(path, 'utf8')).not.toContain('__proto__');
  expect(readJson(path)).toMatchObject({ unknown, long: 9_007_199_254_740_992 });
});

test('an entry of a newer format is not listed, not removed, and said to be one', async (context) => {
  const directory = tempFolder();
  const registry = open(directory);
  // Its process is gone, its heartbeat has lapsed, and it has not the form of ours.
  const id = `future-${zeros}`;
  plant(directory, { format: 2, id, process: { ...identifySelf(), pid: 4_194_304 }, instead: 'of all else' }, 1_000);
  plant(directory, { ...full, ...named('later'), format: 2 }, 1_000);
  const text = readFileSync(entryPath(directory, id), 'utf8');
  expect(await registry.discover()).toEqual([]);
  expect(await registry.get(id)).toBeUndefined();
  const newer = { verdict: 'illegible', reason: expect.stringContaining('is of format 2') };
  expect(await registry.inspect()).toMatchObject([{ id, ...newer }, newer]);
  const { removed, kept, illegible } = await registry.reap();
  expect({ removed, kept, illegible: illegible.length }).toEqual({ removed: [], kept: [], illegible: 2 });
  expect(readFileSync(entryPath(directory, id), 'utf8')).toBe(text);
  needsPython(context);
  const reader = await discoverFromPython(directory);
  expect(reader.lines).toEqual([]);
  expect(reader.errors()).toContain('is of another format; it is left alone');
});
