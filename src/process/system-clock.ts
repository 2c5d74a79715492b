/** The real clocks. */

import type { Clock } from '../core/clock.js';

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delay, act) {
    const timer = setTimeout(act, delay).unref();
    return {
      cancel: () => clearTimeout(timer),
      hold: (keepsAlive) => void (keepsAlive ? timer.ref() : timer.unref()),
    };
  },
};
