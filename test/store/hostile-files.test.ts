/** Files at the edge of what an entry is. What is beyond it: test/hostile, used by the attacks on G14. */

import { linkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encode } from '../../src/core/codec.js';
import { Layout } from '../../src/store/file/directory.js';
import { FileStore } from '../../src/store/file/file-store.js';
import { makeInstance } from '../support/make-instance.js';
import { tempFolder } from '../support/temp.js';

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
