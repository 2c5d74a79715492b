/** Instances for tests: complete, and different only in what the test is about. */

import { createId } from '../../src/core/id.js';
import type { Instance, ProcessIdentity } from '../../src/core/instance.js';
import { observer } from '../../src/testing/fake-probe.js';

type Given = Omit<Partial<Instance>, 'process'> & {
  readonly process?: Partial<ProcessIdentity>;
  [field: string]: unknown;
};

export function makeInstance({ name = 'weather', process, ...given }: Given = {}): Instance {
  return {
    format: 1,
    id: createId(name),
    name,
    endpoints: [{ type: 'http', url: 'http://127.0.0.1:8080/' }],
    capabilities: [],
    tags: [],
    metadata: {},
    status: 'ready',
    process: { ...observer, ...process },
    registeredAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    ttl: 45_000,
    ...given,
  };
}
