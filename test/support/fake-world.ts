/** A registry in which nothing is real: clock, processes and store are the test's own. */

import { onTestFinished } from 'vitest';
import { encode } from '../../src/core/codec.js';
import type { Instance } from '../../src/core/instance.js';
import { Registry } from '../../src/registry/registry.js';
import { MemoryStore } from '../../src/store/memory-store.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { FakeProbe } from '../../src/testing/fake-probe.js';
import { FaultyStore } from '../../src/testing/faulty-store.js';
import { makeInstance } from './make-instance.js';

export function fakeWorld(options: ConstructorParameters<typeof Registry>[0] = {}) {
  const clock = new FakeClock();
  const probe = new FakeProbe();
  const store = new FaultyStore(new MemoryStore({ clock }));
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const registry = new Registry({ store, clock, probe, onError, ...options });
  onTestFinished(async () => {
    store.reset();
    await registry.close();
  });
  /** Another process's entry, as that process would have written it. */
  async function put(instance: Instance): Promise<Instance> {
    await store.put(instance.id, encode(instance));
    return instance;
  }
  /** A running process with an entry. */
  function start(pid: number, given: Parameters<typeof makeInstance>[0] = {}): Promise<Instance> {
    return put(makeInstance({ ...given, process: probe.run(pid) }));
  }
  return { clock, probe, store, errors, registry, put, start };
}

/** An endpoint, where it does not matter which. */
export const endpoints = [{ type: 'http', url: 'http://127.0.0.1:8080/' }] as const;
