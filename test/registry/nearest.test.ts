/** Whose project is whose: who is picked as the nearest, and why the others are not. */

import { expect, onTestFinished, test } from 'vitest';
import type { Failed } from '../../src/core/explanation.js';
import type { Folder } from '../../src/core/workspace.js';
import { createCluster } from '../../src/testing/cluster.js';
import type { Place } from '../../src/testing/simulated-machine.js';

/** What an instance has: its `cwd`, or more; started in this order, so that the last is the newest. */
type Given =
  | string
  | { cwd?: string; workspaceFolders?: string[]; status?: 'draining'; place?: Place; isKilled?: boolean };

interface Case {
  readonly asker: string;
  readonly instances: Readonly<Record<string, Given>>;
  readonly picked: string | undefined;
  /** Of each that is not picked: what decided, and a part of how it is told. */
  readonly others?: Readonly<Record<string, readonly [Failed, string]>>;
  /** What the file system knows, beside what the folders are called. */
  readonly folders?: Readonly<Record<string, Partial<Folder>>>;
  readonly orAny?: boolean;
}

const isNearer = (how: string): [Failed, string] => ['strategy', how];
const notInside = (cwd: string, asker: string): [Failed, string] => ['unrelated', `cwd ${cwd} is not inside ${asker}`];

/** `/link` leads to `/real/a`. */
const link: Case['folders'] = {
  '/link': { paths: ['/link', '/real/a'] },
  '/link/sub': { paths: ['/link/sub', '/real/a/sub'] },
};
/** Two worktrees of one repository, another one, and folders in them. */
const git: Case['folders'] = {
  '/w/main': { repository: '/w/main/.git' },
  '/w/main/packages/a': { repository: '/w/main/.git' },
  '/w/main/packages/b': { repository: '/w/main/.git' },
  '/w/feature': { repository: '/w/main/.git' },
  '/w/feature/packages/a': { repository: '/w/main/.git' },
  '/w/other': { repository: '/w/other/.git' },
};

const cases: Readonly<Record<string, Case>> = {
  'the same folder': {
    asker: '/p/a',
    instances: { a: '/p/a', b: '/p/b' },
    picked: 'a',
    others: { b: notInside('/p/b', '/p/a') },
  },
  'only an unrelated one': {
    asker: '/p/a',
    instances: { b: '/p/b' },
    picked: undefined,
    others: { b: notInside('/p/b', '/p/a') },
  },
  'only an unrelated one, where any will do': { asker: '/p/a', instances: { b: '/p/b' }, picked: 'b', orAny: true },
  'a related one, where any will do': {
    asker: '/p/a/x',
    instances: { a: '/p/a', b: '/p/b' },
    picked: 'a',
    orAny: true,
    others: { b: isNearer('is nearer') },
  },
  'the newest of unrelated ones, where any will do': {
    asker: '/p/a',
    instances: { b: '/p/b', c: '/p/c' },
    picked: 'c',
    orAny: true,
    others: { b: isNearer('as near, and newer') },
  },
  'none at all': { asker: '/p/a', instances: {}, picked: undefined },
  'the folder above': { asker: '/p/a/src', instances: { a: '/p/a' }, picked: 'a' },
  'the closest of the folders above': {
    asker: '/p/a/packages/ui/src',
    instances: { ui: '/p/a/packages/ui', root: '/p/a' },
    picked: 'ui',
    others: { root: isNearer('3 levels above /p/a/packages/ui/src; ') },
  },
  'a package of a monorepo, with the server at its root': {
    asker: '/mono/packages/api',
    instances: { root: '/mono', web: '/mono/packages/web' },
    picked: 'root',
    others: { web: notInside('/mono/packages/web', '/mono/packages/api') },
  },
  'the root of a monorepo, with the server in a package': {
    asker: '/mono',
    instances: { web: '/mono/packages/web' },
    picked: 'web',
  },
  'the closest of the folders within': {
    asker: '/mono',
    instances: { near: '/mono/web', deep: '/mono/packages/web' },
    picked: 'near',
    others: { deep: isNearer('2 levels below /mono; ') },
  },
  'above goes before within': {
    asker: '/mono/packages',
    instances: { within: '/mono/packages/web', above: '/mono' },
    picked: 'above',
    others: { within: isNearer('1 level below') },
  },
  'far above goes before just within': {
    asker: '/a/b/c/d/e',
    instances: { above: '/a', within: '/a/b/c/d/e/f' },
    picked: 'above',
    others: { within: isNearer('is nearer') },
  },
  'the same folder goes before the one above': {
    asker: '/mono/web',
    instances: { same: '/mono/web', above: '/mono' },
    picked: 'same',
    others: { above: isNearer('1 level above') },
  },
  'two in one folder: the newest': {
    asker: '/p/a',
    instances: { first: '/p/a', second: '/p/a' },
    picked: 'second',
    others: { first: isNearer('is as near, and newer') },
  },
  'two as far above: the newest': {
    asker: '/p/a/x',
    instances: { first: '/p/a', second: '/p/a/' },
    picked: 'second',
    others: { first: isNearer('is as near, and newer') },
  },
  'a name that only begins alike is another folder': {
    asker: '/p/app',
    instances: { two: '/p/app-2', three: '/p/ap' },
    picked: undefined,
    others: { two: notInside('/p/app-2', '/p/app'), three: notInside('/p/ap', '/p/app') },
  },
  'a slash at the end': { asker: '/p/a/', instances: { a: '/p/a' }, picked: 'a' },
  'a slash at the end of the other': { asker: '/p/a', instances: { a: '/p/a//' }, picked: 'a' },
  'dots on the way': {
    asker: '/p/b/../a/.',
    instances: { a: '/p/./a', b: '/p/b' },
    picked: 'a',
    others: { b: ['unrelated', 'cwd /p/b'] },
  },
  'dots that lead out of the project': {
    asker: '/p/a/../b',
    instances: { a: '/p/a' },
    picked: undefined,
    others: { a: notInside('/p/a', '/p/a/../b') },
  },
  'the root of the file system is nobody’s project': {
    asker: '/p/a',
    instances: { daemon: '/' },
    picked: undefined,
    others: { daemon: notInside('/', '/p/a') },
  },
  'whoever asks from the root is in nobody’s project': {
    asker: '/',
    instances: { a: '/p/a' },
    picked: undefined,
    others: { a: notInside('/p/a', '/') },
  },
  'from root to root': { asker: '/', instances: { daemon: '/' }, picked: 'daemon' },
  'the asker came by a link': {
    asker: '/link',
    instances: { a: '/real/a', b: '/real/b' },
    picked: 'a',
    folders: link,
    others: { b: notInside('/real/b', '/link') },
  },
  'the server came by a link': { asker: '/real/a', instances: { a: '/link' }, picked: 'a', folders: link },
  'a folder below the link': { asker: '/link/sub', instances: { a: '/real/a' }, picked: 'a', folders: link },
  'both came by the link, one of them a container that sees no links': {
    asker: '/link',
    instances: { a: { cwd: '/link', place: { namespace: 'container' } } },
    picked: 'a',
    folders: link,
  },
  'a path of a container is compared as it is written': {
    asker: '/real/a',
    instances: { a: { cwd: '/link', place: { namespace: 'container' } } },
    picked: undefined,
    folders: link,
    others: { a: notInside('/link', '/real/a') },
  },
  'another worktree of the repository': {
    asker: '/w/feature',
    instances: { main: '/w/main' },
    picked: 'main',
    folders: git,
  },
  'another folder of the repository': {
    asker: '/w/main/packages/a',
    instances: { b: '/w/main/packages/b' },
    picked: 'b',
    folders: git,
  },
  'a folder in another worktree': {
    asker: '/w/main/packages/a',
    instances: { far: '/w/feature/packages/a' },
    picked: 'far',
    folders: git,
  },
  'within goes before another worktree': {
    asker: '/w/feature',
    instances: { within: '/w/feature/packages/a', main: '/w/main' },
    picked: 'within',
    folders: git,
    others: { main: isNearer('of the same git repository as /w/feature; ') },
  },
  'the newest of the same repository': {
    asker: '/w/feature',
    instances: { a: '/w/main/packages/a', main: '/w/main' },
    picked: 'main',
    folders: git,
    others: { a: isNearer('is as near, and newer') },
  },
  'another repository beside it': {
    asker: '/w/main',
    instances: { other: '/w/other' },
    picked: undefined,
    folders: git,
    others: { other: notInside('/w/other', '/w/main') },
  },
  'no repository at all is not one in common': {
    asker: '/tmp/x',
    instances: { y: '/tmp/y' },
    picked: undefined,
    others: { y: notInside('/tmp/y', '/tmp/x') },
  },
  'upper and lower case, where they matter': {
    asker: '/p/App',
    instances: { app: '/p/app' },
    picked: undefined,
    others: { app: notInside('/p/app', '/p/App') },
  },
  'upper and lower case, where they do not': {
    asker: '/p/App',
    instances: { app: '/P/app' },
    picked: 'app',
    folders: { '/p/App': { ignoresCase: true } },
  },
  'an accent in one character and in two': {
    asker: '/p/caf\u00e9',
    instances: { cafe: '/p/cafe\u0301' },
    picked: 'cafe',
  },
  'the case of a drive letter': {
    asker: 'c:\\p\\a',
    instances: { a: 'C:\\p\\a', b: 'D:\\p\\a' },
    picked: 'a',
    others: { b: notInside('D:\\p\\a', 'c:\\p\\a') },
  },
  'a Windows path with slashes, and in another case': {
    asker: 'C:/Users/Me/App/src',
    instances: { app: 'c:\\users\\me\\app' },
    picked: 'app',
  },
  'the long form of a Windows path': { asker: '\\\\?\\C:\\p\\a', instances: { a: 'C:\\p\\a' }, picked: 'a' },
  'the root of a drive is nobody’s project': {
    asker: 'C:\\p',
    instances: { root: 'C:\\' },
    picked: undefined,
    others: { root: notInside('C:\\', 'C:\\p') },
  },
  'a share': {
    asker: '\\\\server\\share\\p\\x',
    instances: { p: '\\\\SERVER\\Share\\P', q: '\\\\server\\other\\p' },
    picked: 'p',
    others: { q: ['unrelated', 'other'] },
  },
  'from Windows into WSL': { asker: '\\\\wsl$\\Ubuntu\\home\\me\\p', instances: { p: '/home/me/p' }, picked: 'p' },
  'both names of WSL': {
    asker: '\\\\wsl.localhost\\ubuntu\\home\\me\\p\\src',
    instances: { p: '\\\\wsl$\\Ubuntu\\home\\me\\p' },
    picked: 'p',
  },
  'two distributions of WSL': {
    asker: '\\\\wsl$\\Debian\\home\\me\\p',
    instances: { p: '\\\\wsl$\\Ubuntu\\home\\me\\p' },
    picked: undefined,
    others: { p: ['unrelated', 'Ubuntu'] },
  },
  'a drive as WSL sees it': {
    asker: '/mnt/c/Users/me/p',
    instances: { p: 'C:\\Users\\Me\\p', d: 'D:\\Users\\me\\p' },
    picked: 'p',
    others: { d: ['unrelated', 'D:'] },
  },
  'one of several folders of an editor': {
    asker: '/p/b/src',
    instances: { editor: { workspaceFolders: ['/p/a', '/p/b'] }, other: { workspaceFolders: ['/p/c'] } },
    picked: 'editor',
    others: { other: ['unrelated', 'folder /p/c is not inside /p/b/src'] },
  },
  'two windows of an editor, one on the very folder': {
    asker: '/mono/web',
    instances: { web: { workspaceFolders: ['/x', '/mono/web'] }, root: { workspaceFolders: ['/mono'] } },
    picked: 'web',
    others: { root: isNearer('workspace folders are /mono') },
  },
  'the cwd counts beside the folders': {
    asker: '/p/a',
    instances: { editor: { cwd: '/p/a', workspaceFolders: ['/p/b'] } },
    picked: 'editor',
  },
  'an editor with no folder open': {
    asker: '/p/a',
    instances: { editor: { workspaceFolders: [] } },
    picked: undefined,
    others: { editor: ['unrelated', 'cwd is not given'] },
  },
  'the nearest is draining': {
    asker: '/p/a/x',
    instances: { a: { cwd: '/p/a/x', status: 'draining' }, root: '/p/a' },
    picked: 'root',
    others: { a: ['status', 'status is draining'] },
  },
  'the nearest is dead': {
    asker: '/p/a',
    instances: { a: { cwd: '/p/a', isKilled: true }, b: '/p/b' },
    picked: undefined,
    others: { a: ['verdict', 'has ended'], b: notInside('/p/b', '/p/a') },
  },
  'the nearest has another name': {
    asker: '/p/a',
    instances: { 'not-weather': '/p/a' },
    picked: undefined,
    others: { 'not-weather': ['name', 'name is not-weather'] },
  },
};

test('there are enough of them', () => {
  expect(Object.keys(cases).length).toBeGreaterThanOrEqual(40);
});

test.each(Object.entries(cases))('%s', async (_, { asker, instances, picked, others = {}, folders = {}, orAny }) => {
  const cluster = await createCluster({ folder: (path) => folders[path] });
  onTestFinished(() => cluster.close());
  const ids = new Map<string, string>();
  for (const [title, given] of Object.entries(instances)) {
    const { place, isKilled, ...input } = typeof given === 'string' ? { cwd: given } : given;
    // A cluster runs in the folder of the test: that is nowhere here.
    const name = title.startsWith('not-') ? title : 'weather';
    const { id } = await cluster.start({ name, title, ...input }, place);
    ids.set(id, title);
    if (isKilled) await cluster.kill(id);
  }
  const { registry } = cluster;
  const options = { strategy: 'nearest', cwd: asker, ...(orAny && { orAny }) } as const;
  expect((await registry.pick({ name: 'weather' }, options))?.title).toBe(picked);

  const explanation = await registry.explain({ name: 'weather' }, options);
  expect(explanation.map(({ id }) => ids.get(id)).sort()).toEqual(Object.keys(instances).sort());
  expect(explanation.filter(({ isChosen }) => isChosen).map(({ instance }) => instance?.title)).toEqual(
    picked === undefined ? [] : [picked],
  );
  const told = explanation.filter(({ isChosen }) => !isChosen);
  expect(Object.fromEntries(told.map(({ id, failed }) => [ids.get(id), failed]))).toEqual(
    Object.fromEntries(Object.entries(others).map(([title, [failed]]) => [title, failed])),
  );
  for (const { id, reason } of told) expect(reason).toContain(others[ids.get(id) ?? '']?.[1]);
});
