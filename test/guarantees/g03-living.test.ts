/** G3: a local live instance is never reaped or hidden. */

import { chownSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, type TestContext } from 'vitest';
import { createId } from '../../src/core/id.js';
import { Registry } from '../../src/index.js';
import { identifyOther } from '../../src/process/identity.js';
import { eventually } from '../support/eventually.js';
import { type Judge, type Report, startJudge } from '../support/judges.js';
import { type Running, root, start } from '../support/processes.js';
import { isFullTier, prove, times } from '../support/prove.js';
import { idsIn, type Server, startServer } from '../support/servers.js';
import { tempFolder } from '../support/temp.js';
import { createWallClock } from '../support/wall-clock.js';

/** The shortest there is: a third of it is a heartbeat, ten of it the retention. */
const env = { TTL: '1000' };

function stop(running: Running): void {
  running.child.kill('SIGSTOP');
  // Also if the test fails before: a stopped process must not outlive it.
  onTestFinished(() => void running.child.kill('SIGCONT'));
}

/** Asks again and again until `looks` looks were made from now on; every one of them must have seen all as alive. */
async function judged(judge: Judge, ids: readonly string[], looks: number): Promise<Report> {
  let made = 0;
  let report = await judge.tell();
  await eventually(
    'it has looked often enough',
    async () => {
      report = await judge.tell();
      const { lost, doubts, removes, reaped, errors } = report;
      if (JSON.stringify([lost, doubts, removes, reaped, errors]) !== '[[],{},[],[],[]]') {
        throw new Error(`a wrong verdict: ${JSON.stringify(report)}`);
      }
      made += report.looks;
      return made >= looks;
    },
    30_000,
  );
  expect(report.view).toEqual([...ids].sort());
  return report;
}

prove(
  'G3',
  'a server whose loop is blocked, or that is stopped, is neither hidden nor removed',
  async () => {
    const directory = tempFolder();
    const judges = Array.from({ length: isFullTier ? 3 : 1 }, () => startJudge(directory));
    const [blocked, stopped] = (await Promise.all([
      startServer(directory, { name: 'blocked', env }),
      startServer(directory, { name: 'stopped', env }),
    ])) as [Server, Server];
    const ids = [blocked.id, stopped.id].sort();
    for (const judge of judges) {
      await eventually('the judge knows both', async () => (await judge.tell()).view.length === 2);
      await judge.tell();
    }
    // At full tier beyond the retention, after which an entry that cannot be judged is removed.
    const silent = times({ full: 12_000, quick: 2_200 });
    const block = times({ full: 60_000, quick: 2_500 });
    stop(stopped);
    blocked.say(`block ${block}`);
    const registry = new Registry({ directory });
    await eventually(
      'both have been silent beyond their ttl',
      async () => {
        const sightings = await registry.inspect();
        expect(sightings.map(({ verdict }) => verdict)).toEqual(['alive', 'alive']);
        return sightings.every(({ renewedAt }) => Date.now() - renewedAt > silent);
      },
      silent + 10_000,
    );
    stopped.child.kill('SIGCONT');
    await eventually('the block is over', () => blocked.lines.includes('did block'), block + 10_000);
    for (const judge of judges) {
      const { lost, doubts, removes, reaped, view } = await judge.tell();
      expect({ lost, doubts, removes, reaped }).toEqual({ lost: [], doubts: {}, removes: [], reaped: [] });
      expect(view).toEqual(ids);
    }
    expect((await registry.discover()).map(({ id }) => id).sort()).toEqual(ids);
  },
  { needs: ['linux'] },
);

prove(
  'G3',
  'a clock that jumps by an hour or a year, of the server or of who judges it, makes no difference',
  async () => {
    const hour = 3_600;
    const year = 365 * 24 * hour;
    await Promise.all(
      [hour, -hour, year, -year].map(async (jump) => {
        const directory = tempFolder();
        const [theirs, ours] = [createWallClock(), createWallClock()];
        const server = await startServer(directory, { env: { ...env, ...theirs.env } });
        const judge = startJudge(directory, [], ours.env);
        await eventually('the judge knows it', async () => (await judge.tell()).view.length === 1);
        const ids = [server.id];
        const registry = new Registry({ directory });
        const isOff = async (by: number) => {
          const ahead = ((await registry.inspect())[0]?.renewedAt ?? 0) - Date.now();
          return Math.abs(ahead - by * 1_000) < 60_000;
        };
        theirs.set(jump);
        await eventually('its heartbeats are off', () => isOff(jump), 20_000);
        await judged(judge, ids, 30);
        ours.set(-jump);
        await eventually('the judge is off as well', async () => {
          const { now } = await judged(judge, ids, 1);
          return Math.abs(now - Date.now() + jump * 1_000) < 60_000;
        });
        await judged(judge, ids, 30);
        // Silent as well: nothing is left that speaks for it but the process itself.
        stop(server);
        theirs.set(0);
        for (const again of [jump, 0, -jump, 0]) {
          ours.set(again);
          await judged(judge, ids, 30);
        }
        server.child.kill('SIGCONT');
        await eventually('its heartbeats are right again', () => isOff(0), 20_000);
        await judged(judge, ids, 30);
      }),
    );
  },
  { tier: 'full', needs: ['linux', 'faketime'] },
);

prove(
  'G3',
  'processes come and go while reapers work: no live one is ever hidden, called dead or removed',
  async () => {
    const count = times({ full: 200, quick: 10 });
    const directory = tempFolder();
    const judges = Array.from({ length: isFullTier ? 8 : 2 }, () => startJudge(directory));
    // A few at a time, or they would wait for each other's start longer than for anything else.
    const servers: Server[] = [];
    while (servers.length < count) {
      const wave = Math.min(10, count - servers.length);
      servers.push(...(await Promise.all(Array.from({ length: wave }, () => startServer(directory, { env })))));
    }
    const [staying, leaving] = [servers.filter((_, index) => index % 2 === 0), servers.filter((_, index) => index % 2)];
    for (const [index, server] of staying.entries()) {
      if (index % 5 === 0) stop(server);
      else if (index % 5 === 1) server.say('update');
    }
    for (const [index, server] of leaving.entries()) {
      if (index % 3 === 0) server.child.kill('SIGKILL');
      else if (index % 3 === 1) server.child.kill('SIGTERM');
      else server.say('deregister');
      // Newcomers take pids that have just become free.
      if (index % 4 === 0) staying.push(await startServer(directory, { name: 'newcomer', env }));
    }
    await Promise.all(
      leaving.map((server, index) => (index % 3 === 2 ? server.line(/^did deregister/) : server.ended)),
    );
    const ids = staying.map(({ id }) => id).sort();
    const known = new Set(ids);
    await eventually('only those who stay have a file', () => idsIn(directory).join() === ids.join(), 20_000);
    for (const server of staying) server.child.kill('SIGCONT');
    for (const judge of judges) {
      const { lost, doubts, removes, reaped, looks, errors } = await judge.tell();
      expect(looks).toBeGreaterThan(5);
      expect(errors).toEqual([]);
      const accused = [...lost, ...Object.keys(doubts), ...removes.map(([id]) => id), ...reaped];
      expect(accused.filter((id) => known.has(id))).toEqual([]);
    }
    expect((await new Registry({ directory }).discover()).map(({ id }) => id).sort()).toEqual(ids);
  },
  { needs: ['linux'], timeout: 60_000 },
);

prove(
  'G3',
  'a program whose first thread has ended while others run is alive (its state in /proc is that of a zombie)',
  async () => {
    const script = `
import ctypes, os, sys, threading
def serve():
    print('serving', flush=True)
    sys.stdin.read()
    os._exit(0)
threading.Thread(target=serve).start()
ctypes.CDLL(None).pthread_exit(None)`;
    const directory = tempFolder();
    const registry = new Registry({ directory });
    onTestFinished(() => registry.close());
    const program = start('python3', ['-c', script]);
    await program.line(/serving/);
    const state = () => /^State:\t(.)/m.exec(readFileSync(`/proc/${program.pid}/status`, 'latin1'))?.[1];
    await eventually('its first thread has ended', () => state() === 'Z');
    const { id } = await registry.register({ name: 'odd', endpoints: [{ type: 'stdio' }] }, { pid: program.pid });
    expect((await registry.inspect()).map(({ verdict, reason }) => [verdict, reason])).toEqual([
      ['alive', `process ${program.pid} is running`],
    ]);
    expect((await registry.reap()).removed).toEqual([]);
    expect((await registry.discover()).map((instance) => instance.id)).toEqual([id]);
    program.child.stdin?.end();
    await program.ended;
    expect(await registry.discover()).toEqual([]);
  },
  { needs: ['linux', 'python3'] },
);

const nobody = 54_321;
const asNobody = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'];

/** A registry of another user's, with a server of theirs; and in it, silent for long, an entry of a process of ours. */
async function otherUsers(context: TestContext) {
  const readable = start('setpriv', [...asNobody.slice(1), 'test', '-r', join(root, 'dist/index.js')]);
  if ((await readable.ended).code !== 0) context.skip('needs a project that other users may read');
  const directory = tempFolder();
  chownSync(directory, nobody, nobody);
  const server = await startServer(directory, { env, by: asNobody });
  const ours = start('sleep', ['1000']);
  const instance = JSON.parse(readFileSync(join(directory, 'v1', `${server.id}.json`), 'utf8'));
  const id = createId('ours');
  const path = join(directory, 'v1', `${id}.json`);
  const { pid, start: since, uid } = identifyOther(ours.pid);
  const process = { ...instance.process, pid, start: since, uid };
  writeFileSync(path, JSON.stringify({ ...instance, id, name: 'ours', process }), { mode: 0o600 });
  chownSync(path, nobody, nobody);
  utimesSync(path, new Date(0), new Date(0));
  stop(server);
  return { directory, server, id };
}

prove(
  'G3',
  'whoever may not signal a process (EPERM) sees it alive',
  async (context) => {
    const { directory, server, id } = await otherUsers(context);
    const judge = startJudge(directory, asNobody);
    await judged(judge, [id, server.id], 100);
  },
  { tier: 'full', needs: ['root', 'setpriv'] },
);

prove(
  'G3',
  'who sees only its own processes (hidepid) sees those alive, and calls no other dead',
  async (context) => {
    const { directory, server, id } = await otherUsers(context);
    const hide = 'mount -t proc -o hidepid=2 proc /proc && exec "$@"';
    const judge = startJudge(directory, ['unshare', '--mount', 'sh', '-c', hide, 'sh', ...asNobody]);
    let looks = 0;
    await eventually('it has looked often enough', async () => {
      const { lost, doubts, reaped, view, ...rest } = await judge.tell();
      looks += rest.looks;
      // What it cannot see is judged by its heartbeat, and that is silent: hidden, but never dead and not removed.
      const { [id]: reasons = [], ...others } = doubts;
      const wrong = reasons.filter(
        (reason) => !reason.startsWith('stale: ') || !reason.includes('cannot be looked at'),
      );
      expect({ lost, others, wrong, reaped }).toEqual({ lost: [], others: {}, wrong: [], reaped: [] });
      expect(view.filter((seen) => seen !== server.id)).toEqual([]);
      return looks >= 100 && reasons.length > 0;
    });
    expect(idsIn(directory)).toEqual([id, server.id].sort());
  },
  { tier: 'full', needs: ['root', 'unshare', 'setpriv', 'mount'] },
);
