/** Whether a folder of entries is as it should be, whatever has been done to it before. */

import { existsSync, lstatSync, lutimesSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { createId } from '../../src/core/id.js';
import { FileStore, type Probe, Registry } from '../../src/index.js';
import { Layout } from '../../src/store/file/directory.js';
import { tearIn } from '../programs/sealed.js';

const self = process.getuid?.();

export const entryNames = (directory: string) =>
  readdirSync(join(directory, 'v1')).filter((name) => name.endsWith('.json'));

/** The text of every entry. */
export function textsIn(directory: string): Record<string, string> {
  if (!existsSync(join(directory, 'v1'))) return {};
  return Object.fromEntries(
    entryNames(directory).map((name) => [name, readFileSync(join(directory, 'v1', name), 'utf8')]),
  );
}

/**
 * Holds the folder to all that a reader, a newcomer and a sweeper may expect: exactly the `living` are found, nothing
 * is torn or open to others, registering works, and a sweep leaves the living and nothing else, after a minute no
 * drafts and locks either. Whether anyone had a lifeline makes no difference. Entries with a seal are checked against it.
 */
export async function assertHealthy(directory: string, living: readonly string[], probe?: Probe): Promise<void> {
  const store = new FileStore({ directory });
  await using registry = new Registry({ store, probe });
  const ids = (await registry.discover()).map(({ id }) => id);
  expect(ids.sort(), 'those who are found').toEqual([...living].sort());
  for (const { id, verdict, reason, instance } of await registry.inspect()) {
    expect(verdict, `${id}: ${reason}`).not.toBe('illegible');
    if (instance?.metadata.seal === undefined) continue;
    expect(tearIn(readFileSync(new Layout(directory).entry(id), 'utf8')), id).toBeUndefined();
  }
  assertClosed(directory);
  await assertUsable(registry, store);

  age(directory);
  await registry.reap();
  expect(entryNames(directory).sort(), 'entries after a sweep').toEqual(living.map((id) => `${id}.json`).sort());
  for (const folder of ['.drafts', '.locks']) expect(readdirSync(join(directory, 'v1', folder)), folder).toEqual([]);
  const strange = readdirSync(join(directory, 'v1')).filter((name) => !/\.json$|^\.lifelines$/.test(name));
  expect(strange.sort(), 'besides the entries').toEqual(['.drafts', '.locks']);
  await assertUsable(registry, store);
}

/** All of it is this user's alone: files 0600, folders 0700. The root may be readable by others if it was before. */
export function assertClosed(directory: string, uid = self): void {
  if (!existsSync(join(directory, 'v1'))) return;
  for (const name of ['', ...readdirSync(join(directory, 'v1'), { recursive: true, encoding: 'utf8' })]) {
    const stats = lstatSync(join(directory, 'v1', name));
    // A socket gets its mode a moment after its name; the folder it is in is closed from the first instant.
    if (!stats.isSocket()) {
      expect.soft((stats.mode & 0o7777).toString(8), name).toBe(stats.isDirectory() ? '700' : '600');
    }
    expect.soft(stats.uid, name).toBe(uid);
  }
}

/** Nothing in this folder gives others anything, at this instant. What we cannot do ourselves is no matter yet. */
export function assertNeverOpen(folder: string): void {
  for (const name of ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })]) {
    const stats = lstatSync(join(folder, name));
    const { mode } = stats;
    if ((mode & 0o077) !== 0 && !stats.isSocket())
      throw new Error(`${name} is open to others: ${(mode & 0o7777).toString(8)}`);
  }
}

/** The contract, shortened: register, update, find, deregister; put, compare, touch, delete. */
async function assertUsable(registry: Registry, store: FileStore): Promise<void> {
  const registration = await registry.register({ name: 'newcomer', endpoints: [{ type: 'stdio' }] });
  await registration.update({ tags: ['updated'] });
  expect((await registry.discover({ name: 'newcomer' })).map(({ id, tags }) => [id, ...tags])).toEqual([
    [registration.id, 'updated'],
  ]);
  expect(await registration.deregister()).toBe(true);
  expect(await registry.get(registration.id)).toBeUndefined();

  const id = createId('newcomer');
  const { version } = await store.put(id, 'first', { ifAbsent: true });
  await expect(store.put(id, 'again', { ifAbsent: true })).rejects.toMatchObject({ code: 'ROLLCALL_CONFLICT' });
  await store.put(id, 'second', { ifVersion: version });
  await expect(store.put(id, 'third', { ifVersion: version })).rejects.toMatchObject({ code: 'ROLLCALL_CONFLICT' });
  expect(await store.delete(id, { ifVersion: version })).toBe(false);
  expect(await store.touch(id)).toBe(true);
  expect((await store.get(id))?.body).toBe('second');
  expect(await store.delete(id)).toBe(true);
}

/** Makes drafts and locks two minutes older than they are. */
export function age(directory: string): void {
  const before = new Date(Date.now() - 120_000);
  for (const folder of ['.drafts', '.locks']) {
    for (const name of readdirSync(join(directory, 'v1', folder))) {
      lutimesSync(join(directory, 'v1', folder, name), before, before);
    }
  }
}
