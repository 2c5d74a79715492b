/** `rollcall run`: registers a program that knows nothing of rollcall. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { namePattern } from '../../core/id.js';
import type { Registration } from '../../registry/registration.js';
import type { Registry } from '../../registry/registry.js';
import { exitCodes, Failure } from '../failure.js';
import type { Terminal } from '../terminal.js';

interface RunOptions {
  readonly name: string;
  readonly url: string;
  readonly type: string;
  readonly kind?: string;
  readonly title?: string;
  readonly tag?: string[];
  readonly capability?: string[];
}

/** After this long without anyone listening it is said so, in ms. */
const patience = 10_000;

/** Between two attempts to connect while the program starts, in ms. */
const attempt = 50;

/**
 * Runs a program with our stdin, stdout and stderr, registers it once it listens, and ends as it ends. The entry
 * speaks of the program's own process: it stays true if we are killed, and dies with the program if we are not.
 */
export async function runProgram(
  registry: Registry,
  terminal: Terminal,
  words: readonly string[],
  { name, url: template, type, kind, title, tag, capability }: RunOptions,
): Promise<number> {
  if (!namePattern.test(name)) {
    throw new Failure(`--name must be letters, digits, ".", "_" or "-", and ${name} is not.`, exitCodes.usage);
  }
  const port = template.includes('{port}') ? await freePort() : undefined;
  const fill = (text: string) => (port === undefined ? text : text.replaceAll('{port}', String(port)));
  const url = fill(template);
  const address = parseAddress(url);
  const [file = '', ...args] = words.map(fill);
  const env = port === undefined ? process.env : { ...process.env, PORT: String(port) };

  const child = spawn(file, args, { stdio: 'inherit', env });
  const stopForwarding = forwardSignals(child);
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  await Promise.race([once(child, 'spawn'), ended]).catch((error: NodeJS.ErrnoException) => {
    throw new Failure(`Cannot run ${file} (${error.code ?? error.message}).`, exitCodes.failed);
  });

  let registration: Registration | undefined;
  const hasEnded = new AbortController();
  void ended.finally(() => hasEnded.abort());
  const reminder = setTimeout(() => {
    const hint = port === undefined ? '' : ' Does the program use the port in PORT, or {port} in its arguments?';
    terminal.say(`rollcall: nobody listens at ${url} yet.${hint}`);
  }, patience).unref();
  try {
    if (await isListening(address, hasEnded.signal)) {
      registration = await registry.register(
        { name, kind, title, tags: tag, capabilities: capability, endpoints: [{ type, url }] },
        { pid: child.pid },
      );
      clearTimeout(reminder);
      terminal.say(`rollcall: ${name} is at ${url} (${registration.id})`);
    }
  } catch (error) {
    // The program runs all the same; it is just not known to anyone.
    terminal.say(`rollcall: ${name} is not registered: ${error instanceof Error ? error.message : error}`);
  }
  const [code, signal] = await ended;
  clearTimeout(reminder);
  await registration?.deregister();
  stopForwarding();
  if (signal !== null) {
    // Ended by a signal: so are we, and our caller sees what it would have seen of the program itself.
    await registry.close();
    process.kill(process.pid, signal);
  }
  return code ?? exitCodes.failed;
}

/** Signals sent to us are meant for the program. Ctrl-C and Ctrl-\ are not sent again: a terminal sends them to both. */
function forwardSignals(child: ChildProcess): () => void {
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];
  const forward = (signal: NodeJS.Signals) => {
    if ((signal === 'SIGINT' || signal === 'SIGQUIT') && process.stdin.isTTY) return;
    child.kill(signal);
  };
  for (const signal of signals) process.on(signal, forward);
  return () => {
    for (const signal of signals) process.off(signal, forward);
  };
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function parseAddress(url: string): { host: string; port: number } {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new Failure(
      `--url must be an absolute URL, such as http://127.0.0.1:{port}, and ${url} is not.`,
      exitCodes.usage,
    );
  }
  const standard: Readonly<Record<string, number>> = { 'http:': 80, 'ws:': 80, 'https:': 443, 'wss:': 443 };
  const port = Number(parsed.port) || standard[parsed.protocol];
  if (port === undefined || parsed.hostname === '') {
    throw new Failure(`--url must name a host and a port, and ${url} does not.`, exitCodes.usage);
  }
  return { host: parsed.hostname.replace(/^\[|\]$/g, ''), port };
}

/** Resolves with `true` as soon as someone listens there, with `false` if the program ends before. */
async function isListening({ host, port }: { host: string; port: number }, hasEnded: AbortSignal): Promise<boolean> {
  while (!hasEnded.aborted) {
    const socket = connect({ host, port });
    const isOpen = await Promise.race([
      once(socket, 'connect').then(
        () => true,
        () => false,
      ),
      pause(1_000, false, { ref: false }),
    ]);
    socket.destroy();
    if (isOpen) return true;
    await pause(attempt, undefined, { signal: hasEnded }).catch(() => {
      // It has ended; the loop's condition sees that.
    });
  }
  return false;
}
