/** The configuration of MCP hosts, as each of them reads it. */

import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Endpoint, Instance } from '../../src/core/instance.js';
import { printable } from '../../src/core/printable.js';
import { Secret } from '../../src/core/secret.js';
import { type Host, hosts } from '../../src/mcp/host.js';
import { exportConfig, hubConfig, isReplaced } from '../../src/mcp/host-config.js';
import { factsOf } from '../../src/mcp/hosts.js';
import { tomlTable } from '../../src/mcp/toml.js';
import { tricks } from '../hostile/strings.js';
import { makeInstance } from '../support/make-instance.js';

const url = 'http://127.0.0.1:7778/mcp';
const mcp = (name: string, endpoint: Partial<Endpoint> = {}, given: Partial<Instance> = {}) =>
  makeInstance({ name, kind: 'mcp', endpoints: [{ type: 'streamable-http', url, ...endpoint }], ...given });

/** One that has a token, one that only says `http`, and one of old. */
const usual = [
  mcp('weather', {
    headers: [
      { name: 'Authorization', value: new Secret('Bearer s3cret'), isSecret: true },
      { name: 'X-Region', value: 'eu' },
    ],
  }),
  mcp('acme.maps_2', { type: 'http', url: 'http://127.0.0.1:7779/mcp' }),
  mcp('old', { type: 'sse', url: 'http://127.0.0.1:7780/sse' }),
];

/** What stands under each name; of TOML as Python reads it. */
function serversIn(host: Host, text: string): Record<string, Record<string, unknown>> {
  const { notation, key } = factsOf(host);
  const parsed = notation === 'json' ? JSON.parse(text) : parseToml([text])[0];
  expect(Object.keys(parsed)).toEqual([key]);
  return parsed[key];
}

// biome-ignore lint/suspicious/noExplicitAny: whatever it is
function parseToml(texts: readonly string[]): any[] {
  const program = 'import json,sys,tomllib;json.dump([tomllib.loads(t) for t in json.load(sys.stdin)],sys.stdout)';
  const { status, stdout, stderr } = spawnSync('python3', ['-c', program], { input: JSON.stringify(texts) });
  expect(status, stderr.toString()).toBe(0);
  return JSON.parse(stdout.toString());
}

/** Python has a parser of TOML since 3.11; without it the literal texts below are all there is. */
const hasToml = spawnSync('python3', ['-c', 'import tomllib']).status === 0;
const readable = hosts.filter((host) => hasToml || factsOf(host).notation === 'json');

describe('what starts the hub', () => {
  const options = { args: ['weather', '--tag', 'gpu'], env: { ROLLCALL_DIR: '/srv/roll call' } };
  const inJson = (key: string, type = '') => `{
  "${key}": {
    "rollcall": {${type}
      "command": "npx",
      "args": [
        "-y",
        "rollcall",
        "hub",
        "weather",
        "--tag",
        "gpu"
      ],
      "env": {
        "ROLLCALL_DIR": "/srv/roll call"
      }
    }
  }
}`;
  const expected: Readonly<Record<Host, string>> = {
    claude: inJson('mcpServers'),
    'claude-code': inJson('mcpServers'),
    vscode: inJson('servers', '\n      "type": "stdio",'),
    cursor: inJson('mcpServers'),
    codex: `[mcp_servers.rollcall]
command = "npx"
args = ["-y", "rollcall", "hub", "weather", "--tag", "gpu"]
env = { ROLLCALL_DIR = "/srv/roll call" }`,
    gemini: inJson('mcpServers'),
  };

  test.each(Object.entries(expected) as [Host, string][])('%s', (host, text) => {
    expect(hubConfig(host, options)).toBe(text);
  });

  test('without anything, nothing is said of the environment', () => {
    expect(hubConfig('codex')).toBe('[mcp_servers.rollcall]\ncommand = "npx"\nargs = ["-y", "rollcall", "hub"]');
    expect(JSON.parse(hubConfig('cursor', { env: {} }))).toEqual({
      mcpServers: { rollcall: { command: 'npx', args: ['-y', 'rollcall', 'hub'] } },
    });
  });

  test.each(readable)('of %s is read back as it was meant', (host) => {
    const { rollcall } = serversIn(host, hubConfig(host, options));
    expect(rollcall).toMatchObject({ args: ['-y', 'rollcall', 'hub', ...options.args], env: options.env });
  });

  test('on Windows, where npx is a batch file, cmd runs it for those that do not themselves', () => {
    const wrapped = hosts.filter((host) => /"cmd"/.test(hubConfig(host, { isWindows: true })));
    expect(wrapped).toEqual(['claude', 'claude-code']);
    expect(JSON.parse(hubConfig('claude-code', { isWindows: true })).mcpServers.rollcall).toEqual({
      command: 'cmd',
      args: ['/c', 'npx', '-y', 'rollcall', 'hub'],
    });
  });
});

describe('live instances, one by one', () => {
  const typed = {
    'acme-maps_2': { type: 'http', url: 'http://127.0.0.1:7779/mcp' },
    old: { type: 'sse', url: 'http://127.0.0.1:7780/sse' },
    weather: { type: 'http', url, headers: { Authorization: 'Bearer s3cret', 'X-Region': 'eu' } },
  };
  const remote = (to: string, transport: string, ...rest: string[]) => [
    '-y',
    'mcp-remote@latest',
    to,
    '--transport',
    transport,
    ...rest,
  ];
  const expected: Readonly<Record<Host, object>> = {
    'claude-code': { mcpServers: typed },
    vscode: { servers: typed },
    cursor: {
      mcpServers: {
        'acme-maps_2': { url: 'http://127.0.0.1:7779/mcp' },
        old: { url: 'http://127.0.0.1:7780/sse' },
        weather: { url, headers: { Authorization: 'Bearer s3cret', 'X-Region': 'eu' } },
      },
    },
    gemini: {
      mcpServers: {
        'acme-maps-2': { httpUrl: 'http://127.0.0.1:7779/mcp' },
        old: { url: 'http://127.0.0.1:7780/sse' },
        weather: { httpUrl: url, headers: { Authorization: 'Bearer s3cret', 'X-Region': 'eu' } },
      },
    },
    codex: {
      mcp_servers: {
        'acme-maps_2': { url: 'http://127.0.0.1:7779/mcp' },
        weather: { url, http_headers: { Authorization: 'Bearer s3cret', 'X-Region': 'eu' } },
      },
    },
    claude: {
      mcpServers: {
        'acme-maps_2': { command: 'npx', args: remote('http://127.0.0.1:7779/mcp', 'http-only') },
        old: { command: 'npx', args: remote('http://127.0.0.1:7780/sse', 'sse-only') },
        weather: {
          command: 'npx',
          args: remote(
            url,
            'http-only',
            ...['--header', `Authorization:\${ROLLCALL_HEADER_1}`],
            ...['--header', `X-Region:\${ROLLCALL_HEADER_2}`],
          ),
          env: { ROLLCALL_HEADER_1: 'Bearer s3cret', ROLLCALL_HEADER_2: 'eu' },
        },
      },
    },
  };

  test.each(readable)('for %s', (host) => {
    const { text, left } = exportConfig(host, usual, { secrets: true });
    const { key } = factsOf(host);
    expect({ [key]: serversIn(host, text) }).toEqual(expected[host]);
    expect(left).toEqual(
      host === 'codex' ? [{ instance: usual[2], reason: 'speaks SSE, the transport of old, and nothing newer' }] : [],
    );
  });

  test('as text: indented JSON, and TOML a table each', () => {
    expect(exportConfig('gemini', usual.slice(2)).text).toBe(`{
  "mcpServers": {
    "old": {
      "url": "http://127.0.0.1:7780/sse"
    }
  }
}`);
    expect(exportConfig('codex', usual, { secrets: true }).text).toBe(`[mcp_servers.acme-maps_2]
url = "http://127.0.0.1:7779/mcp"

[mcp_servers.weather]
url = "http://127.0.0.1:7778/mcp"
http_headers = { Authorization = "Bearer s3cret", X-Region = "eu" }`);
  });

  test('of none', () => {
    expect(exportConfig('vscode', [])).toEqual({ text: '{\n  "servers": {}\n}', left: [] });
    expect(exportConfig('codex', [])).toEqual({ text: '', left: [] });
  });

  test.each(hosts)('a secret is written for %s only when it is asked for', (host) => {
    const [weather] = usual as [Instance];
    const plain = mcp('plain', { headers: [{ name: 'X-Key', value: 'k3y', isSecret: true }] });
    const { text, left } = exportConfig(host, [weather, plain]);
    expect(text).not.toMatch(/s3cret|k3y|\[secret\]|Authorization/);
    expect(text).toContain('X-Region');
    expect(left).toEqual([
      { instance: weather, header: 'Authorization', reason: 'is secret', isSecret: true },
      { instance: plain, header: 'X-Key', reason: 'is secret', isSecret: true },
    ]);
    const asked = exportConfig(host, [weather, plain], { secrets: true });
    expect(asked.text).toMatch(/Bearer s3cret/);
    expect(asked.text).toMatch(/k3y/);
    expect(asked.left).toEqual([]);
  });

  test('in Claude Desktop no header is in the arguments of a process', () => {
    const { mcpServers } = JSON.parse(exportConfig('claude', usual, { secrets: true }).text);
    expect(JSON.stringify(mcpServers.weather.args)).not.toMatch(/s3cret|eu/);
  });

  test.each([
    ['http://localhost:1/mcp', false],
    ['http://127.0.0.1:1/mcp', false],
    ['https://far.example/mcp', false],
    ['http://[::1]:1/mcp', true],
    ['http://host.docker.internal:1/mcp', true],
  ])('mcp-remote has to be allowed %s: %j', (address, isAllowed) => {
    expect(exportConfig('claude', [mcp('a', { url: address })]).text.includes('--allow-http')).toBe(isAllowed);
  });

  test('the best endpoint is written, whatever its place', () => {
    const endpoints = [
      { type: 'http', url: 'http://127.0.0.1:1/page' },
      { type: 'sse', url: 'http://127.0.0.1:1/sse' },
      { type: 'streamable-http', socketPath: '/run/a.sock', url: 'http://localhost/mcp' },
      { type: 'streamable-http', url: 'http://127.0.0.1:1/mcp' },
    ];
    const written = (kind: string | undefined, which: readonly Endpoint[]) =>
      JSON.parse(exportConfig('vscode', [makeInstance({ name: 'a', kind, endpoints: which })]).text).servers.a;
    for (const kind of ['mcp', undefined]) {
      expect(written(kind, endpoints)).toEqual({ type: 'http', url: 'http://127.0.0.1:1/mcp' });
      // What says what it speaks comes before what only may.
      expect(written(kind, endpoints.slice(0, 3))).toEqual({ type: 'sse', url: 'http://127.0.0.1:1/sse' });
    }
    expect(written('mcp', endpoints.slice(0, 1))).toEqual({ type: 'http', url: 'http://127.0.0.1:1/page' });
  });

  const socket = { type: 'streamable-http', socketPath: '/run/a.sock', url: 'http://localhost/mcp' };
  test.each<[string, Partial<Instance>]>([
    ['has no endpoint yet', { endpoints: [], status: 'starting' }],
    ['speaks stdio, and only the program that started it can reach it', { endpoints: [{ type: 'stdio' }] }],
    ['listens on a Unix socket or named pipe, which has no URL', { endpoints: [socket] }],
    ['has no URL that begins with http: or https:', { endpoints: [{ type: 'streamable-http', url: 'ws://a.b/' }] }],
    ['has no endpoint for MCP over HTTP, only http', { kind: 'http', endpoints: [{ type: 'http', url }] }],
    [
      'has no endpoint for MCP over HTTP, only ws, tcp',
      {
        endpoints: [
          { type: 'ws', url },
          { type: 'tcp', url },
        ],
      },
    ],
  ])('what cannot be written is named: it %s', (reason, given) => {
    const instance = makeInstance({ name: 'a', kind: 'mcp', ...given });
    for (const host of hosts) {
      const { text, left } = exportConfig(host, [instance]);
      expect(left).toEqual([{ instance, reason }]);
      expect(text).toBe(exportConfig(host, []).text);
    }
  });
});

describe('names', () => {
  const at = (second: number) => ({ registeredAt: `2026-01-01T00:00:0${second}.000Z` });
  const urlsByName = (host: Host, instances: readonly Instance[]) =>
    Object.fromEntries(
      Object.entries(JSON.parse(exportConfig(host, instances).text).mcpServers).map(([name, fields]) => [
        name,
        (fields as { url: string }).url,
      ]),
    );
  const of = (name: string, second: number) => mcp(name, { url: `http://h/${second}` }, at(second));

  test('the oldest keeps its name, the others are numbered, and a name that is meant so is not taken', () => {
    const instances = [of('api', 4), of('api', 2), of('api-2', 5), of('api', 3)];
    const expected = { api: 'http://h/2', 'api-2': 'http://h/5', 'api-3': 'http://h/3', 'api-4': 'http://h/4' };
    expect(urlsByName('cursor', instances)).toEqual(expected);
    expect(urlsByName('cursor', instances.toReversed())).toEqual(expected);
  });

  test('what becomes the same name is told apart as well', () => {
    expect(urlsByName('cursor', [of('a.b', 1), of('a-b', 2), of('a_b', 3)])).toEqual({
      'a-b': 'http://h/1',
      'a-b-2': 'http://h/2',
      a_b: 'http://h/3',
    });
  });

  test('two of the same moment have the same names every time', () => {
    const instances = [of('api', 1), of('api', 1)].map((instance, index) => ({
      ...instance,
      endpoints: [{ type: 'sse', url: `http://h/${index}` }],
    }));
    expect(urlsByName('cursor', instances)).toEqual(urlsByName('cursor', instances.toReversed()));
  });

  test('a name that the host keeps to itself is numbered', () => {
    expect(Object.keys(urlsByName('claude-code', [of('workspace', 1)]))).toEqual(['workspace-2']);
    expect(Object.keys(urlsByName('cursor', [of('workspace', 1)]))).toEqual(['workspace']);
  });

  test('whatever they are, each is legal and each is there', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,3}[A-Za-z0-9])?$/);
    fc.assert(
      fc.property(fc.array(name), fc.constantFrom(...hosts), (names, host) => {
        const { text, left } = exportConfig(
          host,
          names.map((each) => mcp(each)),
        );
        const written =
          factsOf(host).notation === 'json'
            ? Object.keys(JSON.parse(text)[factsOf(host).key])
            : [...text.matchAll(/^\[mcp_servers\.(.*)\]$/gm)].map(([, each = '']) => each);
        expect(left).toEqual([]);
        expect(new Set(written).size).toBe(names.length);
        for (const each of written) expect(each).toMatch(host === 'gemini' ? /^[A-Za-z0-9-]+$/ : /^[A-Za-z0-9_-]+$/);
      }),
    );
  });
});

describe('an entry that means harm', () => {
  const header = (value: string, name = 'X-A') => ({ headers: [{ name, value }] });

  test.each<[Host, string, boolean]>([
    ['claude-code', `a\${HOME}`, true],
    ['claude-code', 'a$HOME', false],
    ['vscode', `\${command:workbench.action.terminal.new}`, true],
    ['cursor', `\${env:HOME}`, true],
    ['gemini', '$HOME', true],
    ['gemini', `\${HOME}`, true],
    ['gemini', 'US$ 5', false],
    ['codex', `\${HOME}`, false],
    ['claude', `\${HOME}`, false],
  ])('does not get the environment of %s by %j: %j', (host, value, isLeft) => {
    expect(isReplaced(host, value)).toBe(isLeft);
    const inHeader = mcp('a', header(value));
    const { text, left } = exportConfig(host, [inHeader]);
    expect(text.includes(JSON.stringify(value).slice(1, -1))).toBe(!isLeft);
    const why = `a $ in it, which ${factsOf(host).title} would replace`;
    expect(left).toEqual(isLeft ? [{ instance: inHeader, header: 'X-A', reason: `has ${why}` }] : []);
    const inUrl = mcp('a', { url: `${url}?${value.replaceAll(' ', '%20')}` });
    expect(exportConfig(host, [inUrl]).left).toEqual(
      isLeft ? [{ instance: inUrl, reason: `has a URL with ${why}` }] : [],
    );
  });

  test('runs no command by a URL that cmd.exe would read', () => {
    const instance = mcp('a', { url: `${url}?a&calc` });
    const left = [{ instance, reason: 'has a URL with characters in it that are special to cmd.exe' }];
    expect(exportConfig('claude', [instance], { isWindows: true }).left).toEqual(left);
    expect(exportConfig('claude', [instance]).left).toEqual([]);
    expect(exportConfig('vscode', [instance], { isWindows: true }).left).toEqual([]);
    const harmless = JSON.parse(exportConfig('claude', [mcp('a')], { isWindows: true }).text);
    expect(harmless.mcpServers.a.args.slice(0, 4)).toEqual(['/c', 'npx', '-y', 'mcp-remote@latest']);
  });

  test('has no header that mcp-remote would pass over in silence', () => {
    const instance = mcp('a', header('b', 'X.A'));
    expect(exportConfig('claude', [instance]).left).toEqual([
      { instance, header: 'X.A', reason: 'has a name that Claude Desktop cannot send' },
    ]);
    expect(exportConfig('vscode', [instance]).left).toEqual([]);
  });

  test.each(readable)('has no header by a name that is special here: %s', (host) => {
    const { a } = serversIn(host, exportConfig(host, [mcp('a', header('b', '__proto__'))]).text);
    expect(JSON.stringify(a)).toMatch(/"__proto__":"b"|"__proto__:\$/);
  });

  test.each(readable)('prints nothing that a terminal obeys, and keeps its values: %s', (host) => {
    // As they come through the schema of a file: a header without controls, a URL without blanks as well.
    for (const trick of Object.values(tricks)) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
      const value = `"\\'${trick.replace(/[\u0000-\u0008\u000a-\u001f\u007f]/g, '')}"`;
      const address = `${url}?"'${value.replace(/[\s\\]/g, '')}`;
      const { text, left } = exportConfig(host, [mcp('a', { url: address, ...header(value) })]);
      expect(left).toEqual([]);
      for (const line of text.split('\n')) expect(printable(line)).toBe(line);
      const seen = JSON.stringify(serversIn(host, text).a);
      const same = (wanted: string) =>
        JSON.stringify(factsOf(host).notation === 'json' ? wanted : Buffer.from(wanted).toString());
      expect(seen).toContain(same(value));
      expect(seen).toContain(same(address));
    }
  });
});

describe.skipIf(!hasToml)('TOML, as Python reads it', () => {
  const wellFormed = (text: string) => Buffer.from(text).toString();

  test('any text is the same in a value, a list, a table and as a key, on one line', () => {
    const texts = fc.sample(fc.string({ unit: 'binary', minLength: 1 }), 300).concat(Object.values(tricks));
    const tables = texts.map((text) => tomlTable(['a', text], { [text]: text, l_: [text, 'b'], t_: { [text]: text } }));
    for (const table of tables) {
      expect(table.split('\n')).toHaveLength(4);
      expect(printable(table.replaceAll('\n', ''))).toBe(table.replaceAll('\n', ''));
    }
    const read = parseToml(tables);
    for (const [index, text] of texts.map(wellFormed).entries()) {
      expect(read[index]).toEqual({ a: { [text]: { [text]: text, l_: [text, 'b'], t_: { [text]: text } } } });
    }
  });

  test('what is not there is left out, and an empty list is one', () => {
    const text = tomlTable(['a'], { b: undefined, c: [], d: '' });
    expect(text).toBe('[a]\nc = []\nd = ""');
    expect(parseToml([text])).toEqual([{ a: { c: [], d: '' } }]);
  });
});
