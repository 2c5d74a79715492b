/** A real registry in a temporary folder. */

import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RegistryOptions } from '../registry/options.js';
import { Registry } from '../registry/registry.js';

/**
 * Runs `run` with a registry of its own, in files of a new temporary folder, and gives its result. Afterwards, also
 * if it fails, the registry is closed and the folder removed. The user's registry is never touched.
 *
 * `directory` is for other registries on the same entries, in this process or as `ROLLCALL_DIR` of another: end those
 * before `run` is over. `options` are those of the `Registry`.
 */
export async function withTempRegistry<T>(
  run: (registry: Registry, directory: string) => T | Promise<T>,
  options: Omit<RegistryOptions, 'directory' | 'store'> = {},
): Promise<T> {
  const directory = await mkdtemp(join(await realpath(tmpdir()), 'rollcall-'));
  try {
    const registry = new Registry({ ...options, directory });
    try {
      return await run(registry, directory);
    } finally {
      await registry.close();
    }
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}
