/** The house: who may import whom, and what stays out of which folder. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './support/processes.js';

const source = join(root, 'src');
/** From the ground up. A file may import from its own folder and from those before it. */
const storeys = ['core', 'process', 'store', 'registry', 'testing', 'mcp', 'health', 'route', 'hub', 'cli'];

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isType: boolean;
}

const files = readdirSync(source, { recursive: true })
  .map((name) => String(name).split(sep).join('/'))
  .filter((name) => name.endsWith('.ts'))
  .sort();
/** Without comments, which may speak of what the code must not do. */
const codeOf = (file: string) =>
  readFileSync(join(source, file), 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '');

function importsOf(file: string): Import[] {
  const code = codeOf(file);
  const found: Import[] = [];
  for (const [, isType, to = ''] of code.matchAll(/(?:^|\n)(?:import|export)\s+(type\s+)?[^'";]*?from\s+'([^']+)'/g)) {
    found.push({ from: file, to, isType: isType !== undefined });
  }
  for (const [, to = ''] of code.matchAll(/(?:^|\n)import\s+'([^']+)'/g)) found.push({ from: file, to, isType: false });
  for (const [, before = '', to = ''] of code.matchAll(/(typeof\s+)?import\(\s*'([^']+)'/g)) {
    found.push({ from: file, to, isType: before !== '' });
  }
  return found.map(({ to, ...rest }) => ({ ...rest, to: to.startsWith('.') ? target(file, to) : to }));
}
const target = (file: string, to: string) =>
  relative(source, normalize(join(source, dirname(file), to)))
    .split(sep)
    .join('/')
    .replace(/\.js$/, '.ts');

const imports = files.flatMap(importsOf);
const inner = imports.filter(({ to }) => files.includes(to));
/** How high a file stands; `index.ts` is on top of the registry, since it is what the package shows of it. */
const storey = (file: string) =>
  file.includes('/') ? storeys.indexOf(file.slice(0, file.indexOf('/'))) : storeys.length;

test('the imports were found at all', () => {
  expect(files.length).toBeGreaterThan(30);
  expect(inner).toContainEqual({ from: 'registry/registry.ts', to: 'core/id.ts', isType: false });
  expect(inner).toContainEqual({ from: 'core/diff.ts', to: 'core/instance.ts', isType: true });
  expect(imports).toContainEqual({ from: 'store/file/directory.ts', to: 'env-paths', isType: false });
});

test('every file that is imported from within exists', () => {
  const missing = imports.filter(({ from, to }) => to.endsWith('.ts') && !files.includes(to) && from !== to);
  expect(missing).toEqual([]);
});

test('every folder has its place', () => {
  const folders = [
    ...new Set(files.filter((file) => file.includes('/')).map((file) => file.slice(0, file.indexOf('/')))),
  ];
  expect(folders.filter((folder) => !storeys.includes(folder))).toEqual([]);
});

test('an import goes to the same folder or down', () => {
  expect(inner.filter(({ from, to }) => storey(to) > storey(from)).map(({ from, to }) => `${from} → ${to}`)).toEqual(
    [],
  );
});

/** The circles among `edges`, each as the files on it. */
function circles(edges: readonly Import[]): string[] {
  const next = new Map(files.map((file) => [file, edges.filter(({ from }) => from === file).map(({ to }) => to)]));
  const found = new Set<string>();
  const done = new Set<string>();
  const visit = (file: string, path: string[]) => {
    if (path.includes(file)) {
      found.add([...path.slice(path.indexOf(file)), file].join(' → '));
      return;
    }
    if (done.has(file)) return;
    for (const each of next.get(file) ?? []) visit(each, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return [...found];
}

test('no import goes in a circle', () => {
  expect(circles(inner.filter(({ isType }) => !isType))).toEqual([]);
});

test('no import goes in a circle, not even for types', () => {
  expect(circles(inner)).toEqual([]);
});

test('the core is pure: no files, no timers, no process', () => {
  const impure =
    /\b(?:process\.(?!ts|js)|set(?:Timeout|Interval|Immediate)\b|queueMicrotask\b|console\.|Date\.now\(|new Date\(\)|performance\.)/;
  for (const file of files.filter((name) => name.startsWith('core/'))) {
    expect(
      codeOf(file)
        .split('\n')
        .filter((line) => impure.test(line.replace(/\b\w+\.process\./g, ''))),
      file,
    ).toEqual([]);
    const modules = importsOf(file).map(({ to }) => to);
    expect(
      modules.filter((name) => name.startsWith('node:') && name !== 'node:path'),
      file,
    ).toEqual([]);
  }
});

test('nothing is printed but by the command line', () => {
  for (const file of files.filter((name) => !name.startsWith('cli/'))) {
    expect(codeOf(file).match(/\bconsole\.|process\.std(?:out|err)\b/g), file).toBeNull();
  }
});

test('what not every caller needs is imported on first use', () => {
  const late = ['pidusage', 'env-paths', 'sift', 're2js'];
  const eager = (name: string) => new RegExp(`(?:^|\\n)import\\s+(?!type)[^;]*from\\s+'${name}'`);
  for (const file of files) {
    expect(
      late.filter((name) => eager(name).test(codeOf(file))),
      file,
    ).toEqual([]);
  }
});

test('the types of libraries that are not ours to promise are not in the public surface', () => {
  const declarations = [
    'index.d.ts',
    'schema.d.ts',
    'testing/index.d.ts',
    'mcp/index.d.ts',
    'health/index.d.ts',
    'route/index.d.ts',
  ];
  // Those that these lead to are added as they are found.
  for (const name of declarations) {
    const text = readFileSync(join(root, 'dist', name), 'utf8');
    for (const [, to = ''] of text.matchAll(/from '(\.[^']+)\.js'/g)) {
      const next = `${join(dirname(name), to)}.d.ts`;
      if (!declarations.includes(next)) declarations.push(next);
    }
    expect(text.match(/from '(?:pidusage|sift|re2js|zod|cockatiel)'/), name).toBeNull();
  }
  expect(declarations.length).toBeGreaterThan(20);
});

test('one noun a file: none is longer than 400 lines, and those past 250 are few and known', () => {
  const long = files.filter((file) => readFileSync(join(source, file), 'utf8').split('\n').length - 1 > 250);
  const far = files.filter((file) => readFileSync(join(source, file), 'utf8').split('\n').length - 1 > 400);
  expect(far).toEqual([]);
  expect(
    long.filter((file) => !['registry/registry.ts', 'registry/watcher.ts', 'testing/cluster.ts'].includes(file)),
  ).toEqual([]);
});

test('every file begins with a sentence that says what it is', () => {
  for (const file of files) {
    const text = readFileSync(join(source, file), 'utf8').replace(/^#!.*\n+/, '');
    expect(text.slice(0, 4), file).toBe('/** ');
    expect(text.slice(0, text.indexOf('*/')).trim(), file).toMatch(/[.:]/);
  }
});

test('names of files are in kebab-case, and none is a drawer for anything', () => {
  for (const file of files) {
    expect(file).toMatch(/^(?:[a-z]+(?:-[a-z]+)*\/)*[a-z]+(?:-[a-z]+)*\.ts$/);
    expect(file).not.toMatch(/(?:utils?|helpers?|misc|common|types)\.ts$/);
  }
});
