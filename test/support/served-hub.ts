/** A hub within the test, over HTTP, with a monitor and a balancer that do as the test says. */

import { onTestFinished } from 'vitest';
import type { Endpoint, Instance } from '../../src/core/instance.js';
import type { HealthStatus } from '../../src/health/health.js';
import type { Monitor } from '../../src/hub/ailment.js';
import type { Balancer } from '../../src/hub/choices.js';
import { serveHttp } from '../../src/hub/http.js';
import { Hub, type HubOptions } from '../../src/hub/hub.js';
import { Lease } from '../../src/registry/lease.js';
import { Registry } from '../../src/registry/registry.js';

/** Watches those it is told of. */
export class FakeMonitor implements Monitor {
  readonly #known = new Map<string, NonNullable<ReturnType<Monitor['of']>>>();
  readonly #listeners = new Set<{ type: string; tell: (event: { id: string }) => void }>();

  of(id: string) {
    return this.#known.get(id);
  }

  on(type: 'transition' | 'suspend' | 'resume', tell: (event: { readonly id: string }) => void): () => void {
    const listener = { type, tell };
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  set({ id }: Pick<Instance, 'id'>, status: HealthStatus, reason = 'no'): void {
    const lastFailure = { at: 0, check: 'http', reason };
    this.#known.set(id, { status, ...(status === 'critical' && { lastFailure }) });
    this.#tell('transition', id);
  }

  suspend({ id }: Pick<Instance, 'id'>, reason: string): void {
    this.#known.set(id, { status: 'passing', suspended: { reason, since: 0 } });
    this.#tell('suspend', id);
  }

  resume({ id }: Pick<Instance, 'id'>): void {
    this.#known.set(id, { status: 'passing' });
    this.#tell('resume', id);
  }

  #tell(type: string, id: string): void {
    for (const listener of this.#listeners) if (listener.type === type) listener.tell({ id });
  }
}

/** Of those that are ready, as the router: chooses whoever has the fewest calls and was chosen longest ago, unless told otherwise. */
export class FakeBalancer implements Balancer {
  /** What it was asked, and what it said. */
  readonly asked: { readonly ids: readonly string[]; readonly affinity?: string; readonly id: string | undefined }[] =
    [];
  /** Decides in its place. */
  prefer: ((candidates: readonly Instance[]) => Instance | undefined) | undefined;
  readonly #leases = new Map<string, number>();
  readonly #turns = new Map<string, number>();

  choose(candidates: readonly Instance[], { affinity }: { affinity?: string } = {}): Lease | undefined {
    const weight = ({ id }: Instance) => (this.#leases.get(id) ?? 0) * 1e6 + (this.#turns.get(id) ?? 0);
    const ready = candidates.filter(({ status }) => status === 'ready');
    const chosen = this.prefer?.(ready) ?? [...ready].sort((a, b) => weight(a) - weight(b))[0];
    this.asked.push({
      ids: candidates.map(({ id }) => id),
      ...(affinity !== undefined && { affinity }),
      id: chosen?.id,
    });
    if (chosen === undefined) return undefined;
    const { id } = chosen;
    this.#turns.set(id, this.asked.length);
    this.#leases.set(id, (this.#leases.get(id) ?? 0) + 1);
    return new Lease(chosen, () => this.#leases.set(id, (this.#leases.get(id) ?? 0) - 1));
  }

  /** Calls that have not ended. */
  get inUse(): number {
    return [...this.#leases.values()].reduce((sum, count) => sum + count, 0);
  }
}

export interface ServedHub {
  readonly hub: Hub;
  readonly registry: Registry;
  /** Of it, for hosts. */
  readonly endpoint: Endpoint;
}

/** Gone when the running test ends. */
export async function serveHub(directory: string, options: HubOptions = {}): Promise<ServedHub> {
  const registry = new Registry({ directory });
  const hub = new Hub(registry, { expose: 'direct', ...options });
  const report = () => {};
  const front = await serveHttp(hub, registry, { port: 0, token: undefined, version: '1.0.0', report });
  onTestFinished(async () => {
    await Promise.all([front[Symbol.asyncDispose](), hub.close()]);
    await registry.close();
  });
  const { endpoints } = await registry.waitFor({ name: 'rollcall-hub' });
  return { hub, registry, endpoint: endpoints[0] ?? { type: '' } };
}
