// @ts-check
/** Each runner takes its own file; for the others' tests are here, too. */

import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { include: ['vitest.test.js'] } });
