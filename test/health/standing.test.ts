/** The state machine: after which rounds an instance is what. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HealthStatus, Outcome } from '../../src/health/health.js';
import { stand, unchecked } from '../../src/health/standing.js';

const outcomes = { p: 'pass', w: 'warn', f: 'fail' } as const;
const usual = { failureThreshold: 3, successThreshold: 2 };

/** The status after each of these rounds, by its first letter. */
function walk(rounds: string, thresholds = usual): string {
  let standing = unchecked;
  let walked = '';
  for (const round of rounds) {
    standing = stand(standing, outcomes[round as keyof typeof outcomes], thresholds);
    walked += standing.status.slice(0, 1);
  }
  return walked;
}

describe('3 down, 2 up', () => {
  test.each([
    // Of what nothing is known the first answer is believed; that there is none, after three.
    ['p', 'p'],
    ['w', 'w'],
    ['f', 'u'],
    ['ff', 'uu'],
    ['fff', 'uuc'],
    ['ffp', 'uup'],
    // Down, after three in a row and not before.
    ['pff', 'ppp'],
    ['pfff', 'pppc'],
    ['pffpff', 'pppppp'],
    ['pffpfff', 'ppppppc'],
    // Up, after two.
    ['pfffp', 'pppcc'],
    ['pfffpp', 'pppccp'],
    ['pfffpfp', 'pppcccc'],
    ['pfffpfpp', 'pppccccp'],
    // Warnings.
    ['pww', 'ppp'],
    ['pwww', 'pppw'],
    ['pwfw', 'pppw'],
    ['pwff', 'pppw'],
    ['pwfff', 'pppwc'],
    ['pwwwp', 'pppww'],
    ['pwwwpp', 'pppwwp'],
    ['pwwwpwpp', 'pppwwwwp'],
    ['pfffww', 'pppccw'],
    ['pfffwp', 'pppccw'],
    ['pfffpw', 'pppccw'],
    ['pfffwpp', 'pppccwp'],
    ['wff', 'www'],
    ['wfff', 'wwwc'],
  ])('%s → %s', (rounds, statuses) => expect(walk(rounds)).toBe(statuses));
});

test.each([
  ['pf', { failureThreshold: 1, successThreshold: 1 }, 'pc'],
  ['pfp', { failureThreshold: 1, successThreshold: 1 }, 'pcp'],
  ['pffffp', { failureThreshold: 5, successThreshold: 1 }, 'pppppp'],
  ['pfffffppp', { failureThreshold: 5, successThreshold: 3 }, 'pppppcccp'],
])('other thresholds: %s', (rounds, thresholds, statuses) => expect(walk(rounds, thresholds)).toBe(statuses));

test('does not flap: fewer bad rounds in a row than the threshold never change what is passing', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 6 }),
      fc.array(fc.tuple(fc.nat(5), fc.constantFrom<Outcome>('warn', 'fail')), { maxLength: 30 }),
      (failureThreshold, runs) => {
        let standing = stand(unchecked, 'pass', { failureThreshold, successThreshold: 2 });
        for (const [length, outcome] of runs) {
          for (let round = 0; round < Math.min(length, failureThreshold - 1); round++) {
            standing = stand(standing, outcome, { failureThreshold, successThreshold: 2 });
          }
          standing = stand(standing, 'pass', { failureThreshold, successThreshold: 2 });
          expect(standing.status).toBe('passing');
        }
      },
    ),
  );
});

test('as many equal rounds as the thresholds ask for lead to their status, wherever it stood', () => {
  const ends: Record<Outcome, HealthStatus> = { pass: 'passing', warn: 'warning', fail: 'critical' };
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom<Outcome>('pass', 'warn', 'fail'), { maxLength: 40 }),
      fc.constantFrom<Outcome>('pass', 'warn', 'fail'),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 5 }),
      (before, outcome, failureThreshold, successThreshold) => {
        const thresholds = { failureThreshold, successThreshold };
        let standing = before.reduce((last, each) => stand(last, each, thresholds), unchecked);
        const rounds = Math.max(failureThreshold, successThreshold);
        for (let round = 0; round < rounds; round++) standing = stand(standing, outcome, thresholds);
        expect(standing.status).toBe(ends[outcome]);
      },
    ),
  );
});
