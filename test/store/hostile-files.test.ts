/** Files in the folder that are no entries: shown with their problem, never waited for, and no harm to the others. */

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, type TestContext, test } from 'vitest';
import { encode } from '../../src/core/codec.js';
import { createId } from '../../src/core/id.js';
import { Registry } from '../../src/registry/registry.js';
import { Layout } from '../../src/store/file/directory.js';
import { FileStore } from '../../src/store/file/file-store.js';
import { FakeProbe } from '../../src/testing/fake-probe.js';
import { makeInstance } from '../support/make-instance.js';
import { needsRoot } from '../support/root.js';
import { tempFolder } from '../support/temp.js';

const write = (path: string, content: string | Buffer) => writeFileSync(path, content, { mode: 0o600 });

const hostile: [string, (path: string, context: TestContext) => unknown, RegExp][] = [
  ['a FIFO', (path) => execFileSync('mkfifo', [path]), /is not a regular file/],
  ['a symbolic link', (path) => symlinkSync('/etc/hostname', path), /is a symbolic link/],
  ['a dangling symbolic link', (path) => symlinkSync('/nowhere', path), /is a symbolic link/],
  ['a symbolic link to itself', (path) => symlinkSync(path, path), /is a symbolic link/],
  [
    'a hard link',
    (path) => {
      write(`${path}.elsewhere`, '{}');
      linkSync(`${path}.elsewhere`, path);
    },
    /has a second name/,
  ],
  ['a folder', (path) => mkdirSync(path), /is a folder/],
  ['a file that is too large', (path) => write(path, Buffer.alloc(70_000, ' ')), /is larger than 65536 bytes/],
  [
    'a sparse gigabyte',
    (path) => {
      write(path, '');
      truncateSync(path, 2 ** 30);
    },
    /is larger than 65536 bytes/,
  ],
  [
    'a socket',
    async (path) => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(path, resolve));
      onTestFinished(() => void server.close());
    },
    /is a socket or a device/,
  ],
  [
    'a device that never ends',
    (path, context) => {
      needsRoot(context, 'mknod');
      execFileSync('mknod', [path, 'c', '1', '5']);
    },
    /is not a regular file/,
  ],
  [
    'a device without a driver',
    (path, context) => {
      needsRoot(context, 'mknod');
      execFileSync('mknod', [path, 'c', '250', '250']);
    },
    /device/,
  ],
  [
    "another user's file",
    (path, context) => {
      needsRoot(context);
      write(path, '{}');
      chownSync(path, 12_345, 12_345);
    },
    /belongs to the user with id 12345/,
  ],
  [
    'a file that may not be read',
    (path, context) => {
      if (process.getuid?.() === 0) context.skip('root may read everything');
      write(path, '{}');
      chmodSync(path, 0);
    },
    /may not be read/,
  ],
  ['an empty file', (path) => write(path, ''), /is empty/],
  ['a file of blanks', (path) => write(path, ' \n'), /is not JSON/],
  ['half an entry', (path) => write(path, '{"format":1,"id":"wea'), /is not JSON/],
  ['invalid UTF-8', (path) => write(path, Buffer.from([0xff, 0xfe, 0x00, 0x80])), /is not JSON/],
  ['a byte order mark', (path) => write(path, '\ufeff{}'), /is not JSON/],
  ['deep nesting', (path) => write(path, `${'['.repeat(30_000)}${']'.repeat(30_000)}`), /is not a JSON object/],
  ['another id', (path) => write(path, encode(makeInstance())), /another id/],
  ['a newer format', (path) => write(path, '{"format":2}'), /is of format 2/],
];

test.for(hostile)('%s is shown as illegible, is kept, and the others are found', async ([_, make, reason], context) => {
  const directory = tempFolder();
  const store = new FileStore({ directory });
  const probe = new FakeProbe();
  const good = makeInstance({ process: probe.run(201) });
  await store.put(good.id, encode(good), { ifAbsent: true });
  const id = createId('bad');
  const path = new Layout(directory).entry(id);
  await make(path, context);
  const registry = new Registry({ store, probe });
  const began = performance.now();
  expect((await registry.discover()).map((instance) => instance.id)).toEqual([good.id]);
  expect(performance.now() - began).toBeLessThan(1_000);
  expect(await registry.get(id)).toBeUndefined();
  const shown = (await registry.inspect()).find((sighting) => sighting.id === id);
  expect(shown).toMatchObject({ verdict: 'illegible', reason: expect.stringMatching(reason) });
  expect((await registry.reap()).illegible.map((sighting) => sighting.id)).toEqual([id]);
  // Twice, since what has not changed is not read again.
  expect(await registry.inspect()).toHaveLength(2);
  expect(() => execFileSync('test', ['-e', path, '-o', '-L', path])).not.toThrow();
});

test.each([
  'a\\b.json',
  '\n.json',
  ' .json',
  '\u001b[2J.json',
  `${'x'.repeat(250)}.json`,
  'constructor.json',
  '$(id).json',
])('a file named %j hides nobody and is nobody', async (name) => {
  const directory = tempFolder();
  const store = new FileStore({ directory });
  const probe = new FakeProbe();
  const good = makeInstance({ process: probe.run(201) });
  await store.put(good.id, encode(good), { ifAbsent: true });
  write(join(directory, 'v1', name), '{}');
  const registry = new Registry({ store, probe });
  expect((await registry.discover()).map((instance) => instance.id)).toEqual([good.id]);
  expect((await registry.reap()).removed).toEqual([]);
  expect((await registry.inspect()).filter(({ verdict }) => verdict === 'alive')).toHaveLength(1);
});

test.each(['x.json.tmp', 'x.json.123', '.x.json', 'README', 'x.JSON', '.json', 'x.lock'])(
  'a file named %j is not listed',
  async (name) => {
    const directory = tempFolder();
    const store = new FileStore({ directory });
    const good = makeInstance();
    await store.put(good.id, encode(good), { ifAbsent: true });
    write(join(directory, 'v1', name), 'x');
    expect((await store.list()).map((entry) => entry.id)).toEqual([good.id]);
  },
);

test('a file whose name is no UTF-8 hides nobody', async (context) => {
  const directory = tempFolder();
  const store = new FileStore({ directory });
  const good = makeInstance();
  await store.put(good.id, encode(good), { ifAbsent: true });
  const name = Buffer.concat([Buffer.from(`${directory}/v1/`), Buffer.from([0xff, 0xfe]), Buffer.from('.json')]);
  try {
    writeFileSync(name, '{}');
  } catch {
    context.skip('needs a file system that takes such a name');
  }
  expect((await store.list()).filter((entry) => entry.problem === undefined).map((entry) => entry.id)).toEqual([
    good.id,
  ]);
});

test('an entry is legible again once its second name is gone', async () => {
  const directory = tempFolder();
  const store = new FileStore({ directory });
  const layout = new Layout(directory);
  const { id } = makeInstance();
  await store.put(id, 'x', { ifAbsent: true });
  const second = join(directory, 'backup');
  linkSync(layout.entry(id), second);
  expect((await store.list())[0]?.problem).toContain('hard link');
  unlinkSync(second);
  expect((await store.list())[0]).toMatchObject({ body: 'x' });
});

test('a file as large as an entry may be is read, and one byte more is not', async () => {
  const directory = tempFolder();
  const store = new FileStore({ directory });
  const { id } = makeInstance();
  await store.put(id, 'x'.repeat(65_536));
  expect((await store.get(id))?.body).toHaveLength(65_536);
  expect((await store.list())[0]?.problem).toBeUndefined();
  await store.put(id, 'x'.repeat(65_537));
  expect(await store.get(id)).toMatchObject({ body: '', problem: 'is larger than 65536 bytes' });
});

test('a thousand hostile files cost little', async () => {
  const directory = tempFolder();
  const store = new FileStore({ directory });
  const probe = new FakeProbe();
  const good = makeInstance({ process: probe.run(201) });
  await store.put(good.id, encode(good), { ifAbsent: true });
  const layout = new Layout(directory);
  for (let index = 0; index < 250; index++) {
    write(layout.entry(createId('a')), '{');
    symlinkSync('/dev/zero', layout.entry(createId('b')));
    mkdirSync(layout.entry(createId('c')));
    write(layout.entry(createId('d')), `{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`);
  }
  const registry = new Registry({ store, probe });
  await registry.discover();
  const began = performance.now();
  expect(await registry.discover()).toHaveLength(1);
  // Some 40 ms; the room is for machines that are busy.
  expect(performance.now() - began).toBeLessThan(500);
});
