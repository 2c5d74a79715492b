/** `rollcall export`, and what `rollcall hub --print-config` prints. */

import { spawnSync } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test, vi } from 'vitest';
import { printConfig } from '../../src/cli/commands/hub-config.js';
import { Terminal } from '../../src/cli/terminal.js';
import { encode } from '../../src/core/codec.js';
import type { Query } from '../../src/core/query.js';
import { type RegistrationInput, Registry } from '../../src/index.js';
import { type Host, hosts } from '../../src/mcp/host.js';
import { identifySelf } from '../../src/process/identity.js';
import { HostileFolder } from '../hostile/plant.js';
import { tricks } from '../hostile/strings.js';
import { cli, cliHere } from '../support/cli.js';
import { makeInstance } from '../support/make-instance.js';
import { tempFolder } from '../support/temp.js';

const url = 'http://127.0.0.1:7778/mcp';
const endpoints = [{ type: 'streamable-http', url }];

async function registryOf(...inputs: RegistrationInput[]) {
  const directory = tempFolder();
  const registry = new Registry({ directory });
  onTestFinished(() => registry.close());
  const ids: string[] = [];
  for (const input of inputs) ids.push((await registry.register(input)).id);
  return { directory, ids };
}

test('the configuration goes to stdout and nothing else does; where it belongs, to stderr', async () => {
  const { directory } = await registryOf({ name: 'weather', endpoints });
  expect(await cli(directory, 'export', '--client', 'cursor')).toEqual({
    code: 0,
    signal: null,
    out: `{
  "mcpServers": {
    "weather": {
      "url": "${url}"
    }
  }
}
`,
    err: 'Cursor reads this from .cursor/mcp.json in the project, or ~/.cursor/mcp.json for all projects.\n',
  });
  const codex = await cliHere(directory, ['export', '--client', 'codex']);
  expect(codex.out).toBe(`[mcp_servers.weather]\nurl = "${url}"\n`);
  // The same, whoever looks: it is the text of a file.
  expect((await cliHere(directory, ['export', '--client', 'codex'], true)).out).toBe(codex.out);
});

test('that for Claude Desktop says whose program goes between', async () => {
  const { directory } = await registryOf({ name: 'weather', endpoints });
  const { out, err } = await cliHere(directory, ['export', '--client', 'claude']);
  expect(JSON.parse(out).mcpServers.weather.args).toContain('mcp-remote@latest');
  expect(err).toMatch(/npx mcp-remote, which is not part of rollcall, goes between/);
});

test('what does not speak MCP is passed over, unless it is named', async () => {
  const { directory, ids } = await registryOf(
    { name: 'weather', endpoints },
    { name: 'said', kind: 'mcp', endpoints: [{ type: 'http', url }] },
    { name: 'piped', kind: 'mcp', endpoints: [{ type: 'stdio' }] },
    { name: 'web', kind: 'http', endpoints: [{ type: 'http', url }] },
  );
  const all = await cliHere(directory, ['export', '--client', 'vscode']);
  expect(Object.keys(JSON.parse(all.out).servers)).toEqual(['said', 'weather']);
  expect(all.err.split('\n')[0]).toBe(
    `${ids[2]} is left out: it speaks stdio, and only the program that started it can reach it.`,
  );
  expect(all.err).not.toContain('web-');
  for (const args of [['web'], ['--kind', 'http']]) {
    const named = await cliHere(directory, ['export', ...args, '--client', 'vscode']);
    expect(JSON.parse(named.out)).toEqual({ servers: {} });
    expect(named.err).toBe(
      `${ids[3]} is left out: it has no endpoint for MCP over HTTP, only http.\nNone can be written.\n`,
    );
  }
});

test('it filters as list does', async () => {
  const { directory } = await registryOf(
    { name: 'a', endpoints, tags: ['gpu'], cwd: '/projects/a' },
    { name: 'b', endpoints, kind: 'mcp', capabilities: ['b.x'], status: 'draining', cwd: '/projects/b' },
  );
  const names = async (...args: string[]) =>
    Object.keys(JSON.parse((await cliHere(directory, ['export', '--client', 'gemini', ...args])).out).mcpServers);
  expect(await names()).toEqual(['a', 'b']);
  expect(await names('a')).toEqual(['a']);
  expect(await names('--tag', 'gpu')).toEqual(['a']);
  expect(await names('--kind', 'mcp')).toEqual(['b']);
  expect(await names('--capability', 'b.*')).toEqual(['b']);
  expect(await names('--status', 'draining')).toEqual(['b']);
  expect(await names('--cwd', '/projects/a')).toEqual(['a']);
});

test('with none the file is a good one all the same, and a person is told', async () => {
  const directory = tempFolder();
  const { code, out, err } = await cliHere(directory, ['export', '--client', 'claude-code']);
  expect([code, JSON.parse(out), err]).toEqual([0, { mcpServers: {} }, 'No MCP server that runs matches.\n']);
  expect((await cliHere(directory, ['export', '--client', 'codex'])).out).toBe('');
});

test('a host has to be named, and to be known', async () => {
  const directory = tempFolder();
  expect(await cliHere(directory, ['export'])).toMatchObject({ code: 2, out: '' });
  const { code, err } = await cliHere(directory, ['export', '--client', 'emacs']);
  expect(code).toBe(2);
  for (const host of hosts) expect(err).toContain(host);
});

test('secrets are left out by name, and written when they are asked for, with a warning', async () => {
  const headers = [
    { name: 'Authorization', value: 'Bearer s3cret', isSecret: true },
    { name: 'X-Region', value: 'eu' },
  ];
  const { directory, ids } = await registryOf({ name: 'weather', endpoints: [{ type: 'sse', url, headers }] });
  const { out, err } = await cliHere(directory, ['export', '--client', 'vscode']);
  expect(JSON.parse(out).servers.weather.headers).toEqual({ 'X-Region': 'eu' });
  expect(err.split('\n').slice(0, 2)).toEqual([
    `The header Authorization of ${ids[0]} is left out: it is secret.`,
    'Secret headers are written with --secrets.',
  ]);
  expect(err).not.toContain('keep it to yourself');
  const asked = await cliHere(directory, ['export', '--client', 'vscode', '--secrets']);
  expect(JSON.parse(asked.out).servers.weather.headers).toEqual({ Authorization: 'Bearer s3cret', 'X-Region': 'eu' });
  expect(asked.err).toMatch(/keep it to yourself\.\n$/);
  expect(asked.err).not.toMatch(/left out|s3cret/);
});

test('nothing that an entry says reaches a terminal as it is, and no line is forged', async () => {
  const folder = new HostileFolder();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  const inHeader = (text: string) => `"'${text.replace(/[\u0000-\u0008\u000a-\u001f\u007f]/g, '')}`;
  for (const [index, text] of Object.values(tricks).entries()) {
    const headers = [{ name: 'X-Text', value: inHeader(text) }];
    const given = { title: text, description: text, process: identifySelf(), kind: 'mcp' };
    await folder.addGood(makeInstance({ ...given, name: `a${index}`, endpoints: [{ type: 'sse', url, headers }] }));
    // Its type is told: it is why it is left out.
    const type = Buffer.from(text).toString().slice(0, 60);
    await folder.addGood(makeInstance({ ...given, name: `b${index}`, endpoints: [{ type, url }] }));
  }
  for (const host of hosts) {
    const { out, err } = await cliHere(folder.directory, ['export', '--client', host]);
    expect(`${out}${err}`.replaceAll('\n', '')).not.toMatch(
      /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u,
    );
    expect(`${out}${err}`, host).not.toMatch(/^forged/m);
    expect(err.match(/ is left out: /g)).toHaveLength(Object.keys(tricks).length * (host === 'codex' ? 2 : 1));
    if (host === 'codex') continue;
    const [servers] = Object.values(JSON.parse(out)) as [Record<string, { headers?: object; env?: object }>];
    for (const [index, text] of Object.values(tricks).entries()) {
      const { headers, env } = servers[`a${index}`] ?? {};
      // What is half a character is mended on its way into the file already.
      const [seen] = Object.values(headers ?? env ?? {});
      expect(seen).toBe(JSON.parse(encode(makeInstance({ title: inHeader(text) }))).title);
    }
  }
});

/** What `rollcall hub --print-config` says, in this environment. */
function printed(
  host: Host,
  query: Query,
  env: Readonly<Record<string, string>> = {},
  asked: { health?: boolean; merge?: boolean } = {},
) {
  vi.stubEnv('ROLLCALL_DIR', env.ROLLCALL_DIR);
  vi.stubEnv('XDG_DATA_HOME', env.XDG_DATA_HOME);
  onTestFinished(() => void vi.unstubAllEnvs());
  const texts = { out: '', err: '' };
  const stream = (name: keyof typeof texts) =>
    new PassThrough().on('data', (chunk) => {
      texts[name] += chunk;
    }) as unknown as NodeJS.WriteStream;
  printConfig(new Terminal(stream('out'), stream('err')), host, query, {
    expose: 'auto',
    timeout: 300_000,
    ...asked,
  });
  return texts;
}

test('what starts the hub has the filters as they were typed, and knows the folder of the registry', () => {
  const query: Query = {
    name: 'weather*',
    kind: 'mcp',
    tags: ['gpu', 'eu'],
    capabilities: ['weather.*'],
    status: 'ready',
    cwd: '/projects/a b',
  };
  const { out, err } = printed('gemini', query, { ROLLCALL_DIR: '/srv/r', XDG_DATA_HOME: '/data' });
  const typed = '--kind mcp --tag gpu --tag eu --capability weather.* --status ready --cwd'.split(' ');
  expect(JSON.parse(out)).toEqual({
    mcpServers: {
      rollcall: {
        command: 'npx',
        args: ['-y', 'rollcall', 'hub', '--name', 'weather*', ...typed, '/projects/a b'],
        env: { ROLLCALL_DIR: '/srv/r' },
      },
    },
  });
  expect(err).toBe('Gemini CLI reads this from ~/.gemini/settings.json, or .gemini/settings.json in the project.\n');
});

test.runIf(process.platform === 'linux')('a data folder of one’s own is handed on, as hosts hand on little', () => {
  expect(printed('codex', {}, { XDG_DATA_HOME: '/data' }).out).toContain('env = { XDG_DATA_HOME = "/data" }');
  expect(printed('codex', {}).out).not.toContain('env');
});

test('what starts the hub asks for what was asked for', async () => {
  const args = (asked: { health?: boolean; merge?: boolean }) =>
    JSON.parse(printed('claude', {}, {}, asked).out).mcpServers.rollcall.args.slice(3);
  expect(args({})).toEqual([]);
  expect(args({ health: true })).toEqual(['--health']);
  expect(args({ merge: true, health: true })).toEqual(['--health', '--merge']);
  const { directory } = await registryOf();
  const { out } = await cliHere(directory, ['hub', '--merge', '--health', '--print-config', 'claude']);
  expect(JSON.parse(out).mcpServers.rollcall.args).toEqual(['-y', 'rollcall', 'hub', '--health', '--merge']);
});

test('what the host would replace in it is told', () => {
  const { err } = printed('vscode', { cwd: `/a/\${b}` });
  expect(err.split('\n')[0]).toBe(`VS Code will replace what stands after the $ in /a/\${b}.`);
});

test.skipIf(spawnSync('python3', ['-c', 'import tomllib']).status !== 0)('that for Codex is TOML', async () => {
  const headers = [{ name: 'X-Text', value: `"'\\ \u202e € 👍` }];
  const { directory } = await registryOf({ name: 'a.b', endpoints: [{ type: 'streamable-http', url, headers }] });
  const { out: input } = await cliHere(directory, ['export', '--client', 'codex']);
  const program = 'import json,sys,tomllib;json.dump(tomllib.load(sys.stdin.buffer),sys.stdout)';
  const { stdout } = spawnSync('python3', ['-c', program], { input });
  expect(JSON.parse(stdout.toString())).toEqual({
    mcp_servers: { 'a-b': { url, http_headers: { 'X-Text': headers[0]?.value } } },
  });
});
