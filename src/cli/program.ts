/** The commands, their options, and what they exit with. */

import { resolve } from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { isRollcallError } from '../core/errors.js';
import type { Status } from '../core/instance.js';
import type { Query } from '../core/query.js';
import { longestTimeout } from '../registry/options.js';
import { Registry } from '../registry/registry.js';
import { parseDuration } from './duration.js';
import { exitCodes, Failure } from './failure.js';
import { packageVersion } from './package-version.js';
import type { Terminal } from './terminal.js';

/** Options that choose instances, as the command line takes them. */
interface Filters {
  readonly kind?: string;
  readonly tag?: string[];
  readonly capability?: string[];
  readonly status?: Status;
  readonly cwd?: string;
}

/** Runs one command and resolves with its exit code. Nothing is thrown: what went wrong is said on stderr. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode: number = exitCodes.ok;
  // Commands are imported when they are run: each pays for what it needs.
  const inRegistry = async (act: (registry: Registry) => Promise<number | undefined>) => {
    const registry = new Registry({ onError: (error) => terminal.say(messageOf(error)) });
    try {
      exitCode = (await act(registry)) ?? exitCodes.ok;
    } finally {
      await registry.close();
    }
  };

  const program = new Command('rollcall')
    .description('Which servers are running on this machine, and how do I reach the right one?')
    .version(packageVersion())
    .enablePositionalOptions()
    .helpCommand('help [command]', 'say what a command does')
    .showHelpAfterError('(rollcall --help shows what there is)')
    .configureOutput({
      writeOut: (text) => terminal.line(text.trimEnd()),
      writeErr: (text) => terminal.say(text.trimEnd()),
    })
    .exitOverride();

  const command = (usage: string, description: string) =>
    program.command(usage).description(description).copyInheritedSettings(program);

  const list = async (name: string | undefined, options: Filters & { json?: boolean; all?: boolean }) =>
    inRegistry(async (registry) => {
      const { list } = await import('./commands/list.js');
      return list(registry, terminal, toQuery(name, options), options);
    });
  withFilters(command('list [name]', 'list what runs; [name] may hold a *'))
    .option('--json', 'print one JSON array')
    .option('-a, --all', 'stale, dead and illegible entries too, with the reason')
    .action(list);
  withFilters(program)
    .option('--json', 'print one JSON array')
    .option('-a, --all', 'stale, dead and illegible entries too, with the reason')
    .argument('[command]')
    .action(async (word: string | undefined, options) => {
      if (word !== undefined) program.error(`error: unknown command '${word}'`);
      await list(undefined, options);
    });

  withFilters(command('watch [name]', 'show what runs, as it comes and goes'))
    .option('--json', 'print one JSON object a line for each change')
    .action(async (name: string | undefined, options: Filters & { json?: boolean }) =>
      inRegistry(async (registry) => {
        const { watch } = await import('./commands/watch.js');
        return watch(registry, terminal, toQuery(name, options), options);
      }),
    );

  command('get <name|id>', 'show all about one instance')
    .option('--json', 'print the entry as JSON')
    .action(async (word: string, options: { json?: boolean }) =>
      inRegistry(async (registry) => {
        const { get } = await import('./commands/get.js');
        return get(registry, terminal, word, options);
      }),
    );

  command('url <name|id>', 'print just the URL: curl $(rollcall url api)')
    .option('--type <type>', 'of the endpoint of this type')
    .action(async (word: string, options: { type?: string }) =>
      inRegistry(async (registry) => {
        const { url } = await import('./commands/url.js');
        return url(registry, terminal, word, options);
      }),
    );

  command('wait <name>', 'wait until an instance is ready, and print its URL')
    .addOption(
      new Option('--timeout <duration>', 'give up after this long (500ms, 30s, 2m; a bare number is seconds)')
        .argParser(duration)
        .default(30_000, '30s'),
    )
    .action(async (name: string, options: { timeout: number }) =>
      inRegistry(async (registry) => {
        const { wait } = await import('./commands/wait.js');
        return wait(registry, terminal, name, options);
      }),
    );

  command('why <name>', 'say which instance would be picked, and why not the others')
    .option('--kind <kind>', 'only of this kind')
    .option('--tag <tag>', 'only with this tag (may be repeated)', collect)
    .option('--capability <capability>', 'only with this capability, such as "weather.*" (may be repeated)', collect)
    .option('--cwd <folder>', 'the one nearest to this folder')
    .option('--json', 'print one JSON array')
    .action(async (name: string, { cwd, json, ...filters }: Filters & { json?: boolean }) =>
      inRegistry(async (registry) => {
        const { why } = await import('./commands/why.js');
        return why(registry, terminal, toQuery(name, filters), { cwd, json });
      }),
    );

  command('ensure <name> <command...>', 'print the URL of an instance; start the program if there is none')
    .option('--cwd <folder>', 'where to start it; and only an instance near to this folder will do')
    .addOption(new Option('--timeout <duration>', 'give up after this long').argParser(duration).default(30_000, '30s'))
    .addHelpText('after', '\nExample:\n  curl $(rollcall ensure api -- node server.js)')
    .action(async (name: string, words: string[], options: { cwd?: string; timeout: number }) =>
      inRegistry(async (registry) => {
        const { ensure } = await import('./commands/ensure.js');
        return ensure(registry, terminal, name, words, options);
      }),
    );

  command('stop <name|id>', 'end an instance: by SIGTERM, and by SIGKILL if that is not enough')
    .addOption(new Option('--grace <duration>', 'between the two').argParser(duration).default(5_000, '5s'))
    .action(async (word: string, options: { grace: number }) =>
      inRegistry(async (registry) => {
        const { stop } = await import('./commands/stop.js');
        return stop(registry, terminal, word, options);
      }),
    );

  command('prune', 'remove entries whose process is provably gone')
    .option('-n, --dry-run', 'only say what would be removed')
    .option('--json', 'print one JSON array of what was removed')
    .action(async (options: { dryRun?: boolean; json?: boolean }) =>
      inRegistry(async (registry) => {
        const { prune } = await import('./commands/prune.js');
        return prune(registry, terminal, options);
      }),
    );

  command('doctor', 'say where the registry is, and whether all is well with it')
    .option('--json', 'print one JSON object')
    .action(async (options: { json?: boolean }) =>
      inRegistry(async (registry) => {
        const { doctor } = await import('./commands/doctor.js');
        return doctor(registry, terminal, options);
      }),
    );

  command('run <command...>', 'run a program and register it for as long as it runs')
    .passThroughOptions()
    .requiredOption('--name <name>', 'the name to register it under')
    .requiredOption('--url <url>', 'where it listens; {port} is a free port, also given to it as PORT')
    .option('--type <type>', 'type of the endpoint', 'http')
    .option('--kind <kind>', 'kind of the instance')
    .option('--title <title>', 'a title for people')
    .option('--tag <tag>', 'a tag (may be repeated)', collect)
    .option('--capability <capability>', 'a capability (may be repeated)', collect)
    .addHelpText('after', '\nExample:\n  rollcall run --name api --url http://127.0.0.1:{port} -- npm start')
    .action(async (words: string[], options) =>
      inRegistry(async (registry) => {
        const { runProgram } = await import('./commands/run.js');
        return runProgram(registry, terminal, words, options);
      }),
    );

  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has said what is wrong already; help and version end here as well, with 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    terminal.say(`rollcall: ${messageOf(error)}`);
    if (error instanceof Failure) return error.exitCode;
    if (isRollcallError(error, 'ROLLCALL_TIMEOUT')) return exitCodes.timeout;
    return exitCodes.failed;
  }
}

function withFilters(command: Command): Command {
  return command
    .option('--kind <kind>', 'only of this kind')
    .option('--tag <tag>', 'only with this tag (may be repeated)', collect)
    .option('--capability <capability>', 'only with this capability, such as "weather.*" (may be repeated)', collect)
    .addOption(
      new Option('--status <status>', 'only in this status').choices(['starting', 'ready', 'draining', 'stopping']),
    )
    .option('--cwd <folder>', 'only those that work in this folder');
}

function toQuery(name: string | undefined, { kind, tag, capability, status, cwd }: Filters): Query {
  return {
    ...(name !== undefined && { name }),
    ...(kind !== undefined && { kind }),
    ...(tag !== undefined && { tags: tag }),
    ...(capability !== undefined && { capabilities: capability }),
    ...(status !== undefined && { status }),
    ...(cwd !== undefined && { cwd: resolve(cwd) }),
  };
}

function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('A duration is a number with ms, s, m or h: 30s.');
  if (ms > longestTimeout) throw new InvalidArgumentError('The longest is 24 days (576h).');
  return ms;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
