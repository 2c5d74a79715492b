/** Where the command line writes: data to stdout, messages to stderr, and nothing else anywhere. */

import { writeSync } from 'node:fs';
import { styleText } from 'node:util';
import { printable, printableJson } from '../core/printable.js';
import { exitCodes } from './failure.js';

type Style = Parameters<typeof styleText>[0];

export class Terminal {
  readonly #out: NodeJS.WriteStream;
  readonly #err: NodeJS.WriteStream;

  constructor(out: NodeJS.WriteStream, err: NodeJS.WriteStream) {
    this.#out = out;
    this.#err = err;
    for (const stream of [out, err]) {
      stream.on('error', (error: NodeJS.ErrnoException) => {
        // `| head` has read enough: that is its good right, and no failure of ours.
        if (error.code === 'EPIPE') process.exit();
        // Written past the stream, which may be the one that is broken.
        try {
          writeSync(2, `rollcall: cannot write the output (${error.code ?? error.message}).\n`);
        } catch {
          // That one it is. The exit code is all that is left to say it with.
        }
        process.exit(exitCodes.failed);
      });
    }
  }

  /** Whether a person is looking. */
  get isInteractive(): boolean {
    return this.#out.isTTY === true;
  }

  /** How many characters fit on a line; without a limit where nobody is looking. */
  get columns(): number {
    return this.isInteractive ? this.#out.columns || 80 : Number.POSITIVE_INFINITY;
  }

  /** One line of data. What came from an entry must have gone through `printable` before. */
  line(text = ''): void {
    this.#out.write(`${text}\n`);
  }

  /** Data as JSON: indented for a person, one line for a program. */
  json(value: unknown): void {
    this.line(printableJson(value, this.isInteractive ? 2 : undefined));
  }

  /** A message, for people. Made printable here, line by line. */
  say(text: string): void {
    this.#err.write(`${text.split('\n').map(printable).join('\n')}\n`);
  }

  /** Clears the screen, for a table that is drawn anew. */
  clear(): void {
    this.#out.write('\u001b[H\u001b[J');
  }

  /** Colour, on a terminal that has it and whose owner wants it (NO_COLOR). */
  style(style: Style, text: string): string {
    const hasColor = this.isInteractive && this.#out.hasColors() && !process.env.NO_COLOR;
    return hasColor ? styleText(style, text, { validateStream: false }) : text;
  }
}
