/** G12: rollcall never ends your process, keeps it alive, or changes its exit code or signal. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { Registry } from '../../src/index.js';
import { eventually } from '../support/eventually.js';
import { root } from '../support/processes.js';
import { isWhole, prove } from '../support/prove.js';
import { idsIn, inPidNamespace } from '../support/servers.js';
import { tempFolder } from '../support/temp.js';

/** States that rollcall may be in. */
const moments = [
  ...['imported', 'made', 'deregistered', 'closed', 'watching'],
  ...['registered', 'updated', 'both', 'default', 'copies', 'registering', 'updating', 'deregistering'],
  ...['in a worker', 'looping', 'waiting'],
];
/** A loop over a watcher and `waitFor` keep the process alive, as a read does. */
const isKept = (moment: string) => moment === 'looping' || moment === 'waiting';

/** Ways that let it run dry. */
const quiet = ['end', 'code', 'starve', 'state', 'disconnect', 'worker-exit', 'worker-terminate', 'cluster'];
const abrupt = ['exit', 'throw', 'throw-at-once', 'reject', 'abort', 'worker-throw', 'pipe'];
const signals = [
  ...['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGUSR2', 'SIGALRM', 'SIGXCPU', 'SIGSYS', 'SIGABRT', 'SIGKILL'],
  ...['SIGPIPE', 'SIGXFSZ', 'SIGVTALRM', 'SIGPROF', 'SIGTRAP', 'SIGIO', 'SIGBUS', 'SIGFPE', 'SIGSEGV', 'SIGILL'],
  ...['SIGCHLD', 'SIGWINCH', 'SIGCONT'],
];
const listened = ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGUSR2'];
const handled = ['once-before', 'once-after', 'awaited', 'listener', 'deaf'];
const ways = [
  ...quiet,
  ...abrupt,
  ...signals.map((signal) => `signal ${signal}`),
  ...handled.flatMap((how) => listened.map((signal) => `${how} ${signal}`)),
];

/** On a machine with nothing else to do a moment is enough, in ms. */
const patience = 60_000;

interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
}

interface Terms {
  /** Whether it lives on after the signal. */
  readonly survives?: boolean | undefined;
  readonly copy?: string;
}

/** Runs it to its end. What is not known yet, whether it survives the signal, is found out by asking it afterwards. */
async function run(way: string, moment: string, { survives, copy = '' }: Terms = {}) {
  const directory = tempFolder();
  const child = spawn(process.execPath, ['--no-warnings', join(root, 'test/programs/ending.js'), way, moment], {
    // Where it may leave a core.
    cwd: tempFolder(),
    env: { ...process.env, ROLLCALL_DIR: directory, COPY: copy },
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const read = { out: '', err: '' };
  child.stdout?.on('data', (chunk) => {
    read.out += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    read.err += chunk;
  });
  child.stdin?.on('error', () => {});
  let ended: readonly [number | null, string | null] | undefined;
  // Not `close`: that does not come once the channel has been disconnected from here.
  const streams = [child.stdout, child.stderr].map((stream) => stream && once(stream, 'close'));
  child.on('exit', async (...how) => {
    await Promise.all(streams);
    ended = how;
  });
  const has = (word: string) =>
    eventually(`it says ${word} (${way}, ${moment})`, () => read.out.includes(word), patience);
  const [how, signal] = way.split(' ');
  let lives = false;
  if (signal !== undefined) {
    await has('ready');
    child.kill(signal as NodeJS.Signals);
    if (survives !== false) {
      child.stdin?.write('ping\n');
      await eventually(`it ends or lives (${way}, ${moment})`, () => ended ?? read.out.includes('pong'), patience);
      lives = ended === undefined;
      if (lives) child.stdin?.end();
    }
  } else if (how === 'disconnect') {
    await has('ready');
    child.disconnect();
  } else if (how === 'pipe') {
    await has('ready');
    child.stdout?.destroy();
    child.send('go');
  }
  if (signal === undefined) child.stdin?.end();
  const [code, by] = await eventually(`it ends (${way}, ${moment})`, () => ended, patience);
  // Where an error came by is of no interest, and another stream in between shows there.
  const err = read.err.replaceAll(/^ {4}at .*\n/gm, '');
  const ending: Ending = { code, signal: by, out: read.out, err };
  return { ending, directory, lives };
}

/** Does `act` for each, a few at a time. */
async function forEach<T>(all: readonly T[], act: (one: T) => Promise<void>): Promise<void> {
  const left = [...all];
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (let one = left.shift(); one !== undefined; one = left.shift()) await act(one);
    }),
  );
}

/** Another copy of the package, as two versions in one tree of dependencies are. */
function copyPackage(): string {
  const folder = tempFolder();
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return pathToFileURL(join(folder, 'dist/index.js')).href;
}

/** Ways after which no last act runs: the system ends it at once. What it leaves is found dead. */
const isSudden = (way: string) => way === 'abort' || (way.startsWith('signal ') && !/ SIG(HUP|INT|TERM)$/.test(way));

async function compare(way: string, some: readonly string[], copy: string): Promise<void> {
  // Only of a signal's default it is not known beforehand; and only there the system, not the program, decides.
  const known = way.startsWith('deaf ') ? true : way.startsWith('signal ') ? undefined : false;
  const bare = await run(way, 'bare', { survives: known, copy });
  const survives = bare.lives;
  for (const moment of some) {
    const isDry = quiet.includes(way) || bare.lives;
    if (isKept(moment) && isDry) continue;
    // What is left on `process` is another matter once something was registered.
    if (way === 'state' && !['imported', 'made'].includes(moment)) continue;
    const { ending, directory } = await run(way, moment, { survives, copy });
    expect({ way, moment, ...ending }).toEqual({ way, moment, ...bare.ending });
    const registry = new Registry({ directory });
    expect(await registry.discover(), `${way}, ${moment}`).toEqual([]);
    if (isSudden(way)) continue;
    // A worker is gone before the process ends, and with it what it would do then.
    if (moment !== 'in a worker') expect(idsIn(directory), `${way}, ${moment}`).toEqual([]);
  }
}

/** What the system alone does, and what the program decides, need not be tried at every moment. */
const crucial = ['registered', 'both', 'copies', 'registering', 'updating', 'deregistering', 'looping'];
const momentsFor = (way: string) => (isSudden(way) || / SIG(QUIT|USR2)$/.test(way) ? crucial : moments);

prove(
  'G12',
  'a program ends with the same code, signal and output, with rollcall and without, and leaves nobody alive',
  async () => {
    const copy = copyPackage();
    const few = ['end', 'code', 'starve', 'exit', 'throw', 'signal SIGINT', 'signal SIGTERM', 'once-before SIGTERM'];
    await forEach(isWhole ? ways : few, (way) =>
      compare(way, isWhole ? momentsFor(way) : ['registered', 'both'], copy),
    );
  },
  { needs: ['linux'], timeout: 60_000 },
);

prove('G12', 'importing leaves no listener and no handle', async () => {
  await compare('state', moments, '');
});

prove('G12', 'nothing but awaiting keeps it alive, and that does', async () => {
  for (const moment of moments) {
    if (!isKept(moment)) continue;
    const { ending } = await run('signal SIGTERM', moment, { survives: false });
    expect(ending).toMatchObject({ code: null, signal: 'SIGTERM' });
  }
});

prove(
  'G12',
  'as the first process of a container it survives what it would survive without rollcall, and its entry comes back',
  async () => {
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGUSR2', 'SIGQUIT'] as const) {
      for (const moment of ['bare', 'registered', 'updated', 'both', 'default', 'copies']) {
        const directory = tempFolder();
        const [command = '', ...args] = [...inPidNamespace, process.execPath];
        const child = spawn(command, [...args, join(root, 'test/programs/ending.js'), `signal ${signal}`, moment], {
          env: {
            ...process.env,
            ROLLCALL_DIR: directory,
            TTL: '1000',
            COPY: pathToFileURL(join(root, 'dist/index.js')).href,
          },
          stdio: ['pipe', 'pipe', 'inherit'],
        });
        onTestFinished(() => void child.kill('SIGKILL'));
        let out = '';
        child.stdout.on('data', (chunk) => {
          out += chunk;
        });
        await eventually('it is ready', () => out.includes('ready'), patience);
        const inner = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'latin1').trim());
        const before = moment === 'bare' ? [] : idsIn(directory);
        for (let again = 1; again <= 3; again++) {
          process.kill(inner, signal);
          child.stdin.write('ping\n');
          await eventually(`it lives (${moment}, ${signal})`, () => out.split('pong').length > again);
          if (moment !== 'bare') {
            await eventually(
              `its entry is there (${moment}, ${signal})`,
              () => idsIn(directory).join() === before.join(),
            );
          }
        }
        const ended = once(child, 'close');
        child.stdin.end();
        expect(await ended, `${moment}, ${signal}`).toEqual([0, null]);
        if (moment !== 'bare') expect(idsIn(directory)).toEqual([]);
      }
    }
  },
  { tier: 'full', needs: ['root', 'linux', 'unshare'] },
);
