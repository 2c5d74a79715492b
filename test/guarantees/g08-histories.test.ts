/** G3 to G8 in random histories against a model, simulated in memory and over real files. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { FileStore } from '../../src/store/file/file-store.js';
import { type Cluster, type ClusterOptions, createCluster } from '../../src/testing/cluster.js';
import { fakeWorld } from '../support/fake-world.js';
import { History, histories, ttl } from '../support/history.js';
import { prove, times } from '../support/prove.js';
import { tempFolder } from '../support/temp.js';

/** Fails with the seed, and the shortest history that breaks a promise. */
async function hold(
  numRuns: number,
  open: () => { options: ClusterOptions; wipe: (cluster: Cluster) => Promise<void> },
) {
  await fc.assert(
    fc.asyncProperty(histories, async (steps) => {
      const { options, wipe } = open();
      const errors: unknown[] = [];
      const cluster = await createCluster({ ttl, onError: (error) => void errors.push(error), ...options });
      try {
        await new History(cluster, () => wipe(cluster)).run(steps);
      } finally {
        await cluster.close();
      }
      expect(errors).toEqual([]);
    }),
    { numRuns, endOnFailure: false },
  );
}

const inMemory = () => ({
  options: {},
  wipe: async ({ registry: { store } }: Cluster) => {
    for (const { id } of await store.list()) await store.delete(id);
  },
});

prove(
  'G8',
  'random histories in memory: found and kept are the living, removed the dead, and events come in order',
  () => hold(times({ full: 5_000, quick: 60 }), inMemory),
  { timeout: 60_000 },
);

prove(
  'G8',
  'random histories over real files: the same',
  () =>
    hold(times({ full: 500, quick: 10 }), () => {
      const directory = join(tempFolder(), 'registry');
      return {
        options: { now: Date.now(), openStore: (clock) => new FileStore({ directory, clock }) },
        wipe: async () => rmSync(directory, { recursive: true, force: true }),
      };
    }),
  { timeout: 60_000 },
);

prove('G8', 'what leaves and what comes between the same two looks: both are told, what left first', async () => {
  const { clock, store, registry, start } = fakeWorld();
  // Without hints, so that one look sees both.
  store.watch = async () => async () => {};
  const gone = await start(201);
  const watcher = registry.watch();
  const told: string[] = [];
  watcher.on('add', ({ id }) => told.push(`add ${id}`));
  watcher.on('remove', ({ id }, reason) => told.push(`remove ${id} ${reason}`));
  await clock.advance(1_000);
  await store.delete(gone.id);
  const come = await start(202);
  await clock.advance(1_000);
  expect(told).toEqual([`add ${gone.id}`, `remove ${gone.id} deregistered`, `add ${come.id}`]);
});
