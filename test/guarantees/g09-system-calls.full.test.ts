/** G9: real processes, killed at each system call of taking a key and of giving it back. */

import { join } from 'node:path';
import { expect } from 'vitest';
import { Registry } from '../../src/index.js';
import { type Answer, startActor } from '../support/actor.js';
import { prove } from '../support/prove.js';
import { type SystemCall, systemCalls, withFault } from '../support/strace.js';
import { tempFolder } from '../support/temp.js';

async function raise() {
  const directory = join(tempFolder(), 'registry');
  const actor = await startActor(directory, { WARM: join(tempFolder(), 'warm') });
  return { directory, actor };
}

for (const [act, before] of [
  ['claim', []],
  ['release', ['claim']],
  ['claim again', ['claim', 'release']],
] as const) {
  prove(
    'G9',
    `killed at any system call of "${act}", a holder leaves a key that the next one has at once, with a higher token`,
    async () => {
      const order = act.split(' ')[0] ?? '';
      const first = await raise();
      for (const each of before) await first.actor.ask(each);
      let calls: SystemCall[] = [];
      calls = await systemCalls(first.actor.pid, () => first.actor.ask(order));
      calls = calls.filter(({ text }) => text.includes(first.directory));
      expect(calls.length).toBeGreaterThan(5);
      const waiting = [...calls];
      // A hint about its own record may be looked into in between: then it makes a few calls more, or fewer.
      const misses = new Map<SystemCall, number>();
      const work = async () => {
        for (let call = waiting.pop(); call !== undefined; call = waiting.pop()) {
          const { actor, directory } = await raise();
          for (const each of before) await actor.ask(each);
          let answer: Answer = {};
          await withFault(actor.pid, call, 'signal=KILL', async () => {
            answer = await actor.ask(order);
          });
          if (answer.ended === undefined) {
            const missed = (misses.get(call) ?? 0) + 1;
            misses.set(call, missed);
            if (missed < 5) waiting.push(call);
            actor.child.kill('SIGKILL');
            continue;
          }
          expect(answer).toEqual({ ended: 'SIGKILL ' });
          const registry = new Registry({ directory });
          const claim = await registry.claim('leader');
          expect(claim.token, `killed at ${call.text}`).toBeGreaterThan(before.length > 0 ? 1 : 0);
          expect(await claim.check()).toBe(true);
          await registry.close();
        }
      };
      await Promise.all([work(), work(), work()]);
      const unmet = [...misses.values()].filter((count) => count >= 5).length;
      expect(unmet, 'calls it was never killed at').toBeLessThan(calls.length / 5);
    },
    { tier: 'full', needs: ['root', 'linux', 'strace'] },
  );
}
