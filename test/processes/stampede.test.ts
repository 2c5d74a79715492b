/** Many real processes at once: registered, watched, read, killed. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Registry } from '../../src/index.js';
import { eventually } from '../support/eventually.js';
import { type Running, startNode } from '../support/processes.js';
import { tempFolder } from '../support/temp.js';

const idOf = (running: Running) => running.lines.find((line) => line.startsWith('registered '))?.split(' ')[1] ?? '';

test('50 processes register at the same moment, 20 are killed: everyone knows, and no read is torn', async () => {
  const directory = tempFolder();
  const env = { ROLLCALL_DIR: directory, WAIT: '1' };
  const watcher = startNode('test/programs/watcher.js', [], env);
  const readers = [1, 2].map(() => startNode('test/programs/reader.js', [], env));
  await watcher.line(/ready/);
  for (const reader of readers) await reader.line(/reading/);

  const servers = Array.from({ length: 50 }, () => startNode('test/programs/server.js', ['server'], env));
  for (const server of servers) await server.line(/^waiting/);
  for (const server of servers) server.say('register');
  for (const server of servers) await server.line(/^registered /);
  const ids = servers.map(idOf);
  expect(new Set(ids).size).toBe(50);

  const registry = new Registry({ directory });
  const seen = () => watcher.lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'add');
  await eventually('the watcher has seen all 50', () => new Set(seen().map(({ id }) => id)).size === 50);
  expect((await registry.discover()).map(({ id }) => id).sort()).toEqual([...ids].sort());

  const killed = servers.slice(0, 20);
  const survivors = ids.slice(20).sort();
  for (const server of killed) server.child.kill('SIGKILL');
  await Promise.all(killed.map(({ ended }) => ended));
  expect((await registry.discover()).map(({ id }) => id).sort()).toEqual(survivors);

  const removed = () => watcher.lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'remove');
  await eventually('the watcher has said so', () => removed().length === 20);
  expect(removed().every(({ reason }) => reason === 'dead')).toBe(true);
  expect(new Set(removed().map(({ id }) => id))).toEqual(new Set(ids.slice(0, 20)));

  await registry.reap();
  const files = readdirSync(join(directory, 'v1')).filter((name) => name.endsWith('.json'));
  expect(files.sort()).toEqual(survivors.map((id) => `${id}.json`));

  for (const reader of readers) reader.child.stdin?.end();
  for (const reader of readers) {
    await reader.ended;
    expect(reader.lines.filter((line) => line.startsWith('torn'))).toEqual([]);
    expect(Number(reader.lines.at(-1)?.split(' ')[1])).toBeGreaterThan(1_000);
  }
}, 120_000);

test('entries that are rewritten all the time are never read torn', async () => {
  const directory = tempFolder();
  const env = { ROLLCALL_DIR: directory };
  const server = startNode('test/programs/server.js', ['server'], env);
  await server.line(/^registered /);
  const reader = startNode('test/programs/reader.js', [], env);
  await reader.line(/reading/);
  for (let round = 0; round < 300; round++) server.say('update');
  await eventually(
    '300 updates are made',
    () => server.lines.filter((line) => line === 'did update').length === 300,
    60_000,
  );
  reader.child.stdin?.end();
  await reader.ended;
  expect(reader.lines.filter((line) => line.startsWith('torn'))).toEqual([]);
  expect(Number(reader.lines.at(-1)?.split(' ')[1])).toBeGreaterThan(1_000);
}, 90_000);
