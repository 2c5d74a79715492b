/** How figures are taken, and what is made of them: rounds, medians, ratios, and whether the machine was quiet. */

import { cpus } from 'node:os';
import { setTimeout } from 'node:timers/promises';

/** @typedef {number | number[]} Figure  What one contender took in one round; of several samples their median counts. */
/** @typedef {Record<string, Figure>} Taken  All figures of one contender in one round, by measure. */
/** @typedef {Map<string, Taken[]>} Figures  By contender, round by round. The first contender is the limit, the second rollcall. */
/** @typedef {{ figures: Figures, busy: number }} Measured  `busy`: how many cores others used meanwhile. */
/** @typedef {{ name: string, run: (round: number) => Promise<Taken> }} Runner */
/** @typedef {{ low: number, middle: number, high: number }} Quartiles */

/**
 * The value below which the share `share` of `values` lies, between two of them in proportion.
 *
 * @param {readonly number[]} values
 * @param {number} share
 */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below === above ? below : below + (above - below) * (at - Math.floor(at));
}

/** @param {readonly number[]} values */
export const median = (values) => quantile(values, 0.5);

/**
 * @param {readonly number[]} values
 * @returns {Quartiles}
 */
export const quartiles = (values) => ({
  low: quantile(values, 0.25),
  middle: median(values),
  high: quantile(values, 0.75),
});

/** @param {Figure} figure */
export const ofRound = (figure) => (Array.isArray(figure) ? median(figure) : figure);

/**
 * Each round's figure by the limit's of the same round: what slows the machine down for a while slows both.
 *
 * @param {readonly number[]} values
 * @param {readonly number[]} limit
 */
export const ratios = (values, limit) => quartiles(values.map((value, round) => value / (limit[round] ?? Number.NaN)));

/**
 * How uncertain a median may be, as a share of it: 0.93 × the distance of the quartiles / √rounds is its standard error.
 * The goals leave no less to chance. On a quiet machine it is 0.005 to 0.05; with one more busy process than cores, 0.1
 * to 0.8.
 */
export const mostUncertain = 0.12;

/** How much of a core others may use while all of ours rest. Of two cores, one is then still free for each contender. */
export const mostBusy = 0.3;

/**
 * Says why nothing can be told from these rounds, or `undefined` if something can.
 *
 * @param {{ busy: number, limit: readonly number[], ratio?: Quartiles, atMost?: number }} measured
 *   `busy`: cores that others used. `limit`: its figure of each round. `ratio` to it, unless the goal is an absolute one;
 *   where all of its middle half is on one side of `atMost`, that much can be told.
 */
export function noiseOf({ busy, limit, ratio, atMost = Number.NaN }) {
  const share = (/** @type {Quartiles} */ { low, middle, high }) =>
    (0.93 * (high - low)) / middle / Math.sqrt(limit.length);
  const percent = (/** @type {number} */ value) => `${Math.round(value * 100)} %`;
  if (busy > mostBusy) return `others used ${busy.toFixed(1)} cores`;
  const ofLimit = share(quartiles(limit));
  if (ofLimit > mostUncertain) return `the limit itself is uncertain by ${percent(ofLimit)}`;
  if (ratio === undefined || ratio.low > atMost || ratio.high <= atMost) return undefined;
  const ofRatio = share(ratio);
  return ofRatio > mostUncertain ? `the ratio is uncertain by ${percent(ofRatio)}` : undefined;
}

/** What all processes together have used, in ms of one core. */
const used = () => cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0);

/**
 * How much others use, while all of ours rest: ms of a core in so many ms. The system counts in steps of 10.
 *
 * @param {number} ms
 */
export async function listen(ms) {
  const [before, began] = [used(), performance.now()];
  await setTimeout(ms);
  return { busy: used() - before, listened: performance.now() - began };
}

/** Before each round, in ms. */
const listening = 30;

/**
 * @template Item
 * @param {readonly Item[]} list
 * @param {() => number} [random]
 * @returns {Item[]}
 */
export function shuffled(list, random = Math.random) {
  return list
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/**
 * Lets every contender run once a round, one after the other, in another order each round: what changes while it all
 * goes on changes for all of them.
 *
 * @param {readonly Runner[]} runners
 * @param {{ rounds: number, warmUp?: number, isTogether?: boolean, random?: () => number }} options
 *   `warmUp` rounds before are not counted. `isTogether`: at the same time, where each only waits.
 * @returns {Promise<Measured>}
 */
export async function interleave(runners, { rounds, warmUp = 1, isTogether = false, random }) {
  /** @type {Figures} */
  const figures = new Map(runners.map(({ name }) => [name, []]));
  let [busy, listened] = [0, 0];
  for (let round = -warmUp; round < rounds; round++) {
    const heard = await listen(listening);
    // Before the rounds that count, our own are still beginning.
    if (round >= 0) {
      busy += heard.busy;
      listened += heard.listened;
    }
    /** @param {Runner} runner */
    const take = async ({ name, run }) => {
      const taken = await run(round);
      if (round >= 0) figures.get(name)?.push(taken);
    };
    if (isTogether) await Promise.all(runners.map(take));
    else for (const runner of shuffled(runners, random)) await take(runner);
  }
  return { figures, busy: busy / listened };
}
