/** What `rollcall hub --health` and `--merge` have the hub ask: who is well, and who is to be next. */

import type { Query } from '../../core/query.js';
import type { Monitor } from '../../hub/ailment.js';
import type { Balancer } from '../../hub/choices.js';
import type { Registry } from '../../registry/registry.js';

export interface Layers {
  readonly health: Monitor | undefined;
  readonly balancer: Balancer | undefined;
  close(): Promise<void>;
}

/** Made, and loaded, only when asked for: a hub without them watches and asks nothing more. */
export async function layersFor(
  registry: Registry,
  query: Query,
  asked: { readonly health?: boolean | undefined; readonly merge?: boolean | undefined },
): Promise<Layers> {
  const monitor =
    asked.health === true
      ? new (await import('../../health/monitor.js')).HealthMonitor(registry, { query })
      : undefined;
  const router =
    asked.merge === true
      ? (await import('../../route/router.js')).createRouter(registry, {
          strategy: 'least-connections',
          ...(monitor !== undefined && { health: monitor }),
        })
      : undefined;
  return {
    health: monitor,
    balancer: router,
    async close() {
      await Promise.all([monitor?.close(), router?.close()]);
    },
  };
}
