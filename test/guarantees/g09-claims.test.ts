/** G9: at most one live local holder of a claim; fencing tokens only grow. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { Registry } from '../../src/index.js';
import { eventually } from '../support/eventually.js';
import { type Running, startNode } from '../support/processes.js';
import { isWhole, prove, times } from '../support/prove.js';
import { type Contender, type Outcome, Race } from '../support/schedule.js';
import { tempFolder } from '../support/temp.js';

function assertAlone({ tokens, overlaps }: Outcome, schedule: unknown): void {
  const isGrowing = tokens.every((token, index) => index === 0 || token > (tokens[index - 1] as number));
  if (overlaps > 0 || !isGrowing)
    throw new Error(`two held it: tokens ${tokens}, schedule ${JSON.stringify(schedule)}`);
}

prove(
  'G9',
  'two contenders in every order of their steps: one holds the claim at a time',
  async () => {
    // Depth first, each schedule from the beginning: which of those who can take a step takes it.
    const [most, rounds] = isWhole ? [100_000, 2] : [300, 1];
    let schedule: number[] = [];
    let schedules = 0;
    for (let isDone = false; !isDone && schedules < most; schedules++) {
      const race = new Race(2, rounds);
      const widths: number[] = [];
      for (let ready = await race.ready(); ready.length > 0; ready = await race.ready()) {
        const choice = schedule[widths.length] ?? 0;
        widths.push(ready.length);
        schedule[widths.length - 1] = choice;
        ready[choice]?.advance();
      }
      assertAlone(race.outcome, schedule);
      expect(race.outcome.tokens.length).toBeGreaterThan(0);
      // The next one: the last choice that can be another is.
      let last = widths.length - 1;
      while (last >= 0 && (schedule[last] ?? 0) + 1 >= (widths[last] ?? 0)) last--;
      isDone = last < 0;
      schedule = [...schedule.slice(0, last), (schedule[last] ?? 0) + 1];
    }
    console.log(`${schedules} schedules of two contenders`);
  },
  { timeout: 60_000 },
);

prove(
  'G9',
  'three contenders that sleep and are killed at any step: one living holds the claim at a time',
  async () => {
    let steps = 0;
    await fc.assert(
      fc.asyncProperty(
        // Whose turn it is, for how many steps, and whether it is killed then.
        fc.array(
          fc.record({
            who: fc.nat(2),
            steps: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constant(60)),
            dies: fc.boolean(),
          }),
          { minLength: 20, maxLength: 60 },
        ),
        async (schedule) => {
          const race = new Race(3, 12);
          let deaths = 0;
          for (const { who, steps: length, dies } of schedule) {
            for (let step = 0; step < length; step++) {
              const ready = await race.ready();
              const turn = ready[who % Math.max(1, ready.length)];
              if (turn === undefined) return assertAlone(race.outcome, schedule);
              if (dies && step === length - 1 && deaths++ < 1) turn.crash();
              else turn.advance();
              steps++;
            }
          }
          assertAlone(race.outcome, schedule);
        },
      ),
      { numRuns: times({ full: 5_000, quick: 40 }) },
    );
    console.log(`${steps} steps`);
  },
  { timeout: 60_000 },
);

prove(
  'G9',
  'a contender that sleeps before it takes the key, while others go on by many, does not hold it too',
  async () => {
    for (let calls = 1; calls <= 4; calls++) {
      const race = new Race(2, 14);
      const [sleeper, other] = (await race.ready()) as [never, never] as unknown as Awaited<ReturnType<Race['ready']>>;
      for (let call = 0; call < calls; call++) {
        await race.ready();
        sleeper?.advance();
      }
      // The other wins or is refused again and again, as long as it can.
      for (let step = 0; step < 400; step++) {
        await race.ready();
        other?.advance();
      }
      for (let step = 0; step < 400; step++) {
        await race.ready();
        sleeper?.advance();
      }
      assertAlone(race.outcome, `asleep after ${calls} calls`);
      expect(race.outcome.tokens.length).toBeGreaterThan(1);
    }
  },
);

prove(
  'G9',
  'a holder that passes the key on, and is killed at any step while another looks: only one of them holds it',
  async () => {
    let passed = 0;
    const turns = [0, 1, 2, 3, 4, 5, 6, 7, 8];
    for (const schedule of turns.flatMap((a) => turns.flatMap((b) => turns.map((c) => [a, b, c] as const)))) {
      const race = new Race(2, 2, true);
      const [holder, other] = (await race.ready()) as [Contender, Contender];
      const advance = async (who: Contender, steps: number) => {
        for (let step = 0; step < steps; step++) {
          who.advance();
          await race.ready();
        }
      };
      await advance(holder, schedule[0]);
      await advance(other, schedule[1]);
      await advance(holder, schedule[2]);
      holder.crash();
      if (holder.isHolding) passed++;
      await advance(other, 60);
      assertAlone(race.outcome, schedule);
    }
    expect(passed).toBeGreaterThan(100);
  },
);

/** One line of the log: what happened, which token, whose, and when, in ns of the machine's monotonic clock. */
interface Line {
  readonly what: 'acquire' | 'release' | 'lost' | 'kill';
  readonly token: number;
  readonly pid: number;
  readonly at: bigint;
}

const linesOf = (path: string): Line[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [what, token, pid, at] = line.split(' ');
      return { what: what as Line['what'], token: Number(token), pid: Number(pid), at: BigInt(at ?? 0) };
    });

/** Each hold ends, by its release, its loss or its death, before the next begins. */
function assertOneAtATime(lines: readonly Line[]): number {
  const holds = lines.filter(({ what }) => what === 'acquire').sort((a, b) => a.token - b.token);
  const endOf = ({ token, pid }: Line) => {
    const own = lines.find(
      (line) => line.what !== 'acquire' && line.what !== 'kill' && line.token === token && line.pid === pid,
    );
    return own ?? lines.find((line) => line.what === 'kill' && line.pid === pid);
  };
  for (const [index, hold] of holds.entries()) {
    const next = holds[index + 1];
    if (next === undefined) break;
    expect(next.token, 'a token of its own').toBeGreaterThan(hold.token);
    const end = endOf(hold);
    expect(end, `token ${hold.token} of ${hold.pid} has ended`).toBeDefined();
    expect((end?.at ?? 0n) <= next.at, `token ${next.token} was taken before ${hold.token} ended`).toBe(true);
  }
  return holds.length;
}

prove(
  'G9',
  'fifty processes fight for one claim, holders killed and stopped at random: the holds never overlap',
  async () => {
    const directory = tempFolder();
    const log = join(directory, 'log');
    writeFileSync(log, '');
    const count = isWhole ? 50 : 6;
    const lasts = isWhole ? 30_000 : 3_000;
    const env = { ROLLCALL_DIR: directory, LOG: log, TTL: '1000' };
    const begin = () => startNode('test/programs/claimer.js', [], env);
    const running = new Set<Running>(Array.from({ length: count }, begin));
    await Promise.all([...running].map((each) => each.line(/^ready/, 120_000)));
    for (const each of running) each.say('go');
    const stopped = new Map<Running, number>();
    const until = performance.now() + lasts;
    let [kills, stops] = [0, 0];
    await eventually(
      'the fight is over',
      () => {
        const now = performance.now();
        for (const [each, since] of stopped) {
          // Longer than any timeout there is: three times the ttl.
          if (now - since < 3_000) continue;
          stopped.delete(each);
          each.child.kill('SIGCONT');
        }
        const holds = linesOf(log).filter(({ what }) => what === 'acquire');
        const victim = [...running].find(({ pid }) => pid === holds.at(-1)?.pid);
        // After the time nobody is hurt any more: whoever was stopped last has to be followed by another.
        const fate = now < until ? Math.random() : 1;
        if (victim !== undefined && !stopped.has(victim) && fate < 0.1) {
          // Written down first: who follows may be faster than we.
          const at = process.hrtime.bigint();
          writeFileSync(log, `kill 0 ${victim.pid} ${at}\n`, { flag: 'a' });
          victim.child.kill('SIGKILL');
          running.delete(victim);
          kills++;
          const fresh = begin();
          running.add(fresh);
          void fresh.line(/^ready/, 120_000).then(() => fresh.say('go'));
        } else if (victim !== undefined && !stopped.has(victim) && fate < 0.15) {
          victim.child.kill('SIGSTOP');
          stopped.set(victim, now);
          stops++;
        }
        return now > until && stopped.size === 0 && holds.length > kills + stops ? true : undefined;
      },
      lasts * 4,
    );
    for (const each of running) each.child.kill('SIGKILL');
    await Promise.all([...running].map(({ ended }) => ended));
    const holds = assertOneAtATime(linesOf(log));
    expect(holds).toBeGreaterThan(kills + stops);
    expect(linesOf(log).filter(({ what }) => what === 'lost')).toEqual([]);
    console.log(`${holds} holds, ${kills} holders killed, ${stops} stopped`);
    // And it comes free at once.
    await using registry = new Registry({ directory });
    const claim = await registry.claim('leader');
    expect(claim.token).toBeGreaterThan(holds - 1);
  },
  { timeout: 60_000, needs: ['linux'] },
);
