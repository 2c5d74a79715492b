/** `rollcall hub`: one MCP server in front of all that run. */

import { printable } from '../../core/printable.js';
import type { Query } from '../../core/query.js';
import { serveHttp } from '../../hub/http.js';
import { Hub } from '../../hub/hub.js';
import type { Exposure } from '../../hub/settings.js';
import { serveHost } from '../../hub/stdio.js';
import type { Registry } from '../../registry/registry.js';
import { packageVersion } from '../package-version.js';
import type { Terminal } from '../terminal.js';
import { layersFor } from './hub-layers.js';

/** How long goodbyes may take, in ms: a host waits for us to end. */
const farewell = 100;

export interface HubCommandOptions {
  readonly expose: Exposure;
  readonly timeout: number;
  /** Over HTTP, at this port if one is given. */
  readonly http?: number | true;
  /** Leaves out who is critical. */
  readonly health?: boolean;
  /** Puts all of one name behind one label. */
  readonly merge?: boolean;
}

/** Serves the host on stdin and stdout until it closes them; over HTTP, any number of them until it is ended. */
export async function hub(
  registry: Registry,
  terminal: Terminal,
  query: Query,
  { expose, timeout, http, ...asked }: HubCommandOptions,
): Promise<never> {
  // Stdout is the protocol's: whoever writes there by mistake is heard on stderr.
  for (const name of ['log', 'info', 'debug', 'dir', 'table'] as const) console[name] = console.error;
  const layers = await layersFor(registry, query, asked);
  const { health, balancer } = layers;
  const served = new Hub(registry, { query, expose, callTimeout: timeout, health, balancer });
  const close = async () => {
    await Promise.all([served.close(), layers.close()]);
  };
  const report = (error: unknown) =>
    terminal.say(printable(`rollcall: ${error instanceof Error ? error.message : String(error)}`));
  const version = packageVersion();
  if (http === undefined) {
    if (process.stdin.isTTY === true) {
      terminal.say('This is for an MCP host to start, and speaks its protocol here: see rollcall hub --print-config.');
    }
    const leave = leaveBySignal(close);
    await serveHost(served, version, report);
    await leave();
    // Nothing should be open now; if something is, it is not to keep a host waiting.
    process.exit();
  } else {
    const front = await serveHttp(served, registry, {
      port: http === true ? 0 : http,
      token: process.env.ROLLCALL_HUB_TOKEN || undefined,
      version,
      report,
    });
    leaveBySignal(async () => {
      await Promise.all([front[Symbol.asyncDispose](), close()]);
    });
    terminal.line(front.url);
    terminal.say('It asks for the token in its entry: rollcall export rollcall-hub --client HOST --secrets');
    return new Promise<never>(() => {});
  }
}

/** Before it ends by a signal, as it would have at once, it says goodbye. Returns what says it without one. */
function leaveBySignal(close: () => Promise<void>): () => Promise<void> {
  const leave = async () => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, farewell);
    });
    await Promise.race([close(), late]);
    clearTimeout(timer);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.once(signal, () => void leave().finally(() => process.kill(process.pid, signal)));
  }
  return leave;
}
