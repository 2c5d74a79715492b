/**
 * Makes dist/ as it is published: few files, since each costs a process that imports it half a millisecond; small ones,
 * since Node reads them anew in each (without comments; with names, source maps, and lines, since Node prints the line
 * that an error was thrown in); and of zod only what is used. What is loaded on first use stays in files of its own. `npm run build` adds the types.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'rolldown';
import manifest from './package.json' with { type: 'json' };

const isElsewhere = (id) =>
  id.startsWith('node:') || Object.keys(manifest.dependencies).some((name) => id === name || id.startsWith(`${name}/`));

/** Who bundles a library passes on its licence: every package whose modules are in there, with its text. */
const bundled = new Map();
const noteLicences = {
  name: 'note-licences',
  generateBundle(_, chunks) {
    for (const path of Object.values(chunks).flatMap(({ moduleIds = [] }) => moduleIds)) {
      const folder = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(path.replaceAll('\0', ''))?.[1];
      if (folder === undefined || bundled.has(folder)) continue;
      const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
      const text = file === undefined ? license : readFileSync(join(folder, file), 'utf8').trim();
      bundled.set(folder, `${name} ${version}\n\n${text}\n`);
    }
  },
};

/** A file of its own, loaded when it is asked for. */
const leaveHub = {
  name: 'leave-hub',
  resolveId: (id) => (id === './commands/hub.js' ? { id: './hub.js', external: true } : undefined),
};

await build({
  input: {
    index: 'src/index.ts',
    schema: 'src/schema.ts',
    'testing/index': 'src/testing/index.ts',
    'mcp/index': 'src/mcp/index.ts',
    'health/index': 'src/health/index.ts',
    'route/index': 'src/route/index.ts',
    'cli/main': 'src/cli/main.ts',
  },
  platform: 'node',
  // Who connects brings the SDK.
  external: (id) => isElsewhere(id) || id.startsWith('@modelcontextprotocol/'),
  plugins: [leaveHub, noteLicences],
  makeAbsoluteExternalsRelative: false,
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

// With both halves of the SDK within, so that `npx rollcall hub` needs nothing else, and nobody else pays for them.
await build({
  input: { hub: 'src/cli/commands/hub.ts' },
  platform: 'node',
  external: isElsewhere,
  plugins: [noteLicences],
  output: {
    dir: 'dist/cli',
    format: 'esm',
    minify: true,
    comments: false,
    codeSplitting: false,
  },
});

writeFileSync('dist/THIRD-PARTY-LICENSES.txt', [...bundled.values()].sort().join(`\n${'-'.repeat(80)}\n\n`));
