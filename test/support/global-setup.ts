/** Before all tests: they run against the built package, so it must be there and of this source. */

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export default function setup(): void {
  const built = 'dist/index.js';
  const newest = Math.max(
    ...readdirSync('src', { recursive: true }).map((name) => statSync(join('src', `${name}`)).mtimeMs),
  );
  if (!existsSync(built) || statSync(built).mtimeMs < newest) {
    throw new Error('dist/ is missing or older than src/. Run: npm run build (npm test does it by itself).');
  }
  // The package is a few files. Some tests run a program in a process of its own that wants a module from within.
  const inner = '.inner/index.js';
  if (!existsSync(inner) || statSync(inner).mtimeMs < newest) {
    const tsc = join('node_modules', '.bin', 'tsc');
    execFileSync(tsc, ['-p', '.', '--noCheck', '--declaration', 'false', '--outDir', '.inner'], { stdio: 'inherit' });
  }
}
