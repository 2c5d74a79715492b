#!/usr/bin/env node
/** The `rollcall` command. */

import { run } from './program.js';
import { Terminal } from './terminal.js';

// Set rather than exit: what was written to a pipe is flushed first.
process.exitCode = await run(process.argv.slice(2), new Terminal(process.stdout, process.stderr));
