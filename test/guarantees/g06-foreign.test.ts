/** G6: what cannot be judged from here is removed only after a long silence, by one observer awake all the while. */

import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished } from 'vitest';
import { encode } from '../../src/core/codec.js';
import { createId } from '../../src/core/id.js';
import { MemoryStore, Reaper, Registry } from '../../src/index.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { FakeProbe } from '../../src/testing/fake-probe.js';
import { FaultyStore } from '../../src/testing/faulty-store.js';
import { eventually } from '../support/eventually.js';
import { type Judge, startJudge } from '../support/judges.js';
import { makeInstance } from '../support/make-instance.js';
import { prove, times } from '../support/prove.js';
import { idsIn, inPidNamespace, startServer } from '../support/servers.js';
import { tempFolder } from '../support/temp.js';
import { createWallClock } from '../support/wall-clock.js';

/** What may happen to an observer and to the foreign instance it watches; times in ms. */
const happening = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant('awake' as const), ms: fc.integer({ min: 1, max: 12_000 }) }) },
  // Longer than a look may be late without having been away.
  {
    weight: 2,
    arbitrary: fc.record({ what: fc.constant('stop' as const), ms: fc.integer({ min: 5_000, max: 60_000 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ what: fc.constant('slow' as const), ms: fc.integer({ min: 5_000, max: 60_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('sleep' as const), ms: fc.integer({ min: 1, max: 9e7 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant('step' as const), ms: fc.integer({ min: -4e10, max: 4e10 }) }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('beat' as const), ms: fc.constant(0) }) },
);

prove(
  'G6',
  'in any history of stops, sleeps, clock steps and heartbeats a removal follows ten ttls of silence, awake',
  async () => {
    const ttl = 1_000;
    let removals = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { minLength: 5, maxLength: 25 }), async (history) => {
        const clock = new FakeClock();
        const store = new FaultyStore(new MemoryStore({ clock }));
        const report = (error: unknown) => {
          throw error;
        };
        const reaper = new Reaper({ store, clock, probe: new FakeProbe(), report }, { interval: 1_000 }).start();
        const instance = makeInstance({ ttl, process: { machine: 'machine-2', host: 'host-2' } });
        await store.put(instance.id, encode(instance));
        /** When, on the observer's monotonic clock, it was last heard of or the observer was away. */
        let since = clock.monotonic();
        const silences: number[] = [];
        const onDelete = () => void silences.push(clock.monotonic() - since);
        store.before.delete = onDelete;
        for (const { what, ms } of history) {
          if (what === 'awake') await clock.advance(ms);
          else if (what === 'sleep') clock.sleep(ms);
          else if (what === 'step') clock.set(clock.now() + ms);
          else if (what === 'beat') {
            if (await store.touch(instance.id)) since = clock.monotonic();
          } else if (what === 'stop') {
            clock.stop(ms);
            since = clock.monotonic();
          } else {
            // Stopped in the middle of a look, when everything has been read and nothing has been decided.
            store.before.list = () => {
              store.before = { delete: onDelete };
              clock.stop(ms);
              since = clock.monotonic();
            };
          }
        }
        // And the other half: one that stays silent goes, as soon as somebody has been awake for long enough.
        store.before = { delete: onDelete };
        await clock.advance(40 * ttl);
        reaper.stop();
        expect(await store.list()).toEqual([]);
        expect(silences.filter((silence) => silence < 10 * ttl)).toEqual([]);
        removals += silences.length;
      }),
      { numRuns: times({ full: 3_000, quick: 150 }) },
    );
    expect(removals).toBeGreaterThan(0);
  },
);

/** An entry of another machine's process, silent from the start; its ttl is the shortest there is. */
function plantForeign(directory: string, template: string): string {
  const instance = JSON.parse(readFileSync(join(directory, 'v1', `${template}.json`), 'utf8'));
  const id = createId('foreign');
  const process = { ...instance.process, machine: 'another', host: 'another' };
  const path = join(directory, 'v1', `${id}.json`);
  writeFileSync(path, JSON.stringify({ ...instance, id, name: 'foreign', process, ttl: 1_000 }), { mode: 0o600 });
  return id;
}

/** How long observers must have been awake before anything goes, in ms. */
const retention = 10_000;

prove(
  'G6',
  'observers that are stopped, or whose clock jumps, begin to count anew; one awake all the while removes what is silent',
  async () => {
    const year = 365 * 24 * 3_600;
    const ways = {
      awake: () => {},
      stopped: (judge: Judge) => void judge.child.kill('SIGSTOP'),
      forward: (_: Judge, jump: (seconds: number) => void) => jump(year),
      back: (_: Judge, jump: (seconds: number) => void) => jump(-year),
    };
    const silences = await Promise.all(
      Object.entries(ways).map(async ([way, happens]) => {
        const directory = tempFolder();
        const clock = createWallClock();
        // One that is silent, one that is not, and one that is alive here.
        const here = await startServer(directory, { name: 'here' });
        const there = await startServer(directory, { name: 'there', env: { TTL: '1000' }, by: inPidNamespace });
        const judge = startJudge(directory, [], clock.env);
        const id = plantForeign(directory, here.id);
        const planted = performance.now();
        onTestFinished(() => void judge.child.kill('SIGCONT'));
        const isStale = async () => JSON.stringify((await judge.tell()).doubts[id] ?? []).includes('stale: ');
        await eventually('it is stale', isStale);
        // Half the retention later something happens to the observer, for more than the other half.
        await eventually('half the time is over', () => performance.now() - planted > retention / 2, retention);
        const happened = performance.now();
        happens(judge, (seconds) => clock.set(seconds));
        if (way === 'stopped') {
          await eventually('it was stopped for long', () => performance.now() - planted > retention + 3_000, retention);
          judge.child.kill('SIGCONT');
        }
        const resumed = performance.now();
        await eventually('the silent one is removed', () => !idsIn(directory).includes(id), 3 * retention);
        const gone = performance.now();
        expect(idsIn(directory)).toEqual([here.id, there.id].sort());
        const { reaped, errors } = await judge.tell();
        // Never by a look.
        expect({ way, reaped, errors }).toEqual({ way, reaped: [], errors: [] });
        return { way, since: gone - (way === 'awake' ? planted : way === 'stopped' ? resumed : happened) };
      }),
    );
    for (const { way, since } of silences) {
      // A clock set back is no absence, and shows no heartbeat either: what was seen before counts on.
      if (way !== 'back') expect(since, way).toBeGreaterThan(retention);
      expect(since, way).toBeLessThan(1.6 * retention);
    }
  },
  { tier: 'full', needs: ['root', 'linux', 'unshare', 'faketime'] },
);

prove(
  'G6',
  'another pid or time namespace, with or without its own /proc: neither side hides or removes the other',
  async () => {
    const ways = [
      inPidNamespace,
      ['unshare', '--pid', '--fork', '--kill-child'],
      ['unshare', '--time', '--boottime', '100000', '--monotonic', '100000', '--fork', '--kill-child'],
      ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--kill-child', '--mount-proc'],
    ];
    await Promise.all(
      ways.map(async (by) => {
        const directory = tempFolder();
        const ours = await startServer(directory, { name: 'ours' });
        const theirs = await startServer(directory, { name: 'theirs', env: { TTL: '3000' }, by });
        const judges = [startJudge(directory), startJudge(directory, by)];
        const ids = [ours.id, theirs.id].sort();
        for (const judge of judges) {
          await eventually('it knows both', async () => (await judge.tell()).view.join() === ids.join());
          await judge.tell();
        }
        for (const judge of judges) {
          let looks = 0;
          await eventually('it has looked often', async () => {
            const report = await judge.tell();
            looks += report.looks;
            expect(report).toMatchObject({ lost: [], doubts: {}, removes: [], reaped: [], view: ids, errors: [] });
            return looks >= 50;
          });
        }
        // Whoever cannot judge it goes by its heartbeat: it is hidden in time, and no look removes it.
        theirs.child.kill('SIGKILL');
        await eventually('it is hidden', async () => (await judges[0]?.tell())?.view.join() === ours.id);
        await judges[0]?.tell();
        const { doubts, reaped } = (await judges[0]?.tell()) ?? {};
        expect(reaped).toEqual([]);
        expect((doubts?.[theirs.id] ?? []).filter((reason) => !reason.startsWith('stale: '))).toEqual([]);
        expect(idsIn(directory)).toEqual(ids);
      }),
    );
  },
  { tier: 'full', needs: ['root', 'linux', 'unshare'] },
);

prove(
  'G6',
  'another host name or user namespace in the same pid namespace is judged by the process, and rightly',
  async () => {
    const rename = ['unshare', '--uts', 'sh', '-c', 'hostname elsewhere && exec "$@"', 'sh'];
    const user = ['unshare', '--user', '--map-root-user'];
    const unmapped = ['unshare', '--uts', '--ipc', '--net', '--mount'];
    const directory = tempFolder();
    const judges = [[], rename, user, unmapped].map((by) => startJudge(directory, by));
    for (const by of [rename, user, unmapped]) {
      const server = await startServer(directory, { name: 'server', by });
      for (const judge of judges) {
        await eventually('it knows it', async () => (await judge.tell()).view.includes(server.id));
        const { reaped, doubts } = await judge.tell();
        expect({ reaped, doubts }).toEqual({ reaped: [], doubts: {} });
      }
      const exit = once(server.child, 'exit');
      server.child.kill('SIGKILL');
      await exit;
      const registry = new Registry({ directory });
      expect(await registry.discover()).toEqual([]);
      for (const judge of judges) await eventually('it is gone', async () => (await judge.tell()).view.length === 0);
      for (const judge of judges) await judge.tell();
      await eventually('it is removed', () => idsIn(directory).length === 0);
    }
  },
  { tier: 'full', needs: ['root', 'linux', 'unshare', 'hostname'] },
);
