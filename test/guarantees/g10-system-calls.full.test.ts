/** G1, G2, G10, G15: real processes, with every system call failing in turn, and SIGKILL at each. */

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { encode } from '../../src/core/codec.js';
import { identifySelf } from '../../src/process/identity.js';
import { Layout } from '../../src/store/file/directory.js';
import { sealed, tearIn } from '../programs/sealed.js';
import { type Actor, type Answer, startActor } from '../support/actor.js';
import { age, assertHealthy, textsIn } from '../support/healthy.js';
import { makeInstance } from '../support/make-instance.js';
import { prove } from '../support/prove.js';
import { type SystemCall, systemCalls, withFault } from '../support/strace.js';
import { tempFolder } from '../support/temp.js';

interface Operation {
  /** What the actor does before, and what it does under attack. */
  readonly before: readonly string[];
  readonly act: string;
  /** What stands in the folder besides, for each attack anew. */
  readonly arrange?: (layout: Layout) => void;
  /** Who is found afterwards, besides the actor. */
  readonly hasBystander?: false;
}

const arrangeLeftovers = (layout: Layout) => {
  const self = identifySelf();
  const dead = makeInstance({ name: 'dead', process: { ...self, start: `${Number(self.start) - 1}` } });
  for (const [path, text] of [
    [layout.entry(dead.id), encode(dead)],
    [layout.draft(dead.id, 'half'), '{"for'],
    [layout.lock(dead.id), ''],
  ] as const) {
    writeFileSync(path, text, { mode: 0o600 });
  }
  age(layout.root);
};

const operations: Record<string, Operation> = {
  register: { before: [], act: 'register 3000' },
  'register where no folder is': {
    before: [],
    act: 'register 3000',
    arrange: ({ root }) => rmSync(root, { recursive: true, force: true }),
    hasBystander: false,
  },
  update: { before: ['register 3000'], act: 'update 9000' },
  touch: { before: ['register 3000'], act: 'touch' },
  deregister: { before: ['register 3000'], act: 'deregister' },
  'reap and sweep': { before: ['register 3000'], act: 'reap', arrange: arrangeLeftovers },
};

async function raise(
  operation: Operation,
  env: NodeJS.ProcessEnv = {},
): Promise<{ actor: Actor; layout: Layout; bystander: string[] }> {
  const layout = new Layout(join(tempFolder(), 'registry'));
  const bystander = makeInstance({ name: 'bystander', process: identifySelf(), metadata: sealed(500) });
  if (operation.hasBystander !== false) {
    layout.prepare();
    writeFileSync(layout.entry(bystander.id), encode(bystander), { mode: 0o600 });
  }
  const actor = await startActor(layout.root, { WARM: join(tempFolder(), 'warm'), ...env });
  return { actor, layout, bystander: operation.hasBystander === false ? [] : [bystander.id] };
}

/** Those of the operation's system calls that have to do with the folder, in their order. */
async function callsOf(operation: Operation, stage: Stage): Promise<SystemCall[]> {
  let calls: SystemCall[] = [];
  await perform(stage, operation, async (ask) => {
    calls = await systemCalls(stage.actor.pid, ask);
    return '';
  });
  return calls.filter(({ text }) => isAimed(text, stage.layout));
}

/** What is not a call on our files, or on the processes that are looked at, is none of ours. */
const isAimed = (text: string | undefined, { root }: Layout) =>
  text?.includes(root) === true || text?.includes('/proc/');

const needs = ['root', 'linux', 'strace'] as const;

for (const [name, operation] of Object.entries(operations)) {
  prove(
    'G10',
    `killed at any system call of "${name}", a program leaves a folder that heals`,
    async () => {
      const calls = await callsOf(operation, await raise(operation));
      expect(calls.length).toBeGreaterThan(1);
      const waiting = [...calls];
      let misses = 0;
      const work = async () => {
        for (let call = waiting.pop(); call !== undefined; call = waiting.pop()) {
          const { actor, layout, bystander } = await raise(operation);
          for (const order of operation.before) await actor.ask(order);
          operation.arrange?.(layout);
          let answer: Answer = {};
          await withFault(actor.pid, call, 'signal=KILL', async () => {
            answer = await actor.ask(operation.act);
          });
          if (answer.ended === undefined) {
            // It made fewer calls of this name than the one before, not all of which are on the folder.
            expect(++misses, `not killed at ${call.text}`).toBeLessThan(20);
            waiting.push(call);
            actor.child.kill('SIGKILL');
            continue;
          }
          expect(answer).toEqual({ ended: 'SIGKILL ' });
          await assertHealthy(layout.root, bystander).catch((error) => {
            throw new Error(`killed at ${call?.text}: ${error.message}`, { cause: error });
          });
        }
      };
      await Promise.all([work(), work(), work()]);
    },
    { tier: 'full', needs },
  );

  prove(
    'G2',
    `whichever system call fails in "${name}", it is done, or rejects and changes nothing`,
    async () => {
      let stage = await raise(operation);
      // Once without a fault: some calls are made the first time only.
      await perform(stage, operation);
      // A close that fails has not closed here, as it would have in truth.
      const calls = (await callsOf(operation, stage)).filter((call) => call.name !== 'close');
      const cases = ['ENOSPC', 'EIO', 'EACCES', 'EMFILE'].flatMap((errno) =>
        calls.map((call) => [errno, call] as const),
      );
      let misses = 0;
      for (let next = cases.pop(); next !== undefined; next = cases.pop()) {
        const [errno, call] = next;
        let met: string | undefined;
        await perform(stage, operation, async (ask) => {
          met = await withFault(stage.actor.pid, call, `error=${errno}`, ask);
          return `${errno} at ${met}`;
        }).catch((error) => {
          if (isAimed(met, stage.layout)) throw error;
        });
        if (isAimed(met, stage.layout)) continue;
        // Something else came in between (an answer to us, say), and it met that.
        expect(++misses).toBeLessThan(20);
        cases.push(next);
        stage.actor.child.kill('SIGKILL');
        stage = await raise(operation);
        await perform(stage, operation);
      }
    },
    { tier: 'full', needs },
  );
}

prove(
  'G15',
  'under umask 000 no file is ever made with more than 0600 and no folder with more than 0700',
  async () => {
    for (const operation of Object.values(operations)) {
      const calls = await callsOf(operation, await raise(operation, { UMASK: '000' }));
      for (const { text } of calls) {
        if (/O_CREAT|^creat/.test(text)) expect(text).toMatch(/, 0600\)/);
        if (/^mkdir/.test(text)) expect(text).toMatch(/, 0700\)/);
        if (/^f?chmod/.test(text)) expect(text).toMatch(/, 0[67]00\)/);
      }
      const made = calls.filter(({ text }) => /O_CREAT|^mkdir/.test(text)).length;
      if (/^(register|update)/.test(operation.act)) expect(made).toBeGreaterThan(0);
    }
  },
  { tier: 'full', needs },
);

type Stage = Awaited<ReturnType<typeof raise>>;

/**
 * Has the actor do the operation, if need be under attack, and judges it: done, or rejected and nothing changed, and
 * then done at the second attempt. All is well in the folder afterwards, and the actor ready for the next time.
 */
async function perform(
  { actor, layout, bystander }: Stage,
  { before, act, arrange }: Operation,
  attack = async (ask: () => Promise<unknown>) => {
    await ask();
    return '';
  },
): Promise<void> {
  for (const order of before) await actor.ask(order);
  arrange?.(layout);
  const previous = textsIn(layout.root);
  let answer: Answer = {};
  const story = await attack(async () => {
    answer = await actor.ask(act);
  });
  try {
    if (answer.failed !== undefined) {
      expect(answer.code).toBe('ROLLCALL_STORE');
      // A reap may have removed some, and says of which it could not.
      if (act !== 'reap') expect(textsIn(layout.root)).toEqual(previous);
      if (existsSync(layout.locks)) age(layout.root);
      // A registration whose removal failed counts as over; its entry stays until somebody removes it.
      if (act === 'deregister') rmSync(layout.entry(answer.id ?? ''));
      answer = act === 'deregister' ? { did: act } : await actor.ask(act);
    }
    expect(answer.did, JSON.stringify(answer)).toBe(act.split(' ')[0]);
    if (act === 'reap') await actor.ask('reap');
    const { id = '', seal } = answer;
    if (act !== 'deregister') {
      const body = readFileSync(layout.entry(id), 'utf8');
      expect(tearIn(body)).toBeUndefined();
      expect(JSON.parse(body).metadata.seal).toBe(seal);
    }
    await assertHealthy(layout.root, act === 'deregister' ? bystander : [...bystander, id]);
    if (act !== 'deregister') expect((await actor.ask('deregister')).did).toBe('deregister');
  } catch (error) {
    throw new Error(`${story}: ${JSON.stringify(answer)}: ${(error as Error).message}`, { cause: error });
  }
}
