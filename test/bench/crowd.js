/** Many processes, cheaply: entries need living (or dead) processes to be judged by. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * To whoever looks at their pids they are like any other process. The shell ends them as soon as its stdin ends, and
 * so also when the bench was killed; it waits for them, so that no zombie is left of them.
 */
const script = `
i=0
while [ $i -lt "$1" ]; do sleep 86400 & pids="$pids $!"; echo $!; i=$((i + 1)); done
cat > /dev/null
kill -9 $pids
wait
`;

export class Crowd {
  #shell;
  /** @type {readonly number[]} */
  pids = [];

  /** @param {number} count */
  static async start(count) {
    // In a group of its own: Ctrl-C would end the shell and not its children.
    const shell = spawn('sh', ['-c', script, 'crowd', String(count)], {
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    });
    const crowd = new Crowd(shell);
    const pids = [];
    for await (const line of createInterface({ input: shell.stdout })) {
      if (pids.push(Number(line)) === count) break;
    }
    crowd.pids = pids;
    return crowd;
  }

  /** @param {import('node:child_process').ChildProcessByStdio<import('node:stream').Writable, import('node:stream').Readable, null>} shell */
  constructor(shell) {
    this.#shell = shell;
  }

  /** Ends them all; resolves when not even a zombie is left. */
  async end() {
    const ended = once(this.#shell, 'exit');
    this.#shell.stdin.end();
    await ended;
  }
}
