/** Calls through a router: none lost that may be made again, none carried out twice that may not. */

import { existsSync, readFileSync } from 'node:fs';
import { expect, onTestFinished } from 'vitest';
import { Registry } from '../../src/registry/registry.js';
import { type CallOptions, createRouter, type Router } from '../../src/route/index.js';
import { type Running, startNode } from '../support/processes.js';
import { prove, times } from '../support/prove.js';
import { tempFolder } from '../support/temp.js';

const name = 'counter';

/** Sends a call by its own id, and gives what was answered. */
type Send = (router: Router, call: string, options: CallOptions) => Promise<string>;

const send: Record<'http' | 'mcp', Send> = {
  http: async (router, call, options) =>
    (await router.fetch({ name }, '/', { method: 'POST', body: call, ...options })).text(),
  mcp: async (router, call, options) => {
    const { content } = await router.callTool('count', { call }, { query: { name }, ...options });
    return (content[0] as { text: string }).text;
  },
};

/** Five servers, of which one or two are always being killed and started anew. */
async function makeTrouble(kind: 'http' | 'mcp') {
  const folder = tempFolder();
  const log = `${folder}/log`;
  const env = { ROLLCALL_DIR: `${folder}/registry`, LOG: log };
  const start = async () => {
    const running = startNode('test/programs/counter.js', [kind, name], env);
    await running.line(/^registered /);
    return running;
  };
  const registry = new Registry({ directory: env.ROLLCALL_DIR });
  const router = createRouter(registry, { strategy: 'round-robin', timeout: 60_000 });
  onTestFinished(async () => {
    await router.close();
    await registry.close();
  });
  const servers = await Promise.all([0, 1, 2, 3, 4].map(start));
  let isOver = false;
  let kills = 0;
  const strike = async (own: readonly number[]) => {
    while (!isOver) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
      const index = own[Math.floor(Math.random() * own.length)] as number;
      const { pid, ended } = servers[index] as Running;
      process.kill(pid, 'SIGKILL');
      kills++;
      await ended;
      servers[index] = await start();
      // None of them lives long enough to sweep.
      await registry.reap();
    }
  };
  // Each has its own: never are more than two away.
  const striking = [strike([0, 1]), strike([2, 3, 4])];
  const stop = async () => {
    isOver = true;
    await Promise.all(striking);
  };
  onTestFinished(stop);
  /** How often each call was begun, by what the servers have written. */
  const begun = () => {
    const counts = new Map<string, number>();
    const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : [];
    for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
    return counts;
  };
  return { router, stop, begun, kills: () => kills };
}

/** Makes at least `count` calls, 20 at a time, until it has been trouble enough. */
async function makeCalls(count: number, isEnough: () => boolean, act: (call: string) => Promise<void>) {
  let made = 0;
  const worker = async () => {
    while (made < count || !isEnough()) await act(`call-${++made}`);
  };
  await Promise.all(Array.from({ length: 20 }, worker));
  return made;
}

const cases = [
  ['http', { full: 10_000, quick: 400 }],
  ['mcp', { full: 2_000, quick: 200 }],
] as const;

for (const [kind, counts] of cases) {
  const count = () => times(counts);
  const leastKills = () => times({ full: 50, quick: 6 });

  prove(
    'G25',
    `each idempotent call is answered, and once, while servers are killed and started (${kind})`,
    async () => {
      const { router, stop, begun, kills } = await makeTrouble(kind);
      const answers = new Map<string, number>();
      const lost: unknown[] = [];
      const options = { idempotent: true, attempts: 10 };
      const made = await makeCalls(
        count(),
        () => kills() >= leastKills(),
        async (call) => {
          try {
            // The answer to this call, and to no other.
            expect(await send[kind](router, call, options)).toBe(call);
            answers.set(call, (answers.get(call) ?? 0) + 1);
          } catch (error) {
            lost.push(error);
          }
        },
      );
      await stop();
      expect(lost).toEqual([]);
      expect(answers.size).toBe(made);
      expect(Math.max(...answers.values())).toBe(1);
      const seen = begun();
      for (const call of answers.keys()) expect(seen.get(call), call).toBeGreaterThanOrEqual(1);
      const again = [...seen.values()].filter((times) => times > 1).length;
      console.log(`${made} calls, ${kills()} kills: all answered; ${again} were begun more than once`);
    },
    { needs: ['linux'], timeout: 60_000 },
  );

  prove(
    'G25',
    `a call that is not idempotent is never begun twice, while servers are killed and started (${kind})`,
    async () => {
      const { router, stop, begun, kills } = await makeTrouble(kind);
      const answered = new Set<string>();
      const failed = new Map<string, unknown>();
      const brokenOff = () => {
        const seen = begun();
        return [...failed.keys()].filter((call) => seen.has(call)).length;
      };
      // Unless some broke off in the middle, nothing was shown.
      const isEnough = () => kills() >= leastKills() && brokenOff() > 0;
      await makeCalls(count(), isEnough, async (call) => {
        try {
          expect(await send[kind](router, call, {})).toBe(call);
          answered.add(call);
        } catch (error) {
          failed.set(call, error);
        }
      });
      await stop();
      const seen = begun();
      expect([...seen].filter(([, times]) => times > 1)).toEqual([]);
      expect([...answered].filter((call) => seen.get(call) !== 1)).toEqual([]);
      for (const [call, error] of failed) expect(error, call).toMatchObject({ code: 'ROLLCALL_UNANSWERED' });
      console.log(
        `${answered.size} answered, ${failed.size} not, of which ${brokenOff()} were begun; ${kills()} kills`,
      );
    },
    { needs: ['linux'], timeout: 60_000 },
  );
}
