/** A program in another process, which does as it is told. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What hangs is a bug of the bench, in ms: 10,000 entries are written in some seconds. */
const patience = 120_000;

/** @typedef {{ args?: string[], env?: NodeJS.ProcessEnv, execArgv?: string[] }} Options */

export class Program {
  #child;
  #asked = 0;
  /** @type {Map<number, { resolve: (reply: any) => void, reject: (error: Error) => void }>} */
  #waiting = new Map();
  /** @type {(event: any) => void} */
  #listener = () => {};

  /**
   * @param {string} file One of programs/.
   * @param {Options} [options]
   */
  constructor(file, { args = [], env = {}, execArgv = [] } = {}) {
    const path = fileURLToPath(new URL(`programs/${file}`, import.meta.url));
    this.#child = fork(path, args, { env: { ...process.env, ...env }, execArgv });
    this.#child.on('message', (/** @type {any} */ { id, reply, error, event }) => {
      if (event !== undefined) return this.#listener(event);
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(reply);
      else waiting?.reject(new Error(`${file} ${args.join(' ')}: ${error}`));
    });
    this.ended = once(this.#child, 'exit').then(([code, signal]) => {
      const error = new Error(`${file} ${args.join(' ')} ended with ${code ?? signal}`);
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    });
  }

  get pid() {
    return this.#child.pid ?? -1;
  }

  /**
   * Resolves with what the act gives.
   *
   * @param {string} act
   * @param {unknown} [input]
   * @returns {Promise<any>}
   */
  ask(act, input) {
    const id = ++this.#asked;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`No answer to ${act} in ${patience} ms`)), patience);
      const settle = (/** @type {(value: any) => void} */ how) => (/** @type {any} */ value) => {
        clearTimeout(timer);
        how(value);
      };
      this.#waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
      this.#child.send({ id, act, input });
    });
  }

  /** Hears what the program tells unasked. @param {(event: any) => void} listener */
  hear(listener) {
    this.#listener = listener;
  }

  /** SIGKILL: it gets no chance to clean up. */
  kill() {
    this.#child.kill('SIGKILL');
    return this.ended;
  }
}
