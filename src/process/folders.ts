/** What the file system knows of a folder: where it really is, whether case matters there, whose repository it is in. */

import { lstat, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Folder } from '../core/workspace.js';

/** How long the file system may take, in ms. A mount whose server is gone answers never. */
const patience = 500;

/** The `.git` of a worktree is a file of one line; nobody's is longer, in bytes. */
const longestGitFile = 4_096;

/** How many folders above are looked into for a repository. */
const highest = 64;

/**
 * A folder as it is now. One that is not there, or cannot be looked at within half a second, is what it is called;
 * a relative path, which leads elsewhere for everyone, likewise.
 */
export async function folderOf(folder: string): Promise<Folder> {
  const asGiven: Folder = { paths: [folder] };
  return isAbsolute(folder) ? within(lookAt(folder), asGiven) : asGiven;
}

async function lookAt(folder: string): Promise<Folder> {
  let real: string;
  try {
    real = await realpath(folder);
  } catch {
    // Removed since, of another machine or container, or not ours to enter: its name is all there is to compare.
    return { paths: [folder] };
  }
  const [ignoresCase, repository] = await Promise.all([isCaseIgnoredAt(real), repositoryOf(real)]);
  return { paths: real === folder ? [folder] : [folder, real], ignoresCase, repository };
}

/**
 * Asks the file system itself: macOS can have both kinds, and Linux too (vfat, casefold, WSL's drives). By the last name
 * that has letters: what is above may be on another one.
 */
async function isCaseIgnoredAt(real: string): Promise<boolean> {
  const [, above = '', name = ''] = /^(.*?)([^/\\]*\p{L}[^/\\]*)[^\p{L}]*$/u.exec(real) ?? [];
  const here = above + name;
  const there = above + swapped(name);
  if (here === there) return false;
  try {
    const [one, other] = await Promise.all([lstat(here), lstat(there)]);
    return one.ino === other.ino && one.dev === other.dev;
  } catch {
    // No such folder: case makes a difference.
    return false;
  }
}

function swapped(name: string): string {
  return name.replace(/\p{L}/gu, (letter) => {
    const lower = letter.toLowerCase();
    return letter === lower ? letter.toUpperCase() : lower;
  });
}

/** The folder that all worktrees of its repository share (gitrepository-layout(5)), if it is in one. */
async function repositoryOf(real: string): Promise<string | undefined> {
  let folder = real;
  for (let level = 0; level < highest; level++) {
    const common = await commonFolder(join(folder, '.git'));
    if (common !== undefined) return common;
    const above = dirname(folder);
    if (above === folder) return undefined;
    folder = above;
  }
  return undefined;
}

/** `.git` is the repository, or in a worktree a file that leads to a folder in it, which says in `commondir` where that is. */
async function commonFolder(git: string): Promise<string | undefined> {
  try {
    const stats = await stat(git);
    if (stats.isDirectory()) return await realpath(git);
    const link = /^gitdir: (.+)$/m.exec((await readLine(git)) ?? '')?.[1];
    if (link === undefined) return undefined;
    const own = resolve(dirname(git), link);
    const common = await readLine(join(own, 'commondir'));
    return await realpath(common === undefined ? own : resolve(own, common));
  } catch {
    // There is none here, or it cannot be read: then it proves no kinship.
    return undefined;
  }
}

/** A small file's text; whatever else stands there, a FIFO above all, is not opened. */
async function readLine(path: string): Promise<string | undefined> {
  try {
    const stats = await stat(path);
    return stats.isFile() && stats.size <= longestGitFile ? (await readFile(path, 'utf8')).trim() : undefined;
  } catch {
    return undefined;
  }
}

async function within(look: Promise<Folder>, otherwise: Folder): Promise<Folder> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Folder>((done) => {
    timer = setTimeout(done, patience, otherwise);
  });
  try {
    return await Promise.race([look, late]);
  } finally {
    clearTimeout(timer);
  }
}
