/** Real processes for tests: started, listened to, killed. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { createProbe } from '../../src/process/probe.js';
import { eventually } from './eventually.js';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Lines it has written to stdout so far. */
  readonly lines: string[];
  /** What it has written to stderr so far. */
  readonly errors: () => string;
  /** Resolves when it has ended and its output is complete. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Resolves with the first line that matches; fails after `timeout` ms, 25,000 unless given. */
  line(pattern: RegExp, timeout?: number): Promise<string>;
  /** Sends a line to its stdin. */
  say(line: string): void;
  /** Ctrl-C, as a terminal sends it: to the program and to all it has started. */
  interrupt(): void;
}

/** Starts a program in a process group of its own, all of which is killed when the running test ends. */
export function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = root): Running {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  let isOver = false;
  const signalGroup = (signal: NodeJS.Signals | 0) => {
    try {
      if (child.pid !== undefined && !isOver) process.kill(-child.pid, signal);
    } catch {
      // All of it has ended, and its number may be given to others from now on.
      isOver = true;
    }
  };
  child.on('exit', () => signalGroup(0));
  onTestFinished(() => signalGroup('SIGKILL'));
  const lines: string[] = [];
  let errors = '';
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  ended.catch(() => {});
  return {
    child,
    pid: child.pid ?? -1,
    lines,
    errors: () => errors,
    ended,
    line: (pattern, timeout = 25_000) =>
      eventually(
        `${command} ${args.join(' ')} prints ${pattern} (it printed ${lines.length} lines)`,
        () => {
          const found = lines.find((line) => pattern.test(line));
          if (found === undefined && child.exitCode !== null)
            throw new Error(`it ended with ${child.exitCode}: ${errors}`);
          return found;
        },
        timeout,
      ),
    interrupt: () => signalGroup('SIGINT'),
    say: (line) => void child.stdin.write(`${line}\n`),
  };
}

/** Starts a Node program of this project, given by its path from the root. */
export function startNode(script: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Running {
  return start(process.execPath, [script, ...args], env);
}

/** Whether there is such a process, and it can still run: nobody may ask for a zombie for as long as it likes. */
export function isThere(pid: number): boolean {
  return createProbe().look(pid).is === 'there';
}
