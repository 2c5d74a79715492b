/** What some tests need and not every machine has. */

import { spawnSync } from 'node:child_process';
import type { TestContext } from 'vitest';

/** Skips the running test, saying why, unless it runs as root and the commands are there. */
export function needsRoot(context: TestContext, ...commands: string[]): void {
  if (process.getuid?.() !== 0) context.skip('needs root');
  for (const command of commands) {
    const { status } = spawnSync('sh', ['-c', `command -v ${command}`]);
    if (status !== 0) context.skip(`needs the command ${command}`);
  }
}
