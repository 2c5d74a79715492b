/** Waiting: for the loop's next turn, and for a while. node:timers/promises does the same, and has to be loaded. */

// As they are now: a test that fakes them later must not make us wait for it.
const { setImmediate, setTimeout } = globalThis;

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** Calls `act` in the loop's next turn, or in `delay` ms. Does not keep the process alive. */
export function soon(act: () => void, delay = 0): void {
  (delay === 0 ? setImmediate(act) : setTimeout(act, delay)).unref();
}

/** For `delay` ms. Keeps the process alive, as whoever waits expects. */
export function pause(delay: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, delay));
}
