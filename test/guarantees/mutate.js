/**
 * `npm run mutate`: breaks the source, once for each promise, and shows that its attacks notice.
 *
 *   npm run mutate             every break in mutants.js
 *   npm run mutate -- G4 G7    those of some promises
 *
 * Works on a copy; nothing here is changed. Ends with 1 if a break went unnoticed.
 */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mutants } from './mutants.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
const asked = process.argv.slice(2);
const chosen = mutants.filter(({ promise }) => asked.length === 0 || asked.includes(promise));
if (chosen.length === 0) {
  console.error(
    `mutate: there is no break for ${asked.join(', ')}. There are: ${mutants.map((m) => m.promise).join(' ')}`,
  );
  process.exit(2);
}

const copy = mkdtempSync(join(tmpdir(), 'rollcall-mutate-'));
process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
for (const name of [
  'src',
  'test',
  'examples',
  'docs',
  'package.json',
  'build.js',
  'tsconfig.json',
  'vitest.config.ts',
  'README.md',
]) {
  cpSync(join(project, name), join(copy, name), { recursive: true });
}
symlinkSync(join(project, 'node_modules'), join(copy, 'node_modules'));

const run = (/** @type {string[]} */ words) =>
  spawnSync(words[0] ?? '', words.slice(1), { cwd: copy, encoding: 'utf8' });

run([process.execPath, 'build.js']);
const sound = run([process.execPath, 'test/guarantees/run.js', '--quick', ...new Set(chosen.map((m) => m.promise))]);
if (sound.status !== 0) {
  console.error(`mutate: already without a break something is red, so nothing could be seen.\n${sound.stdout}`);
  process.exit(1);
}

let unnoticed = 0;
for (const { promise, what, file, from, to, share } of chosen) {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  const parts = source.split(from);
  if (parts.length !== 2) {
    console.log(`${promise}  STALE      ${what}: ${file} has ${parts.length - 1} of the places to break, not one`);
    unnoticed++;
    continue;
  }
  writeFileSync(path, parts.join(to));
  // Types may not fit any more; that is not what is to notice it.
  run([process.execPath, 'build.js']);
  const strength = share === undefined ? ['--quick'] : ['--share', String(share)];
  const { status, stdout } = run([process.execPath, 'test/guarantees/run.js', ...strength, promise]);
  writeFileSync(path, source);
  const red = [...new Set([...stdout.matchAll(/^failed: \S+ > (.+?): /gm)].map(([, title]) => title))];
  const isNoticed = status !== 0 && red.length > 0;
  if (!isNoticed) unnoticed++;
  console.log(`${promise.padEnd(4)} ${isNoticed ? 'noticed  ' : 'UNNOTICED'}  ${what} (${file})`);
  for (const title of red.slice(0, 3)) console.log(`                  by: ${title}`);
}
console.log(`${chosen.length - unnoticed} noticed, ${unnoticed} unnoticed`);
process.exitCode = unnoticed === 0 ? 0 : 1;
