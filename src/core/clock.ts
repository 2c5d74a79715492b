/** Time as everything here sees it: a parameter, so that tests can move it. */

/** A pending call that can be taken back. */
export interface Timer {
  cancel(): void;
  /** Whether it keeps the process alive while it is pending. It does not, unless told so. */
  hold(keepsAlive: boolean): void;
}

/** Two clocks and a timer. All durations are in ms. */
export interface Clock {
  /** Wall-clock time in ms since 1970: what is written into entries and compared with file times. It may jump. */
  now(): number;
  /** Time in ms that only moves forward, at the pace of this machine; its zero means nothing. */
  monotonic(): number;
  /** Calls `act` once after `delay` ms, never before. The timer does not keep the process alive. */
  after(delay: number, act: () => void): Timer;
}
