// @ts-check
/** Each runner takes its own file; and what is written as ES modules is run as such, and not rewritten. */

/** @type {import('jest').Config} */
export default { testMatch: ['**/jest.test.js'], transform: {} };
