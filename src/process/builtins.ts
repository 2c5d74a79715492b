/** Node's own modules, as `require` gives them: an `import` of node:fs runs all its getters and loads streams, 1.3 ms. */

export const fs: typeof import('node:fs') = process.getBuiltinModule('node:fs');
export const os: typeof import('node:os') = process.getBuiltinModule('node:os');
export const diagnostics: typeof import('node:diagnostics_channel') =
  process.getBuiltinModule('node:diagnostics_channel');
