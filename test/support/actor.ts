/** A program that registers, updates and deregisters as it is told: test/programs/actor.js. */

import { eventually } from './eventually.js';
import { type Running, start } from './processes.js';

export interface Answer {
  readonly did?: string;
  readonly failed?: string;
  readonly id?: string;
  readonly seal?: string;
  readonly code?: string;
  readonly message?: string;
  /** Errors that came through `onError`. */
  readonly report?: string;
  /** Instead of an answer, when it ended. */
  readonly ended?: string;
}

export interface Actor extends Running {
  /** Tells it what to do, and resolves with its answer, or how it ended instead. */
  ask(order: string): Promise<Answer>;
}

/** Starts one; `within` is a command that starts it, such as `unshare --pid`. */
export async function startActor(
  directory: string,
  env: NodeJS.ProcessEnv = {},
  within: readonly string[] = [],
): Promise<Actor> {
  const [command = '', ...args] = [...within, process.execPath, 'test/programs/actor.js'];
  const running = start(command, args, { ROLLCALL_DIR: directory, ...env });
  await running.line(/^{"ready"/);
  const answers = () => running.lines.filter((line) => /^{"(did|failed)"/.test(line));
  let end: string | undefined;
  void running.ended.then(({ code, signal }) => {
    end = `${signal ?? code} ${running.errors()}`;
  });
  return {
    ...running,
    async ask(order) {
      const before = answers().length;
      running.say(order);
      return eventually(
        `the actor answers ${order}`,
        () => {
          const answer = answers()[before];
          if (answer !== undefined) return JSON.parse(answer) as Answer;
          return end === undefined ? undefined : { ended: end };
        },
        30_000,
      );
    },
  };
}
