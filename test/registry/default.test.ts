/** One registry for the whole process. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultRegistry, discover, pick, register, waitFor, watch } from '../../src/registry/default.js';
import { endpoints } from '../support/fake-world.js';
import { tempFolder } from '../support/temp.js';

const given = process.env.ROLLCALL_DIR;
beforeAll(() => {
  delete process.env.ROLLCALL_DIR;
});
afterAll(() => {
  if (given !== undefined) process.env.ROLLCALL_DIR = given;
});

test('the functions share one registry, in the folder that ROLLCALL_DIR names at its first use', async () => {
  const directory = join(tempFolder(), 'registry');
  process.env.ROLLCALL_DIR = directory;
  const registry = defaultRegistry();
  expect(defaultRegistry()).toBe(registry);
  expect(existsSync(directory)).toBe(false);
  expect(await discover()).toEqual([]);
  const { id } = await register({ name: 'weather', endpoints });
  expect(existsSync(join(directory, 'v1', `${id}.json`))).toBe(true);
  expect((await discover({ name: 'weather' })).map((instance) => instance.id)).toEqual([id]);
  expect((await pick())?.id).toBe(id);
  expect((await waitFor({ name: 'weather' })).id).toBe(id);
  for await (const { type, instance } of watch()) {
    expect([type, instance.id]).toEqual(['add', id]);
    break;
  }
  await registry.close();
  expect(existsSync(join(directory, 'v1', `${id}.json`))).toBe(false);
});
