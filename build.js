/**
 * Makes dist/ as it is published: few files, since each costs a process that imports it half a millisecond; small ones,
 * since Node reads them anew in each (without comments; with names, source maps, and lines, since Node prints the line
 * that an error was thrown in); and of zod only what is used. What is loaded on first use stays in files of its own. `npm run build` adds the types.
 */

import { build } from 'rolldown';
import manifest from './package.json' with { type: 'json' };

await build({
  input: {
    index: 'src/index.ts',
    schema: 'src/schema.ts',
    'testing/index': 'src/testing/index.ts',
    'mcp/index': 'src/mcp/index.ts',
    'cli/main': 'src/cli/main.ts',
  },
  platform: 'node',
  external: [/^node:/, ...Object.keys(manifest.dependencies)],
  output: {
    dir: 'dist',
    format: 'esm',
    cleanDir: true,
    minify: { compress: true, mangle: { toplevel: false }, codegen: { removeWhitespace: false } },
    comments: false,
    sourcemap: true,
    chunkFileNames: 'parts/[name]-[hash].js',
    codeSplitting: {
      // All that `rollcall` needs at once, in one file; not the schemas, which few need.
      groups: [
        {
          name: 'rollcall',
          test: /src\/(?:core|process|store|registry)\/(?!schema|decode|usage|folders|explain|pick(?:er)?\.|surroundings|workspace|lease|claim|ensure|exclusive|overdue|launch|log-file)/,
        },
      ],
    },
  },
});
