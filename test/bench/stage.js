/** Contenders that each work in a process of their own, one at a time. */

import { interleave } from './measure.js';

/** @typedef {import('./bench.js').Bench} Bench */

/**
 * @typedef {object} Work What a contender does, once it is opened.
 * @property {(n: number) => unknown} work  Is timed. Gives what it found, or how many.
 * @property {(count: number, input: any) => unknown} [prepare]  Is not timed, nor are the others.
 * @property {(result: any, input: any) => unknown} [check]  How many were found, if `work` does not say.
 * @property {() => unknown} [undo]
 */

/** @typedef {{ name: string, open: (world: any) => Work | Work['work'] | Promise<Work | Work['work']> }} Contender */

/**
 * @typedef {object} Play
 * @property {string} file  The module of the contenders, its `import.meta.url`.
 * @property {string} cast  The name of their list in there.
 * @property {readonly Contender[]} contenders  That list.
 * @property {(contender: Contender) => unknown} world  What a contender is opened with; plain data.
 * @property {(times: number) => number} found  How many each must find, if it did its work so many times.
 * @property {number} [most]  How often at most the work is done in one go.
 * @property {boolean} [isFresh]  A new process for each round, and nothing done before in it.
 * @property {(contender: Contender, round: number) => Promise<unknown>} [before]  What happens just before; `work` gets what it gives.
 * @property {number} [takes]  How often a round, each with what happens before; once unless given.
 */

/**
 * @param {Bench} bench
 * @param {Play} play
 * @param {number} rounds
 */
export async function playOnStages(bench, play, rounds) {
  const { file, cast, contenders, world, found, most = 500, isFresh = false, before, takes = 1 } = play;
  const open = async (/** @type {Contender} */ contender) => {
    const env = isFresh ? { HELD: '1' } : {};
    const stage = bench.start('stage.js', { args: [file, cast, contender.name], env });
    const warm = isFresh ? 0 : bench.isQuick ? 50 : 300;
    await stage.ask('open', { world: world(contender), most, warm });
    return stage;
  };
  /** @type {import('./program.js').Program[]} */
  const stages = [];
  /** @type {import('./measure.js').Runner[]} */
  const runners = [];
  for (const contender of contenders) {
    const lasting = isFresh ? undefined : await open(contender);
    if (lasting !== undefined) stages.push(lasting);
    runners.push({
      name: contender.name,
      run: async (/** @type {number} */ round) => {
        const stage = lasting ?? (await open(contender));
        const taken = [];
        for (let take = 0; take < takes; take++) {
          const input = await before?.(contender, round);
          taken.push(await stage.ask('work', input));
        }
        if (isFresh) await stage.kill();
        for (const each of taken) {
          if (each.found === found(each.times)) continue;
          throw new Error(`${cast}, ${contender.name}: found ${each.found} and not ${found(each.times)}`);
        }
        const held = taken.flatMap(({ held }) => held ?? []);
        return { ms: taken.map(({ ms }) => ms), ...(held.length > 0 && { held }) };
      },
    });
  }
  const measured = await interleave(runners, { rounds });
  await Promise.all(stages.map((stage) => stage.kill()));
  return measured;
}
