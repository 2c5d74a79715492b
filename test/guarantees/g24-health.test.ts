/** G24: a monitor says what it has seen, after exactly the thresholds, and no instance can keep it from the others. */

import { expect, onTestFinished } from 'vitest';
import { HealthMonitor } from '../../src/health/monitor.js';
import type { Transition } from '../../src/health/transition.js';
import { Registry } from '../../src/registry/registry.js';
import { eventually } from '../support/eventually.js';
import { startFleet } from '../support/fleet.js';
import { type Running, startNode } from '../support/processes.js';
import { isWhole, prove, times } from '../support/prove.js';
import { tempFolder } from '../support/temp.js';

/** Two cores take their time to start thirty processes, in ms. */
const patience = 60_000;

interface Server extends Running {
  readonly id: string;
}

async function startServer(directory: string, mode: string, name = mode): Promise<Server> {
  const running = startNode('test/programs/health-server.js', [mode, name], {
    ROLLCALL_DIR: directory,
    TO: 'http://127.0.0.1:1/',
  });
  const id = (await running.line(/^registered /, patience)).slice('registered '.length);
  return { ...running, id };
}

prove(
  'G24',
  'thirty real servers, of which some are killed, stopped, mute, broken or redirect: each is what it is',
  async () => {
    const directory = tempFolder();
    const counts = isWhole ? { well: 16, mcp: 4 } : { well: 5, mcp: 2 };
    const [wells, ills, mcps] = await Promise.all([
      Promise.all(Array.from({ length: counts.well }, () => startServer(directory, 'well'))),
      Promise.all(['broken', 'failing', 'mute', 'redirect'].map((mode) => startServer(directory, mode))),
      startFleet(
        { directory },
        ['v2-http', 'v1-http', 'v1-sse', 'v2-unix'].flatMap((flavour) =>
          Array.from({ length: counts.mcp / 2 }, () => ({ flavour })),
        ),
      ),
    ]);
    const hung = await startFleet({ directory }, ['hung', 'not-mcp']);
    await using registry = new Registry({ directory });
    await using monitor = new HealthMonitor(registry, {
      interval: 200,
      timeout: 2_000,
    });
    // What 200 and a broken body say: a lie, that only its reader can see.
    monitor.check('database', async ({ name, endpoints: [endpoint] }, { signal }) => {
      if (name !== 'broken') return true;
      const { db } = (await (await fetch(`${endpoint?.url}health`, { signal })).json()) as { db: string };
      return db === 'up';
    });
    const told: Transition[] = [];
    monitor.on('transition', (transition) => told.push(transition));
    // Of each, how many rounds in a row have failed: critical is what has failed three times, at once and not before.
    const failures = new Map<string, number>();
    const tooEarly: Transition[] = [];
    monitor.on('checked', ({ id }, { outcome }) => {
      failures.set(id, outcome === 'fail' ? (failures.get(id) ?? 0) + 1 : 0);
    });
    monitor.on('transition', (transition) => {
      if (transition.to === 'critical' && failures.get(transition.id) !== 3) tooEarly.push(transition);
    });
    const statusOf = (id: string) => monitor.of(id)?.status;
    const whyOf = (id: string) => monitor.of(id)?.lastFailure;

    const good = [...wells.map(({ id }) => id), ...mcps.map(({ instance }) => instance.id)];
    await eventually('all that are well pass', () => good.every((id) => statusOf(id) === 'passing'), patience);
    const bad = [...ills.map(({ id }) => id), ...hung.map(({ instance }) => instance.id)];
    await eventually('all others are critical', () => bad.every((id) => statusOf(id) === 'critical'), patience);
    expect(bad.map((id) => `${whyOf(id)?.check}: ${whyOf(id)?.reason}`)).toEqual([
      'database: said no',
      'http: answers 500',
      'http: does not answer within 2000 ms',
      'http: answers with a redirect (302), which is not followed',
      expect.stringMatching(/^mcp: does not answer/),
      'mcp: answers, but not as an MCP server does (HTTP 200)',
    ]);

    for (let round = 0; round < times({ full: 5, quick: 1 }); round++) {
      // One stops and goes on, one falls ill and recovers, one is killed; the others do not notice.
      const [stopped, ill, killed] = wells.slice(0, 3) as [Server, Server, Server];
      const before = told.length;
      stopped.child.kill('SIGSTOP');
      ill.say('failing');
      killed.child.kill('SIGKILL');
      await killed.ended;
      await eventually(
        'the stopped and the ill one are critical',
        () => ([stopped, ill].every(({ id }) => statusOf(id) === 'critical') ? true : undefined),
        patience,
      );
      expect(whyOf(stopped.id)?.reason).toBe('does not answer within 2000 ms');
      await eventually('the killed one is not watched any more', () => statusOf(killed.id) === undefined);
      stopped.child.kill('SIGCONT');
      ill.say('well');
      await eventually('both pass', () => [stopped, ill].every(({ id }) => statusOf(id) === 'passing'), patience);
      const others = told.slice(before).filter(({ id }) => id !== stopped.id && id !== ill.id);
      expect(others).toEqual([]);
      wells.splice(2, 1, await startServer(directory, 'well'));
      await eventually('its successor passes', () => statusOf(wells[2]?.id ?? '') === 'passing', patience);
    }
    expect(tooEarly).toEqual([]);
    onTestFinished(() => {
      for (const { child } of [...wells, ...ills]) child.kill('SIGKILL');
    });
  },
  { timeout: 120_000, needs: ['linux'] },
);
