/** What the file system knows of a folder: links, worktrees, case. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { relate } from '../../src/core/workspace.js';
import { Registry } from '../../src/index.js';
import { folderOf } from '../../src/process/folders.js';
import { tempFolder } from '../support/temp.js';

const relation = async (folder: string, asker: string) =>
  relate(await folderOf(folder), await folderOf(asker)).relation;

const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args], { cwd, stdio: 'pipe' });

function repository(): string {
  const folder = join(realpathSync(tempFolder()), 'repository');
  mkdirSync(join(folder, 'packages', 'a'), { recursive: true });
  mkdirSync(join(folder, 'packages', 'b'));
  git(folder, 'init', '--quiet');
  git(folder, 'commit', '--quiet', '--allow-empty', '--message', 'first');
  return folder;
}

test('a link is followed, on either side', async () => {
  const base = tempFolder();
  mkdirSync(join(base, 'real', 'sub'), { recursive: true });
  symlinkSync(join(base, 'real'), join(base, 'link'));
  expect(await relation(join(base, 'real'), join(base, 'link'))).toBe('same');
  expect(await relation(join(base, 'link'), join(base, 'real', 'sub'))).toBe('ancestor');
  expect(await relation(join(base, 'link', 'sub'), join(base, 'real'))).toBe('descendant');
});

test('worktrees and folders of one git repository belong together, and another repository does not', async () => {
  const main = repository();
  const feature = `${main}-feature`;
  git(main, 'worktree', 'add', '--quiet', feature);
  mkdirSync(join(feature, 'packages', 'a'), { recursive: true });
  expect(await relation(main, feature)).toBe('repository');
  expect(await relation(join(main, 'packages', 'a'), join(main, 'packages', 'b'))).toBe('repository');
  expect(await relation(join(main, 'packages', 'b'), join(feature, 'packages', 'a'))).toBe('repository');
  const other = repository();
  expect(await relation(main, other)).toBe('unrelated');
  // A submodule is a repository of its own, and a folder of the one it is in.
  git(main, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', other, 'sub');
  expect(await relation(join(main, 'sub'), main)).toBe('descendant');
  expect(await relation(join(main, 'sub'), join(main, 'packages', 'a'))).toBe('unrelated');
});

test('a folder that is not there, not ours, or not absolute is what it is called', async () => {
  expect(await folderOf('/no/such/folder')).toEqual({ paths: ['/no/such/folder'] });
  expect(await folderOf('src')).toEqual({ paths: ['src'] });
  expect(await folderOf('C:\\p')).toEqual({ paths: ['C:\\p'] });
});

test('what stands in the place of .git is not waited for', async () => {
  const base = tempFolder();
  execFileSync('mkfifo', [join(base, '.git')]);
  expect((await folderOf(base)).repository).toBeUndefined();
  const broken = tempFolder();
  writeFileSync(join(broken, '.git'), 'gitdir: /no/such/folder\n');
  expect((await folderOf(broken)).repository).toBeUndefined();
  const huge = tempFolder();
  writeFileSync(join(huge, '.git'), `gitdir: ${huge}\n${'x'.repeat(5_000)}`);
  expect((await folderOf(huge)).repository).toBeUndefined();
});

test('case matters where the file system says so', async () => {
  const base = tempFolder();
  mkdirSync(join(base, 'App'));
  mkdirSync(join(base, 'aPP'));
  expect((await folderOf(join(base, 'App'))).ignoresCase).toBe(false);
});

test('the nearest of real instances is picked through a link', async () => {
  const base = tempFolder();
  mkdirSync(join(base, 'a', 'src'), { recursive: true });
  mkdirSync(join(base, 'b'));
  symlinkSync(join(base, 'a'), join(base, 'link'));
  await using registry = new Registry({ directory: join(base, 'registry') });
  const endpoints = [{ type: 'stdio' }];
  const a = await registry.register({ name: 'dev', cwd: join(base, 'a'), endpoints });
  await registry.register({ name: 'dev', cwd: join(base, 'b'), endpoints });
  const pick = (cwd: string) => registry.pick({ name: 'dev' }, { cwd });
  expect((await pick(join(base, 'link', 'src')))?.id).toBe(a.id);
  expect(await pick(tempFolder())).toBeUndefined();
});
