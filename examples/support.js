// @ts-check
/** What the stories share: a registry that is nobody's, and programs that do not outlive the story. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** In ms. A story that waits for what does not come has failed, too. */
const longestStory = 60_000;

/** @type {(() => void)[]} */
const endings = [];

/**
 * Begins a story: gives the folder of its registry, which what it starts inherits. It is ROLLCALL_DIR if that is set,
 * else (or if `isNew`) a new folder that is removed in the end.
 */
export function useRegistry({ isNew = false } = {}) {
  process.once('exit', () => {
    for (const end of endings.reverse()) end();
  });
  // Ctrl-C ends it as a failure does, so that all is cleaned up.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  setTimeout(() => {
    console.error(`The story did not end within ${longestStory} ms.`);
    process.exit(1);
  }, longestStory).unref();

  const given = process.env.ROLLCALL_DIR;
  if (given && !isNew) return given;
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-'));
  endings.push(() => rmSync(folder, { recursive: true, force: true }));
  process.env.ROLLCALL_DIR = folder;
  return folder;
}

/**
 * Starts a program of this folder, which can be sent messages. It is killed when the story ends, and the story fails
 * if it does.
 *
 * @param {string} script
 * @param {readonly string[]} [args]
 * @param {'inherit' | 'pipe'} [output] where what it writes goes
 */
export function start(script, args = [], output = 'inherit') {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = fork(path, args, { stdio: ['ignore', output, output, 'ipc'] });
  endings.push(() => child.kill('SIGKILL'));
  child.on('exit', (code) => {
    if (!code) return;
    console.error(`${script} ended with ${code}.`);
    process.exit(1);
  });
  return child;
}

/**
 * How a program ended: its exit code, or the signal that ended it.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<number | NodeJS.Signals | null>}
 */
export async function ending(child) {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.signalCode ?? child.exitCode;
}
