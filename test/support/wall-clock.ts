/** The wall clock of real processes, moved while they run (libfaketime). Their monotonic clock and timers are left alone. */

import { execFileSync } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder } from './temp.js';

export interface WallClock {
  /** Start a program with this in its environment. */
  readonly env: NodeJS.ProcessEnv;
  /** From now on it is `seconds` ahead of the true time, or behind it. */
  set(seconds: number): void;
}

/** A clock for one process or several; right at first. Needs the command faketime. */
export function createWallClock(): WallClock {
  const library = execFileSync('faketime', ['-m', '-f', '+0', 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' }).trim();
  const file = join(tempFolder(), 'clock');
  const set = (seconds: number) => {
    // In one step: it is read at every look at the clock.
    writeFileSync(`${file}.next`, `${seconds < 0 ? '' : '+'}${seconds}`);
    renameSync(`${file}.next`, file);
  };
  set(0);
  const env = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    // File times are the file system's, whatever this process believes.
    NO_FAKE_STAT: '1',
  };
  return { env, set };
}
