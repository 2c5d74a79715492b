/** How figures are taken, and what is made of them: rounds, medians, ratios, and whether the machine was quiet. */

/** @typedef {number | number[]} Figure  What one contender took in one round; of several samples their median counts. */
/** @typedef {Record<string, Figure>} Taken  All figures of one contender in one round, by measure. */
/** @typedef {Map<string, Taken[]>} Figures  By contender, round by round. The first contender is the limit, the second rollcall. */
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
 * By how much the middle half of the rounds may differ, as a share of the median. The median of 15 rounds is then
 * uncertain by some 12 % (0.93 × 0.5 / √15), which is what the goals leave to chance. On a quiet machine it is 0.02 to
 * 0.2; with one more busy process than cores, 0.5 to 3.
 */
export const noisy = 0.5;

/**
 * Says why nothing can be told from these rounds, or `undefined` if something can.
 *
 * @param {readonly number[]} limit The limit's figure of each round.
 * @param {Quartiles} [ratio] The ratio to it, unless the goal is an absolute one.
 */
export function noiseOf(limit, ratio) {
  const share = (/** @type {Quartiles} */ { low, middle, high }) => (high - low) / middle;
  const ofLimit = share(quartiles(limit));
  if (ofLimit > noisy) return `the limit's own figures differ by ${Math.round(ofLimit * 100)} %`;
  const ofRatio = ratio === undefined ? 0 : share(ratio);
  return ofRatio > noisy ? `the ratios differ by ${Math.round(ofRatio * 100)} %` : undefined;
}

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
 * @returns {Promise<Figures>}
 */
export async function interleave(runners, { rounds, warmUp = 1, isTogether = false, random }) {
  /** @type {Figures} */
  const figures = new Map(runners.map(({ name }) => [name, []]));
  for (let round = -warmUp; round < rounds; round++) {
    /** @param {Runner} runner */
    const take = async ({ name, run }) => {
      const taken = await run(round);
      if (round >= 0) figures.get(name)?.push(taken);
    };
    if (isTogether) await Promise.all(runners.map(take));
    else for (const runner of shuffled(runners, random)) await take(runner);
  }
  return figures;
}
