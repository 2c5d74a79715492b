/** An MCP server over stdio makes itself known: hosts see that it runs, and nobody can connect to it. */

import type { Timer } from '../core/clock.js';
import { invalid } from '../core/errors.js';
import { defaultRegistry } from '../registry/default.js';
import type { Registration } from '../registry/registration.js';
import type { Registry } from '../registry/registry.js';
import type { AnnouncedEntry } from './announce.js';
import { introductionOf } from './introduction.js';

/**
 * How long it must have lived, in ms. A client that finds out which protocol a server speaks starts it twice: the first
 * one, asked one question, is ended at once, and would be seen to come and go.
 */
const probation = 1_000;

export interface AnnounceStdioOptions {
  /** The MCP server: its name, title, version and capabilities are filled in. */
  readonly mcp?: object | undefined;
  /** The default one unless given. */
  readonly registry?: Registry | undefined;
}

/** A server that is about to be known. */
export class StdioAnnouncement implements AsyncDisposable {
  /** Resolves when it is registered; with `undefined` if it was taken back before. */
  readonly registered: Promise<Registration | undefined>;
  readonly #timer: Timer;
  #give: (registration?: Promise<Registration>) => void = () => {};

  constructor(registry: Registry, register: () => Promise<Registration>) {
    this.registered = new Promise((resolve) => {
      this.#give = resolve;
    });
    // Whoever does not ask is told, as of other work in the background.
    this.registered.catch((error) => registry.report(error));
    this.#timer = registry.clock.after(probation, () => this.#give(register()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer.cancel();
    this.#give();
    await (await this.registered.catch(() => undefined))?.deregister();
  }
}

/**
 * Registers this process with an endpoint of type `stdio` and no address, a second from now: a process that a client has
 * started only to find out what it speaks has ended by then. It ends with the process, like every registration.
 *
 * @throws ROLLCALL_INVALID if it has no name.
 */
export function announceStdio(
  entry: AnnouncedEntry = {},
  { mcp, registry = defaultRegistry() }: AnnounceStdioOptions = {},
): StdioAnnouncement {
  const introduced = introductionOf(mcp);
  const name = entry.name ?? introduced.name;
  if (name === undefined) {
    throw invalid('The announcement', [{ path: 'name', message: 'must be given, or `mcp`, a server that has one' }]);
  }
  return new StdioAnnouncement(registry, () =>
    registry.register({ kind: 'mcp', ...introduced, ...entry, name, endpoints: [{ type: 'stdio' }] }),
  );
}
