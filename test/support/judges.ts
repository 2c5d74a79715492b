/** Processes that judge without a pause, and tell what they saw. */

import { type Running, start } from './processes.js';

/** What a judge saw since it was asked last. */
export interface Report {
  /** Its wall clock, in ms since 1970. */
  readonly now: number;
  /** How often it looked. */
  readonly looks: number;
  /** Ids that `discover` gave, and then did not. */
  readonly lost: readonly string[];
  /** By id every verdict but `alive`, with its reason. */
  readonly doubts: Readonly<Record<string, readonly string[]>>;
  /** What its watcher said was removed, with the reason. */
  readonly removes: readonly (readonly [id: string, reason: string])[];
  /** What its `reap()` removed. */
  readonly reaped: readonly string[];
  /** What its watcher holds now. */
  readonly view: readonly string[];
  readonly errors: readonly string[];
}

export interface Judge extends Running {
  tell(): Promise<Report>;
}

/** Starts test/programs/judge.js on the registry in `directory`, `by` a command that ends in running what follows it. */
export function startJudge(directory: string, by: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Judge {
  const [command = '', ...args] = [...by, process.execPath, 'test/programs/judge.js'];
  const running = start(command, args, { ROLLCALL_DIR: directory, ...env });
  let asked = 0;
  return {
    ...running,
    async tell() {
      asked++;
      running.say('tell');
      const line = await running.line(new RegExp(`^report ${asked} `));
      return JSON.parse(line.slice(`report ${asked} `.length));
    },
  };
}
