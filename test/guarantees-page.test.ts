/** docs/guarantees.md against the attacks, the breaks and the tests it names: none may be missing on either side. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mutants } from './guarantees/mutants.js';
import { root } from './support/processes.js';

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const page = read('docs/guarantees.md');
const attacks = readdirSync(join(root, 'test/guarantees')).filter((name) => name.endsWith('.test.ts'));
const sources = attacks.map((name) => read(`test/guarantees/${name}`)).join('\n');

const promised = [...page.matchAll(/^### (G\d+) /gm)].map(([, id]) => id ?? '');
const attacked = new Set([...sources.matchAll(/\bprove\(\s*'(G\d+)'/g)].map(([, id]) => id ?? ''));
/** Cells of the rows of the table under a heading. */
function table(heading: string): string[][] {
  const section =
    page
      .slice(page.indexOf(`\n## ${heading}\n`))
      .slice(1)
      .split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| '));
  return rows.slice(1).map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('\\|', '|')),
  );
}

test('every promise is attacked, and every attack is on a promise', () => {
  expect(promised.length).toBeGreaterThan(15);
  expect([...attacked].sort()).toEqual([...promised].sort());
});

describe('the breaks', () => {
  test('are listed on the page, all of them, at least one for each promise', () => {
    const listed = table('Breaks that are noticed').map(([promise, what, file]) => [
      promise,
      what,
      file?.replaceAll('`', ''),
    ]);
    expect(listed).toEqual(mutants.map(({ promise, what, file }) => [promise, what, file]));
    expect([...new Set(mutants.map(({ promise }) => promise))].sort()).toEqual([...promised].sort());
  });

  test.each(mutants.map((mutant) => [mutant.what, mutant] as const))(
    'can still be made: %s',
    (_, { file, from, to }) => {
      expect(read(file).split(from).length - 1, `places in ${file} with: ${from}`).toBe(1);
      expect(to).not.toBe(from);
    },
  );
});

describe('the failures', () => {
  const rows = table('Failures, and what happens');

  test('are listed', () => {
    expect(rows.length).toBeGreaterThan(20);
  });

  test.each(rows.map(([failure = '', , where = '']) => [failure, where]))('name a test that exists: %s', (_, where) => {
    const match = /^`(test\/[^`]+\.ts)`: (.+)$/.exec(where);
    expect(match, where).not.toBeNull();
    const [, file = '', title = ''] = match ?? [];
    expect(existsSync(join(root, file)), file).toBe(true);
    expect(read(file), `a test in ${file} whose title holds: ${title}`).toContain(title);
  });
});
