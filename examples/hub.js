// @ts-check
/** An MCP host has one server in its configuration, `rollcall hub`, and calls three others that come, die and come back. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Registry } from 'rollcall';
import { start, useRegistry } from './support.js';

const directory = useRegistry();
const registry = new Registry({ directory });
const names = ['calculator', 'notes', 'weather'];
/** @type {Record<string, ReturnType<typeof start>>} */
const servers = {};
for (const name of names) servers[name] = start('mcp-server.js', [name]);
for (const name of names) await registry.waitFor({ name }, { timeout: 10_000 });

// What a host does with `"command": "npx", "args": ["-y", "rollcall", "hub"]`.
const hub = fileURLToPath(new URL('dist/cli/main.js', import.meta.resolve('rollcall/package.json')));
const host = new Client({ name: 'a host', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
let changes = 0;
host.setNotificationHandler('notifications/tools/list_changed', () => {
  changes++;
});
await host.connect(
  new StdioClientTransport({
    command: process.execPath,
    args: [hub, 'hub'],
    env: { ...getDefaultEnvironment(), ROLLCALL_DIR: directory },
    stderr: 'inherit',
  }),
);
await host.listen({ toolsListChanged: true });

const toolNames = async () => (await host.listTools()).tools.map(({ name }) => name);
/** @param {string} name @param {Record<string, unknown>} input */
async function call(name, input) {
  const { content, isError } = await host.callTool({ name, arguments: input });
  const [first] = content;
  return { text: first?.type === 'text' ? first.text : '', isError };
}

// Its tools are there besides the hub's own three.
assert.deepEqual(await toolNames(), [
  'rollcall_call',
  'rollcall_instances',
  'rollcall_tools',
  'calculator__add',
  'calculator__multiply',
  'notes__add',
  'notes__search',
  'weather__current',
  'weather__forecast',
]);
assert.equal((await call('calculator__add', { numbers: [19, 23] })).text, '42');
assert.equal((await call('notes__add', { text: 'buy milk' })).text, 'note 1 kept');
// A host that has listed only once calls what came later by its name.
const found = await call('rollcall_tools', { query: 'weather tomorrow' });
assert.match(found.text, /"forecast"/);
const forecast = { instance: 'weather', tool: 'forecast', arguments: { city: 'Oslo' } };
assert.match((await call('rollcall_call', forecast)).text, /^Oslo, tomorrow: /);

// One is killed. The host is told, a call says what is wrong, and the others do not notice.
const told = changes;
const { weather } = servers;
const gone = weather && once(weather, 'exit');
weather?.kill('SIGKILL');
await gone;
while ((await toolNames()).includes('weather__current')) await new Promise((resolve) => setTimeout(resolve, 10));
while (changes === told) await new Promise((resolve) => setTimeout(resolve, 10));
const away = await call('weather__current', { city: 'Oslo' });
assert.equal(away.isError, true);
assert.match(away.text, /^weather \(weather-\w+\) is not there/);
assert.equal((await call('notes__search', { word: 'milk' })).text, 'buy milk');

// It is back, on another port and under the same name: nothing was to be told to the host, or to the hub.
servers.weather = start('mcp-server.js', ['weather']);
while ((await call('weather__current', { city: 'Oslo' })).isError)
  await new Promise((resolve) => setTimeout(resolve, 10));

await host.close();
await registry.close();
for (const server of Object.values(servers)) server.kill('SIGTERM');
console.log('called the tools of three servers through one, one of them before and after it was killed');
