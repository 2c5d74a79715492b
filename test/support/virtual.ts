/** What goes on in a cluster, whose time passes only when it is told to. */

import type { Cluster } from '../../src/testing/index.js';

/** Lets time pass, `step` ms at once, until `promise` has settled; gives how many ms passed. */
export async function passUntil(cluster: Cluster, promise: Promise<unknown>, step = 10): Promise<number> {
  let isSettled = false;
  const settle = () => {
    isSettled = true;
  };
  promise.then(settle, settle);
  for (let passed = 0; passed < 600_000; passed += step) {
    // A turn or two of the real loop: something may be loaded on first use.
    for (let turn = 0; turn < 3 && !isSettled; turn++) await new Promise(setImmediate);
    if (isSettled) return passed;
    await cluster.advance(step);
  }
  throw new Error('It has not settled within ten minutes of virtual time.');
}
