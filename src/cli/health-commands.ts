/** The commands about health. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Registry } from '../registry/registry.js';
import { duration } from './arguments.js';
import type { HealthOptions } from './commands/health.js';
import { type Filters, toQuery, withFilters } from './filters.js';
import type { Terminal } from './terminal.js';

/** What commands are made of. */
interface Kit {
  command(usage: string, description: string): Command;
  inRegistry(act: (registry: Registry) => Promise<number | undefined>): Promise<void>;
  readonly terminal: Terminal;
}

/** A duration that lasts. */
function someTime(given: string): number {
  const ms = duration(given);
  if (ms < 1) throw new InvalidArgumentError('It must be 1ms at least.');
  return ms;
}

export function addHealthCommands({ command, inRegistry, terminal }: Kit): void {
  const span = (flags: string, description: string, usual: number, shown: string) =>
    new Option(flags, description).argParser(someTime).default(usual, shown);

  withFilters(command('health [name]', 'say how well what runs is; exits with 3 if something is critical'))
    .option('-w, --watch', 'keep it on the screen, or print a line for each change')
    .option('--json', 'print one JSON array; with --watch one JSON object a line')
    .addOption(span('--interval <duration>', 'between two rounds, with --watch', 10_000, '10s'))
    .addOption(span('--timeout <duration>', 'for each check', 2_000, '2s'))
    .action(async (name: string | undefined, options: Filters & HealthOptions) =>
      inRegistry(async (registry) => {
        const { health } = await import('./commands/health.js');
        return health(registry, terminal, toQuery(name, options), options);
      }),
    );

  command('ping <name|id>', 'ask one instance whether it is well, and say how long that took')
    .option('--json', 'print one JSON object')
    .addOption(span('--timeout <duration>', 'for each check', 2_000, '2s'))
    .action(async (word: string, options: { timeout: number; json?: boolean }) =>
      inRegistry(async (registry) => {
        const { ping } = await import('./commands/ping.js');
        return ping(registry, terminal, word, options);
      }),
    );
}
