// @ts-check
/** Whose project is whose: the dev server of this project is picked, and never that of another one. */

import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'rollcall';
import { useRegistry } from './support.js';

const folder = useRegistry();
const registry = new Registry({ directory: folder });
assert.deepEqual(await registry.discover(), []);

// Three projects, each with a server; to one of them leads a link.
const projects = join(folder, 'projects');
for (const name of ['shop', 'blog', 'tools']) {
  mkdirSync(join(projects, name, 'src'), { recursive: true });
  const endpoints = [{ type: 'stdio' }];
  await registry.register({ name: 'dev', title: name, cwd: join(projects, name), endpoints });
}
symlinkSync(join(projects, 'shop'), join(folder, 'work'));

/** @param {string} cwd */
const titleOf = async (cwd) => (await registry.pick({ name: 'dev' }, { cwd }))?.title;
assert.equal(await titleOf(join(projects, 'blog')), 'blog');
assert.equal(await titleOf(join(folder, 'work', 'src')), 'shop'); // by the link, and from a folder within
assert.equal(await titleOf(join(folder, 'elsewhere')), undefined); // rather none than another project's

// Why not the others?
for (const { isChosen, reason } of await registry.explain({ name: 'dev' }, { cwd: join(projects, 'blog') })) {
  console.log(isChosen ? '→' : ' ', reason.replaceAll(folder, ''));
}
await registry.close();
