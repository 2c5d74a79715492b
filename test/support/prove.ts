/** Attacks on the promises of docs/guarantees.md: each one a test that carries the promise's number. */

import { spawnSync } from 'node:child_process';
import { type TestContext, test } from 'vitest';
import { isFullTier } from './tier.js';

export { isFullTier };

/** What an attack may need beyond Node: root, Linux, or a command of this name. */
export type Need = 'root' | 'linux' | (string & {});

interface Terms {
  /**
   * `full`: too long, or too rough on the machine, for `npm test`; it runs with `npm run prove`. `longer`: it runs in both,
   * and what it looks for shows only in the long run.
   */
  readonly tier?: 'full' | 'longer';
  readonly needs?: readonly Need[];
  /** How long it may take, in ms; 30,000 unless given, ten times as long at full tier. */
  readonly timeout?: number;
}

/** Share of the full counts, for where time is short: 1 unless ROLLCALL_PROVE_SHARE says less. */
const share = Number(process.env.ROLLCALL_PROVE_SHARE ?? 1);

/** Whether there is time for what cannot be repeated less, but only left out: all combinations of something, say. */
export const isWhole = isFullTier && share >= 0.5;

/** Whether what `npm test` has run is left out. */
const isRestOnly = process.env.ROLLCALL_PROVE_REST === 'yes';

/** How often to do it: `full` times at full tier (or that share of it, but never fewer than `quick`), else `quick`. */
export function times({ full, quick }: { readonly full: number; readonly quick: number }): number {
  return isFullTier ? Math.max(quick, Math.ceil(full * share)) : quick;
}

/**
 * One attack on the promise `id`. It holds if `attack` does not throw. Where it cannot run it is skipped, and says why.
 */
export function prove(
  id: `G${number}`,
  title: string,
  attack: (context: TestContext) => void | Promise<void>,
  { tier, needs = [], timeout = 30_000 }: Terms = {},
): void {
  if (tier === 'full' && !isFullTier) return;
  if (tier === undefined && isRestOnly) return;
  test(`${id} ${title}`, { timeout: isFullTier ? timeout * 10 : timeout }, async (context) => {
    for (const need of needs) {
      const missing = whatIsMissing(need);
      if (missing !== undefined) context.skip(missing);
    }
    await attack(context);
  });
}

function whatIsMissing(need: Need): string | undefined {
  if (need === 'root') return process.getuid?.() === 0 ? undefined : 'needs root';
  if (need === 'linux') return process.platform === 'linux' ? undefined : 'needs Linux';
  const { status } = spawnSync('sh', ['-c', `command -v ${need}`]);
  return status === 0 ? undefined : `needs the command ${need}`;
}
