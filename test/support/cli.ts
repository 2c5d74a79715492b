/** The command line, run as a person or a script runs it. */

import { PassThrough } from 'node:stream';
import { onTestFinished } from 'vitest';
import { run } from '../../src/cli/program.js';
import { Terminal } from '../../src/cli/terminal.js';
import { type Running, start } from './processes.js';

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** Starts `rollcall …` on the registry in `directory`. */
export function startCli(directory: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  return start(process.execPath, ['dist/cli/main.js', ...args], { ROLLCALL_DIR: directory, ...env });
}

/** Runs `rollcall …` to its end. */
export async function cli(directory: string, ...args: string[]): Promise<Outcome> {
  return outcomeOf(startCli(directory, args));
}

/** What a program that was started has ended with. */
export async function outcomeOf(running: Running): Promise<Outcome> {
  const { code, signal } = await running.ended;
  const out = running.lines.map((line) => `${line}\n`).join('');
  return { code, signal, out, err: running.errors() };
}

/** The same in this process, which is much faster; with `isTTY` as if a person were looking. Not for what never ends. */
export async function cliHere(directory: string, args: readonly string[], isTTY = false): Promise<Outcome> {
  const before = process.env.ROLLCALL_DIR;
  const restore = () => {
    if (before === undefined) delete process.env.ROLLCALL_DIR;
    else process.env.ROLLCALL_DIR = before;
  };
  onTestFinished(restore);
  process.env.ROLLCALL_DIR = directory;
  const texts = { out: '', err: '' };
  const stream = (name: keyof typeof texts) => {
    const through = new PassThrough().on('data', (chunk) => {
      texts[name] += chunk;
    });
    return Object.assign(through, { isTTY, columns: 1_000, hasColors: () => isTTY }) as unknown as NodeJS.WriteStream;
  };
  const code = await run(args, new Terminal(stream('out'), stream('err')));
  restore();
  return { code, signal: null, ...texts };
}

/** Runs `rollcall …` on a terminal of its own (script(1)), and gives what would have been seen, bytes and all. */
export function startOnTerminal(directory: string, words: string, env: NodeJS.ProcessEnv = {}): Running {
  const command = `${process.execPath} dist/cli/main.js ${words}`;
  return start('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    ROLLCALL_DIR: directory,
    TERM: 'xterm-256color',
    ...env,
  });
}
