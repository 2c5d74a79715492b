/** A real registry in a temporary folder, gone afterwards. */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Registry } from '../../src/registry/registry.js';
import { withTempRegistry } from '../../src/testing/temp-registry.js';
import { tempFolder } from '../support/temp.js';

test('it is a registry in files, and its result is passed on', async () => {
  let folder = '';
  const result = await withTempRegistry(
    async (registry, directory) => {
      folder = directory;
      const { id, instance } = await registry.register({ name: 'weather', status: 'starting' });
      expect(readdirSync(join(directory, 'v1'))).toContain(`${id}.json`);
      expect(instance.ttl).toBe(9_000);
      await using second = new Registry({ directory });
      expect(await second.discover()).toMatchObject([{ id }]);
      return id;
    },
    { ttl: 9_000 },
  );
  expect(result).toMatch(/^weather-/);
  expect(folder).not.toBe('');
  expect(existsSync(folder)).toBe(false);
});

test('it is closed and removed when the test fails, and the failure is what is told', async () => {
  const left: { registry?: Registry; directory?: string } = {};
  const failure = new Error('no');
  const run = withTempRegistry(async (registry, directory) => {
    await registry.register({ name: 'weather', status: 'starting' });
    Object.assign(left, { registry, directory });
    throw failure;
  });
  await expect(run).rejects.toBe(failure);
  await expect(left.registry?.discover()).rejects.toMatchObject({ code: 'ROLLCALL_CLOSED' });
  expect(existsSync(left.directory ?? '/')).toBe(false);
});

test('a callback that is not async will do, and each has a folder of its own', async () => {
  const [a, b] = await Promise.all([1, 2].map(() => withTempRegistry((_, directory) => directory)));
  expect(a).not.toBe(b);
});

test('options that are not valid are refused, and leave nothing behind', async () => {
  const temporary = tempFolder();
  vi.stubEnv('TMPDIR', temporary);
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(await withTempRegistry((_, directory) => directory)).toContain(temporary);
  await expect(withTempRegistry(() => {}, { ttl: 1 })).rejects.toMatchObject({ code: 'ROLLCALL_INVALID' });
  expect(readdirSync(temporary)).toEqual([]);
});
