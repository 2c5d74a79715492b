/** An MCP server over stdio makes itself known: hosts see that it runs, and nobody can connect to it. */

import { fields, pass } from '../core/checks.js';
import type { Timer } from '../core/clock.js';
import { defaultRegistry } from '../registry/default.js';
import type { Registration } from '../registry/registration.js';
import type { Registry } from '../registry/registry.js';
import { type AnnouncedEntry, nameOf, refuseEndpoints } from './announced-entry.js';
import { type Introduced, introductionOf } from './introduction.js';

/**
 * How long it must have lived, in ms. A client that finds out which protocol a server speaks starts it twice: the first
 * one, asked one question, is ended at once, and would be seen to come and go.
 */
const probation = 1_000;

export interface AnnounceStdioOptions {
  /** The MCP server: its name, title, version and capabilities are filled in. */
  readonly mcp?: Introduced | undefined;
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
 * @throws ROLLCALL_INVALID if it has no name, and `mcp` is not given. What else is wrong, `registered` rejects with.
 */
export function announceStdio(
  entry: AnnouncedEntry = {},
  { mcp, registry = defaultRegistry(), ...others }: AnnounceStdioOptions = {},
): StdioAnnouncement {
  pass(fields({}), others, 'The options of announceStdio');
  refuseEndpoints(entry);
  if (mcp === undefined) nameOf(entry, {});
  return new StdioAnnouncement(registry, async () => {
    const introduced = await introductionOf(mcp);
    const name = nameOf(entry, introduced);
    return registry.register({ kind: 'mcp', ...introduced, ...entry, name, endpoints: [{ type: 'stdio' }] });
  });
}
