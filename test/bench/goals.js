/** What a part is to show, and whether it did. */

import { median, noiseOf, ofRound, quantile, ratios } from './measure.js';

/** @typedef {import('./measure.js').Measured} Measured */
/** @typedef {import('./measure.js').Quartiles} Quartiles */
/** @typedef {'ms' | 'MB' | '%' | ''} Unit */

/**
 * @typedef {object} Goal Of rollcall, the second contender.
 * @property {'ratio' | 'median' | 'p99' | 'max'} of  A ratio is one to the first contender, unless it says to which.
 * @property {number} atMost
 * @property {string} [to]
 * @property {readonly number[]} [at]  For how many entries; any number unless given.
 */

/**
 * @typedef {object} Row One line of the table: what is read off the figures of a scene.
 * @property {string} what
 * @property {readonly Goal[]} goals
 * @property {string} [measure]  Which of the figures; 'ms' unless given.
 * @property {Unit} [unit]  'ms' unless given.
 * @property {string} [above]  The contender whose figures are subtracted from the others'.
 * @property {boolean} [hasTail]  Each sample is one occasion, so that the slowest of them say something.
 * @property {boolean} [isTimed]  What is not, such as memory, is the same on a busy machine. True unless given.
 * @property {boolean} [isCounted]  A count: whatever else goes on, and no ratio says anything.
 */

/** @typedef {'met' | 'missed' | 'noisy'} Verdict */
/** @typedef {{ name: string, median: number, p99: number, max: number, ratio: Quartiles }} Standing */
/** @typedef {Goal & { value: number, verdict: Verdict, noise?: string }} Outcome */

/**
 * @typedef {object} Result
 * @property {string} what
 * @property {number} entries
 * @property {number} processes  How many processes the entries are of.
 * @property {number} rounds
 * @property {Unit} unit
 * @property {boolean} isCounted
 * @property {boolean} hasTail
 * @property {Standing[]} standings  The limit, rollcall, and what people use today.
 * @property {Outcome[]} outcomes
 */

/**
 * @param {Row} row
 * @param {Measured & { entries: number, processes: number }} scene
 * @returns {Result | undefined} Nothing where this system cannot tell the measure.
 */
export function assess(row, { entries, processes, figures, busy }) {
  const { what, goals, measure = 'ms', unit = 'ms', above, isTimed = true, isCounted = false, hasTail = false } = row;
  const known = new Map([...figures].map(([name, rounds]) => [name, rounds.flatMap((taken) => taken[measure] ?? [])]));
  const base = above === undefined ? undefined : figures.get(above)?.map((taken) => ofRound(taken[measure] ?? 0));
  /** @type {Map<string, number[]>} */
  const series = new Map();
  for (const [name, rounds] of figures) {
    if (name === above || rounds.some((taken) => taken[measure] === undefined)) continue;
    series.set(
      name,
      rounds.map((taken, round) => ofRound(taken[measure] ?? 0) - (base?.[round] ?? 0)),
    );
  }
  const [limit, own] = [...series.keys()];
  if (limit === undefined || own === undefined) return undefined;
  const of = (/** @type {string} */ name) => series.get(name) ?? [];

  const standings = [...series].map(([name, values]) => ({
    name,
    median: median(values),
    p99: quantile(known.get(name) ?? [], 0.99),
    max: Math.max(...(known.get(name) ?? [])),
    ratio: ratios(values, of(limit)),
  }));
  const outcomes = goals
    .filter(({ at }) => at?.includes(entries) ?? true)
    .map((goal) => {
      const ratio = ratios(of(own), of(goal.to ?? limit));
      const standing = standings.find(({ name }) => name === own);
      const value = goal.of === 'ratio' ? ratio.middle : (standing?.[goal.of] ?? Number.NaN);
      const limits = of(goal.to ?? limit);
      const others = { busy: isTimed ? busy : 0, limit: limits };
      const noise = isCounted
        ? undefined
        : noiseOf({ ...others, ...(goal.of === 'ratio' && { ratio, atMost: goal.atMost }) });
      /** @type {Verdict} */
      const verdict = noise !== undefined ? 'noisy' : value <= goal.atMost ? 'met' : 'missed';
      return { ...goal, value, verdict, ...(noise !== undefined && { noise }) };
    });
  return { what, entries, processes, rounds: of(limit).length, unit, isCounted, hasTail, standings, outcomes };
}

/**
 * 0: every goal was met; 1: one was missed; 3: none was missed, but of some nothing can be told.
 *
 * @param {readonly Result[]} results
 */
export function exitCode(results) {
  const verdicts = results.flatMap(({ outcomes }) => outcomes.map(({ verdict }) => verdict));
  return verdicts.includes('missed') ? 1 : verdicts.includes('noisy') ? 3 : 0;
}
