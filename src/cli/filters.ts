/** Options that choose instances, and the query they make. */

import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { Status } from '../core/instance.js';
import type { Query } from '../core/query.js';

/** As the command line takes them. */
export interface Filters {
  readonly kind?: string;
  readonly tag?: string[];
  readonly capability?: string[];
  readonly status?: Status;
  readonly cwd?: string;
}

export function withFilters(command: Command): Command {
  return command
    .option('--kind <kind>', 'only of this kind')
    .option('--tag <tag>', 'only with this tag (may be repeated)', collect)
    .option('--capability <capability>', 'only with this capability, such as "weather.*" (may be repeated)', collect)
    .addOption(
      new Option('--status <status>', 'only in this status').choices(['starting', 'ready', 'draining', 'stopping']),
    )
    .option('--cwd <folder>', 'only those that work in this folder');
}

export function toQuery(name: string | undefined, { kind, tag, capability, status, cwd }: Filters): Query {
  return {
    ...(name !== undefined && { name }),
    ...(kind !== undefined && { kind }),
    ...(tag !== undefined && { tags: tag }),
    ...(capability !== undefined && { capabilities: capability }),
    ...(status !== undefined && { status }),
    ...(cwd !== undefined && { cwd: resolve(cwd) }),
  };
}

/** Of an option that may be repeated. */
export function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}
