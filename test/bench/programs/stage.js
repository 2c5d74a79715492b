// One contender in a process of its own, so that the garbage and the caches of one are no burden to another.
import { answer } from './answer.js';

const [file, cast, name] = process.argv.slice(2);
const contender = (await import(file))[cast].find((each) => each.name === name);
let opened;

/** A batch takes at least so long, in ms: what takes some µs cannot be told alone. */
const batch = 5;
let times = 1;

answer({
  async open({ world, most, warm }) {
    const made = await contender.open(world);
    opened = typeof made === 'function' ? { work: made } : made;
    // Until the compiler has done with it.
    const until = performance.now() + warm;
    const taken = [];
    while (performance.now() < until) {
      taken.push((await act(1)).ms);
    }
    const last = taken.slice(-5).sort((a, b) => a - b)[Math.floor(Math.min(5, taken.length) / 2)];
    times = taken.length === 0 ? 1 : Math.max(1, Math.min(most, Math.round(batch / last)));
  },
  work: (input) => act(times, input),
});

/** Does the work so many times. What surrounds it is not timed. */
async function act(count, input) {
  await opened.prepare?.(count, input);
  const chain = new Chain();
  let result;
  const began = performance.now();
  for (let n = 0; n < count; n++) {
    result = opened.work(n);
    // To await what is no promise would be a part of the figure.
    if (result instanceof Promise) result = await result;
  }
  const ms = (performance.now() - began) / count;
  const held = chain.end();
  const found = (await opened.check?.(result, input)) ?? (Array.isArray(result) ? result.length : result);
  await opened.undo?.();
  return { ms, held, found, times: count };
}

/** A turn of the event loop after the other: what lies between two is how long the loop was held, in ms. */
class Chain {
  #last = performance.now();
  #longest = 0;
  #isOver = process.env.HELD === undefined;

  constructor() {
    if (!this.#isOver) setImmediate(() => this.#turn());
  }

  #turn() {
    const now = performance.now();
    this.#longest = Math.max(this.#longest, now - this.#last);
    this.#last = now;
    if (!this.#isOver) setImmediate(() => this.#turn());
  }

  end() {
    if (this.#isOver) return undefined;
    this.#isOver = true;
    return Math.max(this.#longest, performance.now() - this.#last);
  }
}
