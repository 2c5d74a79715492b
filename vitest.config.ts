import { configDefaults, defineConfig } from 'vitest/config';
import { isFullTier } from './test/support/tier.js';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Attacks on the promises that only `npm run prove` has time and rights for.
    exclude: [...configDefaults.exclude, ...(isFullTier ? [] : ['test/**/*.full.test.ts'])],
    globalSetup: ['test/support/global-setup.ts'],
    // Real processes are started and killed; two cores carry so many at a time.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
    reporters: ['default', './test/support/summary-reporter.ts'],
  },
});
