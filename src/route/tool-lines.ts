/** Connections to MCP servers that are kept, one to each instance. */

import type { Instance } from '../core/instance.js';
import { noting } from '../mcp/delivery.js';
import { dial, transportFor } from '../mcp/dial.js';
import type { Onlooker } from '../mcp/fetch.js';
import { isForgotten } from '../mcp/forgotten.js';
import { loadSdk } from '../mcp/sdk.js';
import { isSamePlace } from '../mcp/service.js';
import { isUndelivered } from '../mcp/unreachable.js';
import { requireWay } from '../mcp/way.js';
import type { Registry } from '../registry/registry.js';
import type { Watcher } from '../registry/watcher.js';
import { dropOldest } from './affinity.js';
import { current, ToolLine } from './tool-line.js';

/** Before calls under way over a connection that leads nowhere any more are given up, in ms: each may hear why itself. */
const grace = 100;

/** For how long after one could not be asked for its tools others are not kept waiting for it, in ms; and of how many that is known. */
const silence = 10_000;
const mostSilent = 1_000;

interface Kept {
  readonly instance: Instance;
  readonly line: Promise<ToolLine>;
  /** It leads nowhere any more. */
  isLost: boolean;
}

/** Shared by all calls at the same time. */
export class ToolLines {
  readonly #registry: Registry;
  readonly #kept = new Map<string, Kept>();
  /** Not kept any more, with calls under way. */
  readonly #retired = new Set<Kept>();
  /** Who could not be asked for its tools, and until when nobody waits for it, in ms of the monotonic clock. */
  readonly #silent = new Map<string, number>();
  readonly #ending = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  #watcher: Watcher | undefined;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /**
   * The connection to this instance, as it is or newly made within `timeout` ms.
   *
   * @throws ROLLCALL_UNREACHABLE with the reason; ROLLCALL_INVALID if the SDK is not installed.
   */
  to(instance: Instance, timeout: number): Promise<ToolLine> {
    const known = this.#kept.get(instance.id);
    if (known !== undefined && isSamePlace(known.instance, instance)) return known.line;
    if (known !== undefined) this.#drop(known);
    this.#watch();
    const kept: Kept = {
      instance,
      // It outlives the call that made it necessary.
      line: current.exit(() => this.#connect(instance, timeout, () => this.#lose(kept))),
      isLost: false,
    };
    this.#kept.set(instance.id, kept);
    kept.line.catch(() => this.#drop(kept));
    return kept.line;
  }

  /** It could not be asked for its tools. */
  noteSilence({ id }: Instance): void {
    this.#silent.delete(id);
    this.#silent.set(id, this.#registry.clock.monotonic() + silence);
    dropOldest(this.#silent, mostSilent);
  }

  /** Whether it could not be asked a moment ago. */
  isSilent({ id }: Instance): boolean {
    return this.#registry.clock.monotonic() < (this.#silent.get(id) ?? 0);
  }

  async close(): Promise<void> {
    this.#closing.abort(new DOMException('The router has been closed.', 'AbortError'));
    for (const kept of [...this.#kept.values(), ...this.#retired]) this.#drop(kept);
    this.#retired.clear();
    await Promise.all([this.#watcher?.close(), ...this.#ending]);
  }

  async #connect(instance: Instance, timeout: number, lost: () => void): Promise<ToolLine> {
    const sdk = await loadSdk();
    const { signal } = this.#closing;
    signal.throwIfAborted();
    const client = new sdk.Client({ name: 'rollcall', version: '1' }, { versionNegotiation: { mode: 'auto' } });
    // Streams that end, and attempts to open them again: whoever waits for an answer is told.
    client.onerror = () => {};
    const transport = transportFor(sdk, requireWay(instance), onlooker(lost));
    const line = await dial(client, transport, instance, { signal, timeout });
    client.onclose = lost;
    return new ToolLine(instance, client, line);
  }

  /** Whoever comes next gets another; those who wait for an answer may hear at the same moment what became of it. */
  #lose(kept: Kept): void {
    if (kept.isLost) return;
    kept.isLost = true;
    if (this.#kept.get(kept.instance.id) === kept) this.#kept.delete(kept.instance.id);
    this.#registry.clock.after(grace, () => this.#hangUp(kept));
  }

  /** It takes no more calls, and may well answer those it has: who leaves as one should deregisters first. */
  #retire(kept: Kept): void {
    kept.isLost = true;
    this.#kept.delete(kept.instance.id);
    this.#retired.add(kept);
    void kept.line
      .then((line) => line.rest())
      .catch(() => {})
      .then(() => {
        if (this.#retired.delete(kept)) this.#hangUp(kept);
      });
  }

  #drop(kept: Kept): void {
    kept.isLost = true;
    if (this.#kept.get(kept.instance.id) === kept) this.#kept.delete(kept.instance.id);
    this.#hangUp(kept);
  }

  #hangUp({ line }: Kept): void {
    const ending = line.then(
      (open) => open.hangUp(),
      () => {},
    );
    this.#ending.add(ending);
    void ending.finally(() => this.#ending.delete(ending));
  }

  /** One that is killed closes nothing over HTTP: only the registry tells. */
  #watch(): void {
    if (this.#watcher !== undefined) return;
    this.#watcher = this.#registry.watch();
    this.#watcher.on('remove', ({ id }, reason) => {
      const kept = this.#kept.get(id);
      if (kept === undefined) return;
      if (reason === 'dead') this.#lose(kept);
      else this.#retire(kept);
    });
    this.#watcher.on('error', (error) => this.#registry.report(error));
  }
}

function onlooker(lost: () => void): Onlooker {
  const noted = noting(() => current.getStore());
  return {
    answered(request, status, refusal) {
      noted.answered(request, status, refusal);
      if (isForgotten(request, status, refusal)) lost();
    },
    failed(request, error) {
      noted.failed(request, error);
      if (isUndelivered(error)) lost();
    },
  };
}
