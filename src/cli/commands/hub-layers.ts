/** What `rollcall hub --health` and `--merge` have the hub ask: who is well, and who is to be next. */

import type { Query } from '../../core/query.js';
import type { Monitor } from '../../hub/ailment.js';
import type { Balancer } from '../../hub/choices.js';
import type { Registry } from '../../registry/registry.js';

export interface Layers {
  readonly health?: Monitor;
  readonly balancer?: Balancer;
  close(): Promise<void>;
}

/** Made only when asked for: a hub without them loads, watches and asks nothing more. */
export async function layersFor(
  registry: Registry,
  query: Query,
  { health, merge }: { readonly health?: boolean | undefined; readonly merge?: boolean | undefined },
): Promise<Layers> {
  // STAND-IN: `new HealthMonitor(registry, { query })` of src/health/monitor.ts goes here.
  const monitor = health === true ? standInMonitor(query) : undefined;
  // STAND-IN: `createRouter(registry, { health: monitor })` of src/route/router.ts goes here.
  const balancer = merge === true ? await standInBalancer(registry) : undefined;
  return {
    ...(monitor !== undefined && { health: monitor }),
    ...(balancer !== undefined && { balancer }),
    async close() {},
  };
}

/** STAND-IN, to be removed: knows of nobody. */
function standInMonitor(_: Query): Monitor {
  return { of: () => undefined, on: () => () => {} };
}

/** STAND-IN, to be removed: whoever has the fewest calls, of those the oldest. */
async function standInBalancer(_: Registry): Promise<Balancer> {
  const { Lease } = await import('../../registry/lease.js');
  const calls = new Map<string, number>();
  const count = (id: string, change: number) => calls.set(id, (calls.get(id) ?? 0) + change);
  return {
    choose(candidates) {
      const [chosen] = [...candidates].sort((a, b) => (calls.get(a.id) ?? 0) - (calls.get(b.id) ?? 0));
      if (chosen === undefined) return undefined;
      count(chosen.id, 1);
      return new Lease(chosen, () => count(chosen.id, -1));
    },
  };
}
