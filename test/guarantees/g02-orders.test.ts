/** G2, G3 and G5 in every order in which concurrent calls can reach the store. */

import fc from 'fast-check';
import { expect } from 'vitest';
import { decode } from '../../src/core/decode.js';
import { isRollcallError } from '../../src/core/errors.js';
import type { Registration } from '../../src/registry/registration.js';
import { Registry } from '../../src/registry/registry.js';
import { MemoryStore } from '../../src/store/memory-store.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { FakeProbe } from '../../src/testing/fake-probe.js';
import { FaultyStore } from '../../src/testing/faulty-store.js';
import { prove, times } from '../support/prove.js';

const ttl = 9_000;
const act = fc.record({
  do: fc.constantFrom('update', 'update', 'deregister', 'heartbeat', 'reap', 'wipe', 'discover'),
  at: fc.nat(2),
});

prove(
  'G2',
  'calls that overlap, in every order that a scheduler finds: what resolved is so, and who left stays away',
  () =>
    fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(act, { minLength: 2, maxLength: 8 }), async (scheduler, acts) => {
        const [clock, probe, shared] = [new FakeClock(), new FakeProbe(), new MemoryStore()];
        const store = new FaultyStore(shared);
        const errors: unknown[] = [];
        const options = { clock, probe, ttl, onError: (error: unknown) => void errors.push(error) };
        const registry = new Registry({ ...options, store });
        const other = new Registry({ ...options, store });
        const registrations: Registration[] = [];
        for (let index = 0; index < 3; index++) {
          registrations.push(await registry.register({ name: 'weather', status: 'starting' }));
        }
        /** What each was told last that it is. */
        const titles: (string | undefined)[] = [];
        const left = new Set<number>();

        store.before.any = (id) => scheduler.schedule(Promise.resolve(), id ?? 'all');
        const calls = acts.map(async ({ do: what, at }, index) => {
          const registration = registrations[at] as Registration;
          if (what === 'update') {
            const title = `title ${index}`;
            // Updates pass one queue, so the one that was asked for last is the one that stays.
            const written = await registration.update({ title }).catch((error) => {
              if (!isRollcallError(error, 'ROLLCALL_CLOSED') || !left.has(at)) throw error;
            });
            if (written !== undefined) titles[at] = title;
          } else if (what === 'deregister') {
            left.add(at);
            await registration.deregister();
          } else if (what === 'heartbeat') await clock.advance(ttl / 3);
          else if (what === 'reap') await other.reap();
          else if (what === 'discover') await other.discover();
          else for (const { id } of await shared.list()) await shared.delete(id);
        });
        await scheduler.waitFor(Promise.all(calls));
        store.reset();
        await scheduler.waitIdle();
        await clock.advance(ttl / 3);

        const present = new Map((await shared.list()).map(({ id, body }) => [id, decode(id, body).instance?.title]));
        for (const [index, { id }] of registrations.entries()) {
          if (left.has(index)) expect(present.has(id), `${id} has left`).toBe(false);
          else expect([id, present.get(id), present.has(id)]).toEqual([id, titles[index], true]);
        }
        expect(errors).toEqual([]);
        await registry.close();
        await other.close();
      }),
      { numRuns: times({ full: 20_000, quick: 200 }) },
    ),
  { timeout: 60_000 },
);
