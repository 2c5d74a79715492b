/**
 * `npm run bench`: what rollcall costs, against the limit and what people use today.
 *
 *   npm run bench                       every part (some 25 minutes)
 *   npm run bench -- watch death        some of them
 *   npm run bench -- --quick            few rounds, up to 1,000 entries: whether all of it works (a minute)
 *   npm run bench -- --entries 1000     at this number of entries only
 *   npm run bench -- --json FILE        the results go there, and not to test/bench/last.json
 *   npm run bench -- --write            they go to test/bench/results.json, and their tables into the README
 *   npm run bench -- --tables           nothing is measured: the tables of the README are made anew
 *
 * Ends with 0 if every goal is met, 1 if one is missed, 3 if none is, but the machine was too noisy to tell of some, and
 * 2 if a part failed: a contender that did not find what is there did not do the work.
 */

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Bench } from './bench.js';
import { complaint } from './disk.js';
import { assess, exitCode } from './goals.js';
import { listen, mostBusy } from './measure.js';
import { describe, keep, latest, save } from './results.js';
import { textOf } from './table.js';

const parts = [
  'start',
  'register',
  'discover',
  'first',
  'current',
  'watch',
  'death',
  'idle',
  'reap',
  'stampede',
  'hub',
  'route',
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    entries: { type: 'string' },
    json: { type: 'string' },
    tables: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  const [, head = ''] = readFileSync(new URL(import.meta.url), 'utf8').match(/^\/\*\*\n(.*?)\n \*\//s) ?? [];
  console.log(`${head.replace(/^ \* ?/gm, '')}\n\nParts: ${parts.join(', ')}.`);
  process.exit(0);
}
const unknown = positionals.filter((name) => !parts.includes(name));
if (unknown.length > 0) {
  console.error(`bench: there is no ${unknown.join(', ')}; there is ${parts.join(', ')}.`);
  process.exit(2);
}
if (values.tables) {
  keep({}, parts);
  process.exit();
}

const about = describe(values.quick);
const bench = new Bench({ isQuick: values.quick });
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(signal, () => void bench.close().finally(() => process.exit(130)));
}

const { busy, listened } = await listen(500);
console.log(`Node ${about.node}, ${about.system}, ${about.cores} × ${about.cpu}`);
const wrong = complaint();
if (wrong !== undefined) console.log(wrong);
if (busy / listened > mostBusy)
  console.log(`Others use ${(busy / listened).toFixed(1)} cores: wait until they are done.`);

/** @param {string} name @returns {Promise<import('./goals.js').Result[]>} */
async function measure(name) {
  /** @type {{ scenes: import('./bench.js').Scene[] }} */
  const { scenes } = await import(`./${name}.js`);
  const found = [];
  for (const { rows, sizes, quick, play } of scenes) {
    const asked = sizes.filter((size) => size === Number(values.entries));
    for (const entries of values.entries !== undefined ? asked : values.quick ? (quick ?? []) : sizes) {
      const scene = { entries, ...(await play(bench, entries)) };
      for (const row of rows) {
        const result = assess(row, scene);
        if (result === undefined) continue;
        found.push(result);
        console.log(`\n${textOf(result)}`);
      }
    }
  }
  return found;
}

/** @type {import('./results.js').Results} */
const results = {};
/** @type {string[]} */
const broken = [];
try {
  for (const name of positionals.length > 0 ? positionals : parts) {
    try {
      results[name] = { about, results: await measure(name) };
    } catch (error) {
      // Not the same work, or no work at all: then nothing is told of this part.
      broken.push(name);
      console.error(`\nbench: ${name} failed.`, error);
    }
  }
} finally {
  await bench.close();
}

save(values.json ?? latest, results);
if (values.write) keep(results, parts);
const all = Object.values(results).flatMap(({ results }) => results);
const count = (/** @type {string} */ verdict) =>
  all.flatMap(({ outcomes }) => outcomes).filter((outcome) => outcome.verdict === verdict).length;
console.log(`\n${count('met')} goals met, ${count('missed')} missed, ${count('noisy')} too noisy to tell`);
if (broken.length > 0) console.error(`bench: failed: ${broken.join(', ')}`);
process.exitCode = broken.length > 0 ? 2 : exitCode(all);
