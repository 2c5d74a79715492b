/** Starts a program that may outlive us, held back until told to go. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { pause } from './turns.js';

export interface LaunchOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** An open file: its standard output and error. Its standard input is empty. */
  readonly output: number;
}

/** How a program ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Launched {
  readonly pid: number;
  /** Lets it begin. Until then it runs nothing of the program, and ends should we end. */
  go(): void;
  readonly ended: Promise<Ending>;
  /** Ends it and what it has started: by SIGTERM, and what is left after `grace` ms by SIGKILL. */
  stop(grace: number): Promise<void>;
}

/**
 * A shell that waits for a line, and then becomes the program: it has the pid of the program from the beginning, and
 * there is no moment at which the program runs and nobody has written down that it does. If we end before the line,
 * the pipe closes, and the shell with it.
 */
const gate = 'read -r rollcall_go <&3 && unset rollcall_go && exec "$@" 3<&-';

/**
 * In a session of its own, so that Ctrl-C at our terminal is not meant for it. On Windows, which has no such shell,
 * the program begins at once.
 *
 * @throws what `spawn` does: ENOENT if the folder or, on Windows, the program does not exist.
 */
export async function launch({ command, args, cwd, env, output }: LaunchOptions): Promise<Launched> {
  const isGated = process.platform !== 'win32';
  const [file, words] = isGated ? ['/bin/sh', ['-c', gate, 'rollcall', command, ...args]] : [command, [...args]];
  const child = spawn(file, words, {
    cwd,
    env,
    detached: true,
    windowsHide: true,
    stdio: ['ignore', output, output, ...(isGated ? (['pipe'] as const) : [])],
  });
  const ended = new Promise<Ending>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  await once(child, 'spawn');
  const { pid } = child as ChildProcess & { pid: number };
  const pipe = child.stdio[3] as Writable | undefined;
  // It may have been killed: then there is nobody to tell, and `ended` says so.
  pipe?.on('error', () => {});
  child.unref();
  return {
    pid,
    ended,
    // Node's pipes go both ways: left open, it would keep us alive for as long as the program runs.
    go: () => void pipe?.end('go\n', () => pipe.destroy()),
    async stop(grace) {
      // It was not to keep us alive while it ran; that it ends, we wait for.
      child.ref();
      pipe?.destroy();
      signalAll(pid, 'SIGTERM');
      for (let left = grace; left > 0 && isAnyThere(pid); left -= attention) await pause(attention);
      signalAll(pid, 'SIGKILL');
      await ended;
    },
  };
}

/** Between two looks whether it has ended, in ms. */
const attention = 20;

/** The program and what it has started, as far as that has not left its group. */
export function signalAll(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // It has ended by itself, which is what is wanted.
  }
}

function isAnyThere(pid: number): boolean {
  try {
    return process.kill(process.platform === 'win32' ? pid : -pid, 0);
  } catch {
    return false;
  }
}
