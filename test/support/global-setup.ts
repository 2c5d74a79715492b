/** Before all tests: they run against the built package, so it must be there and of this source. */

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
}
