/** What each MCP host calls things in its configuration, and what it takes there. */

import type { Host } from './host.js';

/** How an MCP server is reached by its URL. */
export type Transport = 'streamable-http' | 'sse';

/** A server that is reached by its URL. */
export interface Remote {
  readonly transport: Transport;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A server that the host starts, and speaks to over stdio. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** What stands under a server's name in the configuration. */
export type Fields = Readonly<
  Record<string, string | readonly string[] | Readonly<Record<string, string>> | undefined>
>;

export interface HostFacts {
  /** For people. */
  readonly title: string;
  /** Where its configuration is, for people. */
  readonly file: string;
  readonly notation: 'json' | 'toml';
  /** What the servers stand under. */
  readonly key: string;
  /** What may not stand in a server's name. */
  readonly illegal: RegExp;
  /** Names it keeps to itself. */
  readonly reserved: readonly string[];
  /** What it reads of the servers it reaches by URL, best first. */
  readonly transports: readonly Transport[];
  /** What it replaces in values by something of its own, such as its environment. It cannot be escaped. */
  readonly variable?: RegExp;
  /** Headers that it can send; any unless given. */
  readonly header?: RegExp;
  /** Characters that a command line makes something else of, where it has to go through one. */
  readonly special?: RegExp;
  /** What a person has to know of servers that are reached by URL. */
  readonly remark?: string;
  program(program: Program): Fields;
  remote(remote: Remote, isWindows: boolean): Fields;
}

const plainly = ({ command, args, env }: Program): Fields => ({ command, args, env });

/** Server files say "http" for what the registry, and the protocol, call "streamable-http". */
const typed = ({ transport, url, headers }: Remote): Fields => ({
  type: transport === 'sse' ? 'sse' : 'http',
  url,
  headers: orNone(headers),
});

/** What begins `${…}`: VS Code and Cursor have more than the environment there, down to commands of theirs. */
const braced = /\$\{/;

// Looked up in the documentation and the sources named, each as they were in late 2026.
const facts: Readonly<Record<Host, HostFacts>> = {
  // https://modelcontextprotocol.io/docs/develop/connect-local-servers. It starts programs only: what has a `url` is
  // "not a valid MCP server configuration" (https://support.claude.com/en/articles/11503834, cboxdk/statamic-mcp#20).
  claude: {
    title: 'Claude Desktop',
    file: '~/Library/Application Support/Claude/claude_desktop_config.json (macOS), %APPDATA%\\Claude\\claude_desktop_config.json (Windows)',
    notation: 'json',
    key: 'mcpServers',
    illegal: /[^A-Za-z0-9_-]/g,
    reserved: [],
    transports: ['streamable-http', 'sse'],
    // What mcp-remote takes of a header: https://github.com/geelen/mcp-remote, src/lib/utils.ts.
    header: /^[A-Za-z0-9_-]+$/,
    special: /[&|<>^"%!()]/,
    remark:
      'Claude Desktop takes no URLs in this file: npx mcp-remote, which is not part of rollcall, goes between. rollcall hub needs nothing between.',
    program: plainly,
    remote: (remote, isWindows) => plainly(npx('claude', isWindows, mcpRemote(remote))),
  },
  // https://code.claude.com/docs/en/mcp: types, variables (in command, args, env, url and headers), reserved names, and
  // npx on Windows. `claude mcp add` says which characters a name may have.
  'claude-code': {
    title: 'Claude Code',
    file: '.mcp.json in the project, or ~/.claude.json for all projects',
    notation: 'json',
    key: 'mcpServers',
    illegal: /[^A-Za-z0-9_-]/g,
    reserved: ['workspace', 'claude-in-chrome', 'computer-use'],
    transports: ['streamable-http', 'sse'],
    variable: braced,
    program: plainly,
    remote: typed,
  },
  // https://code.visualstudio.com/docs/copilot/reference/mcp-configuration, and microsoft/vscode,
  // src/vs/workbench/contrib/mcp/common/mcpConfiguration.ts: `type` is "stdio", or "http" or "sse".
  vscode: {
    title: 'VS Code',
    file: '.vscode/mcp.json in the project, or mcp.json of your profile ("MCP: Open User Configuration")',
    notation: 'json',
    key: 'servers',
    illegal: /[^A-Za-z0-9_-]/g,
    reserved: [],
    transports: ['streamable-http', 'sse'],
    variable: braced,
    program: (program) => ({ type: 'stdio', ...plainly(program) }),
    remote: typed,
  },
  // https://cursor.com/docs/mcp: it finds out for itself which of the two a URL speaks.
  cursor: {
    title: 'Cursor',
    file: '.cursor/mcp.json in the project, or ~/.cursor/mcp.json for all projects',
    notation: 'json',
    key: 'mcpServers',
    illegal: /[^A-Za-z0-9_-]/g,
    reserved: [],
    transports: ['streamable-http', 'sse'],
    variable: braced,
    program: plainly,
    remote: ({ url, headers }) => ({ url, headers: orNone(headers) }),
  },
  // https://developers.openai.com/codex/mcp, and openai/codex, codex-rs/config/src/mcp_types.rs: a `url` is streamable
  // HTTP, `headers` is ignored, an inline `bearer_token` refused. Of names: openai/codex#19179.
  codex: {
    title: 'Codex',
    file: '~/.codex/config.toml, or .codex/config.toml in a project that is trusted',
    notation: 'toml',
    key: 'mcp_servers',
    illegal: /[^A-Za-z0-9_-]/g,
    reserved: [],
    transports: ['streamable-http'],
    program: plainly,
    remote: ({ url, headers }) => ({ url, http_headers: orNone(headers) }),
  },
  // google-gemini/gemini-cli, docs/tools/mcp-server.md; packages/cli/src/utils/envVarResolver.ts (it replaces $NAME in
  // every value). A name with "_" is taken apart at the wrong place: google-gemini/gemini-cli#21727, #27981.
  gemini: {
    title: 'Gemini CLI',
    file: '~/.gemini/settings.json, or .gemini/settings.json in the project',
    notation: 'json',
    key: 'mcpServers',
    illegal: /[^A-Za-z0-9-]/g,
    reserved: [],
    transports: ['streamable-http', 'sse'],
    variable: /\$[\w{]/,
    program: plainly,
    remote: ({ transport, url, headers }) => ({
      [transport === 'sse' ? 'url' : 'httpUrl']: url,
      headers: orNone(headers),
    }),
  },
};

export function factsOf(host: Host): HostFacts {
  return facts[host];
}

/**
 * How `host` starts what npm has. On Windows npx is a batch file, which Claude Code and Claude Desktop do not find by
 * themselves (https://code.claude.com/docs/en/mcp, modelcontextprotocol/servers#3460); the others do.
 */
export function npx(host: Host, isWindows: boolean, { args, env }: Omit<Program, 'command'>): Program {
  const isWrapped = isWindows && (host === 'claude' || host === 'claude-code');
  return isWrapped
    ? { command: 'cmd', args: ['/c', 'npx', '-y', ...args], env }
    : { command: 'npx', args: ['-y', ...args], env };
}

/**
 * Headers go through the environment: who lists the processes of a machine sees the arguments of each, mcp-remote logs
 * them, and some hosts break them at blanks (its README). `@latest`, because what lies in npx's cache may be one from
 * before 0.1.16, in which a server could run commands (CVE-2025-6514).
 */
function mcpRemote({ transport, url, headers }: Remote): Omit<Program, 'command'> {
  const { protocol, hostname } = new URL(url);
  // It takes these two for this machine, and no other name of it.
  const needsLeave = protocol === 'http:' && hostname !== 'localhost' && hostname !== '127.0.0.1';
  const named = Object.entries(headers).map(([name, value], index) => ({
    name,
    value,
    variable: `ROLLCALL_HEADER_${index + 1}`,
  }));
  const args = [
    'mcp-remote@latest',
    url,
    '--transport',
    transport === 'sse' ? 'sse-only' : 'http-only',
    ...(needsLeave ? ['--allow-http'] : []),
    ...named.flatMap(({ name, variable }) => ['--header', `${name}:\${${variable}}`]),
  ];
  return { args, env: orNone(Object.fromEntries(named.map(({ variable, value }) => [variable, value]))) };
}

function orNone(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> | undefined {
  return Object.keys(values).length > 0 ? values : undefined;
}
