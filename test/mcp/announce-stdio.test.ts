/** Servers over stdio that make themselves known. */

import { Client } from '@modelcontextprotocol/client';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { expect, onTestFinished, test } from 'vitest';
import { announceStdio } from '../../src/mcp/announce-stdio.js';
import { Registry } from '../../src/registry/registry.js';
import { createCluster } from '../../src/testing/cluster.js';
import { eventually } from '../support/eventually.js';
import { root } from '../support/processes.js';
import { tempFolder } from '../support/temp.js';

test('a client that starts it twice, first only to ask, sees one come and go', async () => {
  const directory = tempFolder();
  const registry = new Registry({ directory });
  const watcher = registry.watch();
  const pids: number[] = [];
  watcher.on('add', ({ process }) => pids.push(process.pid));
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: ['test/programs/stdio-server.js'],
    cwd: root,
    env: { ...getDefaultEnvironment(), ROLLCALL_DIR: directory },
    stderr: 'inherit',
  });
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(transport);
  const { content } = await client.callTool({ name: 'pid', arguments: {} });
  const instance = await registry.waitFor({ name: 'words' });
  expect(content).toEqual([{ type: 'text', text: `${instance.process.pid}` }]);
  expect(instance).toMatchObject({
    title: 'Words',
    version: '1.2.0',
    kind: 'mcp',
    endpoints: [{ type: 'stdio' }],
    mcp: { capabilities: { tools: {} } },
  });
  await client.close();
  await eventually('it is gone', () => (watcher.instances.length === 0 && pids.length > 0) || undefined);
  expect(pids).toEqual([instance.process.pid]);
  await registry.close();
});

async function simulated() {
  const cluster = await createCluster();
  onTestFinished(() => cluster.close());
  const server = await cluster.start({ name: 'host' });
  return { cluster, registry: server.registry };
}

test('it is registered after a second, and not if it was taken back before', async () => {
  const { cluster, registry } = await simulated();
  const kept = announceStdio({ name: 'kept' }, { registry });
  const dropped = announceStdio({ name: 'dropped' }, { registry });
  await cluster.advance(900);
  expect(await cluster.registry.discover({ name: ['kept', 'dropped'] })).toEqual([]);
  await dropped[Symbol.asyncDispose]();
  expect(await dropped.registered).toBeUndefined();
  await cluster.advance(200);
  expect((await cluster.registry.discover({ name: ['kept', 'dropped'] })).map(({ name }) => name)).toEqual(['kept']);
  expect((await kept.registered)?.instance.endpoints).toEqual([{ type: 'stdio' }]);
  await kept[Symbol.asyncDispose]();
  expect(await cluster.registry.discover({ name: 'kept' })).toEqual([]);
});

test('it must have a name', async () => {
  const { registry } = await simulated();
  expect(() => announceStdio({}, { registry })).toThrow(expect.objectContaining({ code: 'ROLLCALL_INVALID' }));
});
