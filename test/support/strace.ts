/** System calls of a running program: told one by one, and made to fail or to be its last. */

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './eventually.js';
import { tempFolder } from './temp.js';

/** The `nth` call of this name since strace attached; `text` is how strace shows it. */
export interface SystemCall {
  readonly name: string;
  readonly nth: number;
  readonly text: string;
}

/**
 * The system calls that the program's main thread makes on files while `act` runs: all that it does with node:fs
 * synchronously. Files are shown by their paths.
 */
export async function systemCalls(pid: number, act: () => Promise<unknown>): Promise<SystemCall[]> {
  const seen: SystemCall[] = [];
  const counts = new Map<string, number>();
  for (const text of await trace(pid, ['-e', 'trace=%file,%desc'], act)) {
    const name = /^(\w+)\(/.exec(text)?.[1];
    if (name === undefined) continue;
    const nth = (counts.get(name) ?? 0) + 1;
    counts.set(name, nth);
    seen.push({ name, nth, text });
  }
  return seen;
}

/**
 * Lets the program meet a fault (`error=ENOSPC`, `signal=KILL`) at that call while `act` runs: an error stands for
 * the call, which is then not made; a signal comes before it. `act` may look at what strace has written so far.
 * Resolves with the call it was met at, if it was.
 */
export async function withFault(
  pid: number,
  { name, nth }: SystemCall,
  fault: string,
  act: (output: () => string) => Promise<unknown>,
): Promise<string | undefined> {
  const lines = await trace(pid, ['-e', `trace=${name}`, '-e', `inject=${name}:${fault}:when=${nth}`], act);
  if (fault.startsWith('error=')) return lines.find((line) => line.includes('(INJECTED)'));
  return lines.filter((line) => line.startsWith(`${name}(`))[nth - 1];
}

async function trace(
  pid: number,
  args: readonly string[],
  act: (output: () => string) => Promise<unknown>,
): Promise<string[]> {
  const output = join(tempFolder(), 'strace');
  const child = spawn('strace', ['-p', `${pid}`, '-y', '-s', '0', '-o', output, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve());
  });
  ended.catch(() => {});
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  try {
    await eventually('strace has attached', () => {
      if (child.exitCode !== null) throw new Error(errors);
      return errors.includes('attached');
    });
    await act(() => readFileSync(output, 'utf8'));
  } finally {
    // It lets go of the program, which goes on.
    child.kill('SIGINT');
    await ended;
  }
  return readFileSync(output, 'utf8').split('\n');
}
