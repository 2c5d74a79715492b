/** Waiting: for the loop's next turn, and for a while. node:timers/promises does the same, and has to be loaded. */

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** For `delay` ms. Keeps the process alive, as whoever waits expects. */
export function pause(delay: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, delay));
}
