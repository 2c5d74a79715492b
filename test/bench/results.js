/** What was measured last, by part, and the README's tables, which are made from it. */

import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, type } from 'node:os';
import { fileSystem } from './disk.js';
import { caption, comparison, growthTable } from './table.js';

/** @typedef {{ node: string, cpu: string, cores: number, system: string, date: string, isQuick: boolean }} About */
/** @typedef {{ about: About, results: import('./goals.js').Result[] }} Part */
/** @typedef {Record<string, Part>} Results */

export const kept = new URL('results.json', import.meta.url);
export const latest = new URL('last.json', import.meta.url);
const readme = new URL('../../README.md', import.meta.url);
const [begin, end] = ['<!-- bench -->', '<!-- /bench -->'];

/** @param {boolean} isQuick @returns {About} */
export function describe(isQuick) {
  const date = new Date().toISOString().slice(0, 10);
  const all = cpus();
  const system = [`${type()} ${release().split('-')[0]}`, fileSystem()?.type].filter(Boolean).join(', ');
  return { node: process.version, cpu: all[0]?.model.trim() ?? '', cores: all.length, system, date, isQuick };
}

/** @returns {Results} */
export function load() {
  try {
    return JSON.parse(readFileSync(kept, 'utf8'));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return {};
    throw error;
  }
}

/** @param {URL | string} path @param {Results} results */
export function save(path, results) {
  const rounded = (/** @type {string} */ _, /** @type {unknown} */ value) =>
    typeof value === 'number' ? Number(value.toPrecision(4)) : value;
  writeFileSync(path, `${JSON.stringify(results, rounded, 1)}\n`);
}

/** The results of a run replace those of the same parts. @param {Results} results @param {readonly string[]} order */
export function keep(results, order) {
  const all = { ...load(), ...results };
  save(kept, Object.fromEntries(order.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]]))));
  const text = readFileSync(readme, 'utf8');
  const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
  writeFileSync(readme, `${text.slice(0, from)}\n${tablesOf(load())}\n${text.slice(to)}`);
}

/** What stands between the marks of the README. */
export function inReadme() {
  const text = readFileSync(readme, 'utf8');
  return text.slice(text.indexOf(begin) + begin.length, text.indexOf(end)).trim();
}

/** @param {Results} results */
export function tablesOf(results) {
  const parts = Object.values(results);
  const all = parts.flatMap(({ results }) => results);
  return [comparison(all), growthTable(all), caption(parts.map(({ about }) => about))].join('\n\n');
}
