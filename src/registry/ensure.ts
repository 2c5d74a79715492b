/** An instance that is there, or else is started: once, however many ask for it. */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { invalid, isRollcallError } from '../core/errors.js';
import { createId } from '../core/id.js';
import type { Instance } from '../core/instance.js';
import type { Query } from '../core/query.js';
import { identifyOther } from '../process/identity.js';
import { onLastAct } from '../process/last-act.js';
import { type Launched, launch, signalAll } from '../process/launch.js';
import { type LogFile, openLog } from '../process/log-file.js';
import { randomBytes } from '../process/random.js';
import { prepareLogs, resolveDirectory } from '../store/file/directory.js';
import { FileStore } from '../store/file/file-store.js';
import type { Claim } from './claim.js';
import type { Claims } from './claims.js';
import { failTogether, failure, printableTail, tellOverdue, tellStarter } from './ensure-failure.js';
import { checkEnsure } from './ensure-options.js';
import type { EnsureOptions, PickOptions, WaitOptions } from './options.js';
import { endOverdue, isOverdue } from './overdue.js';
import type { Sighting } from './sighting.js';
import type { World } from './world.js';

/** How long until an instance must be there, in ms. */
const defaultTimeout = 30_000;

/** Between SIGTERM and SIGKILL for what did not register in time, in ms. */
const grace = 2_000;

/** What ensuring needs of a registry. */
interface Source extends World {
  pick(query: Query | undefined, options: PickOptions): Promise<Instance | undefined>;
  waitFor(query: Query | undefined, options: WaitOptions): Promise<Instance>;
  inspect(): Promise<Sighting[]>;
}

/**
 * See `Registry.ensure`. All who ask wait for two things: an instance, or to be the one who starts it. That is a claim,
 * and it passes to the started program itself, so that a starter that is killed leaves no second start behind.
 */
export async function ensure(
  registry: Source,
  claims: Claims,
  query: Query | undefined,
  options: EnsureOptions,
): Promise<Instance> {
  checkEnsure(options);
  if (registry.probe.isSimulated === true && options.command !== undefined) {
    const message = 'starts no program from a simulated process; give `start`, and have it start another instance';
    throw invalid('The options of ensure', [{ path: 'command', message }]);
  }
  const { signal, cwd } = options;
  const choosing = choosingOf(options);
  const found = await registry.pick(query, { ...choosing, signal });
  if (found !== undefined) return found;

  const key = await keyOf(registry, query, cwd);
  const began = registry.clock.monotonic();
  const timeout = options.timeout ?? defaultTimeout;
  const left = () => Math.ceil(Math.max(0, timeout - (registry.clock.monotonic() - began)));
  const shareFailure = failTogether(options.command);
  let newest: Instance | undefined;
  let ending: Promise<void> | undefined;
  const isDone = new AbortController();
  const until = signal === undefined ? isDone.signal : AbortSignal.any([signal, isDone.signal]);
  const appearing = registry.waitFor(query, { ...choosing, timeout, signal: until });
  const claiming = claims.claim(key, {
    wait: true,
    signal: until,
    onLook: (record) => {
      newest = record?.instance;
      shareFailure(record);
      if (!isOverdue(newest, registry) || ending !== undefined) return;
      ending = endOverdue(newest, registry)
        .catch((error) => registry.report(error))
        .finally(() => {
          ending = undefined;
        });
    },
  });
  // Whoever comes second is told to stop, and what it says then is of no interest.
  appearing.catch(() => {});
  claiming.catch(() => {});
  try {
    const first = await Promise.race([appearing, claiming]);
    if (!('token' in first)) return first;
    const now = await registry.pick(query, { ...choosing, signal });
    return now ?? (await start(registry, first, query, options, left));
  } catch (error) {
    throw isRollcallError(error, 'ROLLCALL_TIMEOUT') && error.cause === undefined ? tellStarter(error, newest) : error;
  } finally {
    isDone.abort();
    // Also if it has become ours in this very moment.
    const claim = await claiming.catch(() => undefined);
    // What was found, or went wrong, is what the caller is told of.
    await claim?.release().catch((error) => registry.report(error));
  }
}

/** Where it is to be started is where it is to be near to, unless a strategy is named that does not care. */
function choosingOf({ cwd, strategy }: EnsureOptions): PickOptions {
  return typeof strategy === 'string' && strategy !== 'nearest' ? { strategy } : { cwd, strategy };
}

/** Starts it, and waits until it is there. */
async function start(
  registry: Source,
  claim: Claim,
  query: Query | undefined,
  options: EnsureOptions,
  left: () => number,
): Promise<Instance> {
  const { signal, command } = options;
  const failed = new AbortController();
  const appearing = (timeout: number) => {
    const until = AbortSignal.any([failed.signal, claim.signal, ...(signal === undefined ? [] : [signal])]);
    return registry.waitFor(query, { ...choosingOf(options), timeout, signal: until });
  };
  if (command === undefined) return startByItself(options, failed, () => appearing(left()));

  const log = await openLogOf(registry, query);
  let program: Launched;
  try {
    program = await launchLogged(command, options, log);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const isFolderMissing = code === 'ENOENT' && options.cwd !== undefined && !existsSync(options.cwd);
    const why = isFolderMissing ? `the folder ${options.cwd} does not exist` : String(code ?? cause);
    const error = failure({ command, log: log.path }, why, cause);
    await claim.releaseWith({ failure: error.details });
    throw error;
  } finally {
    log.close();
  }
  // Ours to end, until it is there or is to outlive us.
  const forget = onLastAct(() => signalAll(program.pid, 'SIGTERM'));
  // Its pid may be another's soon.
  void program.ended.then(forget);
  try {
    const isPassed = await claim.passTo(identifyOther(program.pid), {
      log: log.path,
      until: registry.clock.now() + left(),
    });
    if (!isPassed) throw (await claim.lost) as Error;
    program.go();
    void program.ended.then((ending) => {
      const details = { command, ...ending, log: log.path, tail: printableTail(log.path) };
      const how = ending.signal === null ? `exit code ${ending.code}` : `signal ${ending.signal}`;
      failed.abort(failure(details, how));
    });
    const instance = await appearing(left());
    if (options.outlive === true) forget();
    return instance;
  } catch (error) {
    forget();
    await program.stop(grace);
    if (isRollcallError(error, 'ROLLCALL_FAILED')) await claim.releaseWith({ failure: error.details });
    if (!isRollcallError(error, 'ROLLCALL_TIMEOUT')) throw error;
    const { timeout = defaultTimeout } = options;
    throw tellOverdue(error, {
      command,
      log: log.path,
      tail: printableTail(log.path),
      pid: program.pid,
      query,
      timeout,
    });
  }
}

/** By a function of the caller's. It may take as long as the server lives: only an instance, or an error, is waited for. */
async function startByItself(
  { start, signal }: EnsureOptions,
  failed: AbortController,
  appearing: () => Promise<Instance>,
): Promise<Instance> {
  const isOver = new AbortController();
  const until = signal === undefined ? isOver.signal : AbortSignal.any([signal, isOver.signal]);
  const starting = (async () => start?.({ signal: until }))();
  starting.catch((error) => failed.abort(error));
  try {
    return await appearing();
  } finally {
    isOver.abort();
  }
}

function launchLogged(command: string, { args = [], cwd, env }: EnsureOptions, { file }: LogFile): Promise<Launched> {
  const merged: NodeJS.ProcessEnv = { ...process.env, ...env };
  for (const key of Object.keys(merged)) if (merged[key] === undefined) delete merged[key];
  return launch({ command, args, cwd, env: merged, output: file });
}

/** Asks for one thing at one place share one claim. */
async function keyOf({ probe }: World, query: Query = {}, cwd: string | undefined): Promise<string> {
  const folder = cwd === undefined ? undefined : await probe.folder?.(cwd);
  const sorted = Object.entries(query).sort(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash('sha256')
    .update(JSON.stringify([sorted, folder?.paths.at(-1) ?? cwd]))
    .digest('hex');
  const name = typeof query.name === 'string' ? query.name : 'any';
  return `ensure ${name} ${hash}`;
}

async function openLogOf({ store, clock }: World, { name }: Query = {}): Promise<LogFile> {
  const directory = store instanceof FileStore ? await store.directory() : await resolveDirectory();
  const shown = (typeof name === 'string' ? name : 'any').replaceAll(/[^A-Za-z0-9._-]/g, '_');
  return openLog(await prepareLogs(directory), shown, clock.now(), createId('log', randomBytes(26)).slice(-8));
}
