/**
 * `npm run prove`: attacks every promise of docs/guarantees.md, and says which held.
 *
 *   npm run prove                     all of them, at full strength (some 45 minutes, 10 of them the soak; as root)
 *   npm run prove -- G1 G10           some of them
 *   npm run prove -- --quick          what `npm test` runs of them
 *   npm run prove -- --share 0.1      a tenth of the repetitions
 *   npm run prove -- --rest           without what `npm test` runs, if with fewer repetitions
 *   npm run prove -- --soak 60        minutes of soak instead of 10 (G21)
 */

import { readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    rest: { type: 'boolean', default: false },
    share: { type: 'string', default: '1' },
    soak: { type: 'string', default: '10' },
  },
});
const usage = (/** @type {string} */ message) => {
  console.error(`prove: ${message}`);
  process.exit(2);
};
if (!(Number(values.share) > 0 && Number(values.share) <= 1)) usage('--share must be above 0 and at most 1.');
if (!(Number(values.soak) > 0)) usage('--soak must be minutes, above 0.');
const wrong = positionals.filter((id) => !/^G\d+$/.test(id));
if (wrong.length > 0) usage(`${wrong.join(', ')}: promises are named G1, G2 and so on; see docs/guarantees.md.`);

if (!values.quick) process.env.ROLLCALL_PROVE = 'full';
process.env.ROLLCALL_PROVE_SHARE = values.share;
process.env.ROLLCALL_PROVE_SOAK = values.soak;

if (values.rest) process.env.ROLLCALL_PROVE_REST = 'yes';
const folder = 'test/guarantees/';
// A file in which nothing is left would be called broken.
const hasRest = (/** @type {string} */ name) => /tier: '(?:full|longer)'/.test(readFileSync(folder + name, 'utf8'));
const files = values.rest ? readdirSync(folder).filter((name) => name.endsWith('.test.ts') && hasRest(name)) : [''];

const vitest = await startVitest(
  'test',
  files.map((name) => folder + name),
  {
    watch: false,
    // One at a time, at full strength: they fill disks and set clocks, and a break must not be another's doing. Where there
    // is no time for that, two at once, as in `npm test`.
    fileParallelism: values.quick || Number(values.share) < 0.1,
    testNamePattern: positionals.length > 0 ? `(^|\\s)(${positionals.join('|')}) ` : undefined,
    reporters: ['default', './test/support/prove-reporter.ts'],
  },
);
await vitest?.close();
