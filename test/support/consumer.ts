/** An empty project that has the packed package installed, as a user would have it. */

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './processes.js';
import { tempFolder } from './temp.js';

/**
 * Packs the package and unpacks it into a new project's node_modules. Its dependencies are linked from ours, so
 * that no network is needed; what npm itself would do differently, installing for real shows.
 */
export function createConsumer(): string {
  const folder = tempFolder();
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  const packed = execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], {
    cwd: root,
  });
  execFileSync('tar', ['-xzf', join(folder, `${packed}`.trim()), '-C', modules]);
  execFileSync('mv', [join(modules, 'package'), join(modules, 'rollcall')]);
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (!name.startsWith('.')) symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  const command = join(modules, 'rollcall', 'dist', 'cli', 'main.js');
  chmodSync(command, 0o755);
  symlinkSync(command, join(modules, '.bin', 'rollcall'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  return folder;
}

/** Compiles what is in the project as a careful user would: strict, and with the libraries' types checked too. */
export function compile(folder: string, options: Record<string, unknown> = {}): string {
  const compilerOptions = {
    strict: true,
    skipLibCheck: false,
    module: 'nodenext',
    target: 'es2022',
    types: ['node'],
    noEmit: true,
    ...options,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  try {
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], { stdio: 'pipe' });
    return '';
  } catch (error) {
    return `${(error as { stdout: Buffer }).stdout}`;
  }
}
