/** The commands, their options, and what they exit with. */

import { Command, CommanderError, Option } from 'commander';
import { isRollcallError } from '../core/errors.js';
import { callTimeout, exposures } from '../hub/settings.js';
import { type Host, hosts } from '../mcp/host.js';
import { Registry } from '../registry/registry.js';
import { duration, port } from './arguments.js';
import type { HubCommandOptions } from './commands/hub.js';
import { exitCodes, Failure } from './failure.js';
import { collect, type Filters, toQuery, withFilters } from './filters.js';
import { addHealthCommands } from './health-commands.js';
import { packageVersion } from './package-version.js';
import type { Terminal } from './terminal.js';

/** What `rollcall hub` takes beside. */
interface HubOptions {
  readonly name?: string[];
  readonly printConfig?: Host;
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
    .argument('[command...]')
    .action(async ([word]: string[], options) => {
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

  addHealthCommands({ command, inRegistry, terminal });

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

  withFilters(command('export [name]', 'print the live MCP servers as configuration for an MCP host'))
    .addOption(new Option('--client <host>', 'the host that is to read it').choices(hosts).makeOptionMandatory())
    .option('--secrets', 'the values of secret headers, too')
    .action(async (name: string | undefined, options: Filters & { client: Host; secrets?: boolean }) =>
      inRegistry(async (registry) => {
        const { exportServers } = await import('./commands/export.js');
        return exportServers(registry, terminal, toQuery(name, options), options);
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

  withFilters(command('hub [name]', 'an MCP server in front of all that run, for an MCP host; [name] may hold a *'))
    .option('--name <name>', 'the same as [name] (may be repeated)', collect)
    .addOption(
      new Option('--expose <tools>', "the tools of instances (direct), only the hub's own (meta), or what fits (auto)")
        .choices([...exposures])
        .default('auto'),
    )
    .addOption(
      new Option('--http [port]', 'over HTTP instead of stdio, with a token, on this machine alone').argParser(port),
    )
    .addOption(
      new Option('--timeout <duration>', 'of a call that shows no progress')
        .argParser(duration)
        .default(callTimeout, '5m'),
    )
    .option('--health', 'check how well instances are; who is critical is not listed, and gets no calls')
    .option('--merge', 'one set of tools for all instances of one name, whatever their folder; calls are balanced')
    .addOption(
      new Option('--print-config <host>', 'print what makes a host start it, and end')
        .choices([...hosts])
        .conflicts('http'),
    )
    .action(async (name: string | undefined, options: Filters & HubCommandOptions & HubOptions) => {
      const names = [...(name === undefined ? [] : [name]), ...(options.name ?? [])];
      const query = { ...toQuery(undefined, options), ...(names.length > 0 && { name: names }) };
      if (options.printConfig !== undefined) {
        const { printConfig } = await import('./commands/hub-config.js');
        return printConfig(terminal, options.printConfig, query, options);
      }
      return inRegistry(async (registry) => {
        const { hub } = await import('./commands/hub.js');
        return hub(registry, terminal, query, options);
      });
    });

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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
