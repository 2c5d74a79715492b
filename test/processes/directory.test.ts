/** The directory under running servers: removed, full, read-only, in the way, full of garbage. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Registry } from '../../src/index.js';
import { eventually } from '../support/eventually.js';
import { startNode } from '../support/processes.js';
import { needsRoot } from '../support/root.js';
import { tempFolder } from '../support/temp.js';

const files = (directory: string) => readdirSync(join(directory, 'v1')).filter((name) => name.endsWith('.json'));

/** A small file system of its own, unmounted after the test. */
function mount(path: string, options: string): void {
  mkdirSync(path, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]);
  onTestFinished(() => void execFileSync('umount', ['-l', path]));
}

test('deleting the whole directory brings every entry back within a heartbeat, and watchers recover', async () => {
  const above = tempFolder();
  const directory = join(above, 'registry');
  const env = { ROLLCALL_DIR: directory, TTL: '1500' };
  const watcher = startNode('test/programs/watcher.js', [], env);
  await watcher.line(/ready/);
  const servers = ['a', 'b', 'c'].map((name) => startNode('test/programs/server.js', [name], env));
  const ids = await Promise.all(servers.map(async (server) => (await server.line(/^registered /)).split(' ')[1]));
  const view = () => {
    const present = new Set<string>();
    for (const line of watcher.lines) {
      const { type, id } = JSON.parse(line);
      if (type === 'add') present.add(id);
      if (type === 'remove') present.delete(id);
    }
    return [...present].sort();
  };
  const all = [...ids].sort();
  await eventually('the watcher sees all three', () => view().length === 3);

  for (let round = 0; round < 3; round++) {
    // In the first round only what is in it, then all of it.
    const folder = round === 0 ? join(directory, 'v1') : directory;
    await eventually('it is removed, though they put things back', () => {
      try {
        rmSync(folder, { recursive: true, force: true });
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOTEMPTY') return false;
        throw error;
      }
    });
    const registry = new Registry({ directory });
    await eventually('all are back', async () => (await registry.discover()).length === 3);
    await eventually('the watcher sees all three again', () => view().join() === all.join());
  }
  // And it still hears of what happens in the new folder.
  servers[0]?.child.kill('SIGTERM');
  await eventually('the watcher hears of a deregistration', () => view().length === 2);
  for (const server of servers) expect(server.lines.filter((line) => line.startsWith('error'))).toEqual([]);
});

test('a watcher may be there before the directory and everything above it', async () => {
  const directory = join(tempFolder(), 'not', 'there', 'yet');
  const watcher = new Registry({ directory }).watch();
  onTestFinished(() => watcher.close());
  await eventually('it is ready', () => watcher.isReady);
  expect(watcher.instances).toEqual([]);
  const server = startNode('test/programs/server.js', ['late'], { ROLLCALL_DIR: directory });
  await server.line(/^registered /);
  await eventually('it sees the server', () => watcher.instances.length === 1);
});

test('a disk that fills up: registering says so, the running server lives on, and nothing is torn', async (context) => {
  needsRoot(context, 'mount');
  const directory = join(tempFolder(), 'small');
  mount(directory, 'size=64k,mode=700');
  const env = { ROLLCALL_DIR: directory, TTL: '1500' };
  const server = startNode('test/programs/server.js', ['first'], env);
  const id = (await server.line(/^registered /)).split(' ')[1];
  const before = readFileSync(join(directory, 'v1', `${id}.json`), 'utf8');
  try {
    writeFileSync(join(directory, 'filler'), Buffer.alloc(200_000));
  } catch {
    // As full as it gets: that was the purpose.
  }
  const registry = new Registry({ directory });
  await expect(
    registry.register({ name: 'second', endpoints: [{ type: 'stdio' }], metadata: { text: 'x'.repeat(9_000) } }),
  ).rejects.toMatchObject({ code: 'ROLLCALL_STORE', message: expect.stringContaining('ENOSPC') });
  const before2 = readdirSync(join(directory, 'v1', '.drafts'));
  expect(before2).toEqual([]);
  expect(readFileSync(join(directory, 'v1', `${id}.json`), 'utf8')).toBe(before);
  expect((await registry.discover()).map((instance) => instance.id)).toEqual([id]);
  expect((await registry.inspect()).every(({ verdict }) => verdict === 'alive')).toBe(true);
  server.say('block 10');
  await server.line(/^did block/);
});

test('a registry that turns read-only: the server lives on, says so once, and goes on when it can', async (context) => {
  needsRoot(context, 'mount');
  const directory = join(tempFolder(), 'mounted');
  mount(directory, 'size=1m,mode=700');
  const server = startNode('test/programs/server.js', ['server'], { ROLLCALL_DIR: directory, TTL: '1000' });
  const id = (await server.line(/^registered /)).split(' ')[1];
  execFileSync('mount', ['-o', 'remount,ro', directory]);
  await server.line(/^error ROLLCALL_STORE/);
  await expect(
    new Registry({ directory }).register({ name: 'x', endpoints: [{ type: 'stdio' }] }),
  ).rejects.toMatchObject({
    code: 'ROLLCALL_STORE',
    message: expect.stringContaining('EROFS'),
  });
  expect((await new Registry({ directory }).discover()).map((instance) => instance.id)).toEqual([id]);
  execFileSync('mount', ['-o', 'remount,rw', directory]);
  server.say('update');
  await server.line(/^did update/);
  expect(server.lines.filter((line) => line.startsWith('error'))).toHaveLength(1);
});

test('a file where the directory should be is a clear error, and stays as it is', async () => {
  const folder = tempFolder();
  const directory = join(folder, 'in-the-way');
  writeFileSync(directory, 'precious');
  const registry = new Registry({ directory });
  const error = { code: 'ROLLCALL_STORE', message: expect.stringContaining(directory) };
  await expect(registry.register({ name: 'x', endpoints: [{ type: 'stdio' }] })).rejects.toMatchObject(error);
  await expect(registry.discover()).rejects.toMatchObject(error);
  expect(readFileSync(directory, 'utf8')).toBe('precious');
});

test('garbage of every kind among the entries is set aside with its reason, and kept', async () => {
  const directory = tempFolder();
  const server = startNode('test/programs/server.js', ['good'], { ROLLCALL_DIR: directory });
  const id = (await server.line(/^registered /)).split(' ')[1] ?? '';
  const entries = join(directory, 'v1');
  const good = readFileSync(join(entries, `${id}.json`), 'utf8');
  const garbage: Record<string, string> = {
    'empty.json': '',
    'torn.json': good.slice(0, good.length / 2),
    'array.json': '[]',
    'null.json': 'null',
    'text.json': 'hello',
    'large.json': JSON.stringify({ text: 'x'.repeat(70_000) }),
    'copied.json': good,
    'deep.json': `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
    'bytes.json': '\u0000\u0001\ufffd',
    [`future-${'0'.repeat(26)}.json`]: JSON.stringify({ format: 2, id: `future-${'0'.repeat(26)}` }),
    'notes.txt': 'not an entry at all',
  };
  for (const [name, text] of Object.entries(garbage)) writeFileSync(join(entries, name), text, { mode: 0o600 });
  mkdirSync(join(entries, 'folder.json'));
  execFileSync('mkfifo', [join(entries, 'fifo.json')]);
  const victim = join(tempFolder(), 'victim');
  writeFileSync(victim, 'precious');
  symlinkSync(victim, join(entries, 'link.json'));

  const registry = new Registry({ directory });
  expect((await registry.discover()).map((instance) => instance.id)).toEqual([id]);
  const sightings = await registry.inspect();
  const illegible = sightings.filter(({ verdict }) => verdict === 'illegible');
  expect(illegible.map((sighting) => sighting.id).sort()).toEqual(
    [...Object.keys(garbage).filter((name) => name.endsWith('.json')), 'folder.json', 'fifo.json', 'link.json']
      .map((name) => name.slice(0, -'.json'.length))
      .sort(),
  );
  expect(illegible.every(({ reason }) => reason.length > 0 && !reason.includes('precious'))).toBe(true);
  const { removed } = await registry.reap();
  expect(removed).toEqual([]);
  expect(files(directory)).toHaveLength(illegible.length + 1);
  expect(readFileSync(victim, 'utf8')).toBe('precious');
});
