/** Proof of death, never doubt: every row of the order of evidence. */

import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { ProcessIdentity } from '../../src/core/instance.js';
import { judge, type Look } from '../../src/core/verdict.js';
import { observer } from '../../src/testing/fake-probe.js';

const subject: ProcessIdentity = { ...observer, pid: 4711, start: '123456' };
const [fresh, lapsed] = [
  { age: 45_000, ttl: 45_000 },
  { age: 45_001, ttl: 45_000 },
];
const there = (start?: string): Look => ({ is: 'there', start });
const same = there('123456');

/** A field given as `undefined` is missing from the entry. */
const entry = (given: Partial<ProcessIdentity>) => ({ ...subject, ...given });

const byHeartbeat = 'by heartbeat';
const rows: [string, Partial<ProcessIdentity>, Look, 'alive' | 'dead' | typeof byHeartbeat][] = [
  // Another machine, or none that is told.
  ['another machine', { machine: 'machine-2' }, { is: 'gone' }, byHeartbeat],
  ['another machine and another boot', { machine: 'machine-2', boot: 'boot-2' }, { is: 'gone' }, byHeartbeat],
  ['no machine', { machine: undefined }, { is: 'gone' }, byHeartbeat],
  // The same machine, another boot.
  ['another boot of this machine', { boot: 'boot-0' }, same, 'dead'],
  [
    'a cloned machine id: another host and another boot',
    { boot: 'boot-2', host: 'host-2' },
    { is: 'gone' },
    byHeartbeat,
  ],
  ['another boot, and no host', { boot: 'boot-2', host: undefined }, { is: 'gone' }, byHeartbeat],
  ['no boot', { boot: undefined }, { is: 'gone' }, byHeartbeat],
  ['another boot and another container', { boot: 'boot-0', pidNamespace: '1' }, same, 'dead'],
  ['the same boot under another host name', { host: 'host-2' }, { is: 'gone' }, 'dead'],
  // Another namespace.
  ['another pid namespace', { pidNamespace: '1' }, { is: 'gone' }, byHeartbeat],
  ['no pid namespace', { pidNamespace: undefined }, { is: 'gone' }, byHeartbeat],
  ['another time namespace', { timeNamespace: '1' }, { is: 'gone' }, byHeartbeat],
  ['no time namespace', { timeNamespace: undefined }, there('9'), byHeartbeat],
  // What is at the pid.
  ['no process', {}, { is: 'gone' }, 'dead'],
  ['a zombie', {}, { is: 'zombie' }, 'dead'],
  ["a thread's id", {}, { is: 'thread' }, 'dead'],
  ['no process, whoever it belonged to', { uid: 0 }, { is: 'gone' }, 'dead'],
  ['no process, and no start on record', { start: undefined }, { is: 'gone' }, 'dead'],
  ['a reused pid', {}, there('123457'), 'dead'],
  ['the same process', {}, same, 'alive'],
  ['the same process of another user', { uid: 0 }, same, 'alive'],
  ['one that may not be looked at', {}, { is: 'hidden' }, byHeartbeat],
  ['a process, and no start on record', { start: undefined }, same, byHeartbeat],
  ['a process whose start cannot be told', {}, there(), byHeartbeat],
  // Starts of two kinds.
  ['ticks on record, an instant seen', {}, there('2026-01-01T00:00:00.000Z'), byHeartbeat],
  ['an instant on record, ticks seen', { start: '2026-01-01T00:00:00.000Z' }, same, byHeartbeat],
  [
    'an instant within the tolerance',
    { start: '2026-01-01T00:00:00.000Z' },
    there('2026-01-01T00:00:03.000Z'),
    'alive',
  ],
  ['an instant before within it', { start: '2026-01-01T00:00:03.000Z' }, there('2026-01-01T00:00:00.000Z'), 'alive'],
  ['an instant beyond it', { start: '2026-01-01T00:00:00.000Z' }, there('2026-01-01T00:00:03.001Z'), 'dead'],
  ['a start that is neither', { start: 'yesterday' }, there('today'), byHeartbeat],
];

describe.each(rows)('%s', (_, given, look, expected) => {
  test.each([
    ['fresh', fresh],
    ['lapsed', lapsed],
  ] as const)(`is judged (${expected}) with a %s heartbeat`, (heard, heartbeat) => {
    const { verdict, reason } = judge(entry(given), observer, () => look, heartbeat);
    const wanted = expected === byHeartbeat ? (heard === 'fresh' ? 'alive' : 'stale') : expected;
    expect(verdict).toBe(wanted);
    expect(reason).not.toBe('');
    if (expected === byHeartbeat) expect(reason).toContain('last heartbeat 45 s ago');
  });
});

test.each<[string, Partial<ProcessIdentity>]>([
  ['of another machine', { machine: 'machine-2' }],
  ['of an earlier boot', { boot: 'boot-0' }],
  ['of another pid namespace', { pidNamespace: '1' }],
  ['of another time namespace', { timeNamespace: '1' }],
])('the pid of a process %s is not looked at: here it means nothing', (_, given) => {
  const look = vi.fn(() => same);
  judge(entry(given), observer, look, fresh);
  expect(look).not.toHaveBeenCalled();
});

test('the look is told the start on record', () => {
  const look = vi.fn(() => same);
  judge(subject, observer, look, fresh);
  expect(look).toHaveBeenCalledWith(4711, '123456');
});

test('where nobody knows boots and namespaces, the pid and the start decide', () => {
  const mac = { pid: 1, machine: 'mac', host: 'mac' };
  const start = '2026-01-01T00:00:00.000Z';
  expect(judge({ ...mac, start }, mac, () => ({ is: 'gone' }), fresh).verdict).toBe('dead');
  expect(judge({ ...mac, start }, mac, () => there(start), lapsed).verdict).toBe('alive');
});

test('a heartbeat in the future is fresh, and said to be', () => {
  const { verdict, reason } = judge(entry({ machine: 'machine-2' }), observer, () => same, { age: -5_000, ttl: 1_000 });
  expect(verdict).toBe('alive');
  expect(reason).toContain('in the future');
});

test('a stale reason says how long it was silent and what it promised', () => {
  const heartbeat = { age: 60_000, ttl: 45_000 };
  expect(judge(entry({ machine: 'machine-2' }), observer, () => same, heartbeat)).toEqual({
    verdict: 'stale',
    reason: 'runs on another machine (host-1); last heartbeat 60 s ago, ttl 45 s',
  });
});

test('without proof there is no death, whatever is in the entry', () => {
  const value = fc.option(fc.constantFrom('machine-1', 'host-1', 'boot-1', '4026531836', '4026531834', 'x', ''), {
    nil: undefined,
  });
  const identity = fc.record({
    pid: fc.constant(4711),
    start: value,
    machine: value,
    host: value,
    boot: value,
    pidNamespace: value,
    timeNamespace: value,
  });
  const looks = fc.constantFrom<Look>({ is: 'hidden' }, there(), same, { is: 'gone' });
  fc.assert(
    fc.property(identity, looks, (who, look) => {
      const { verdict } = judge(who, observer, () => look, lapsed);
      if (verdict !== 'dead') return;
      // Every death is of this machine; and of an earlier boot with a host that is ours, or seen in our namespaces.
      expect(who.machine).toBe(observer.machine);
      const isEarlierBoot = who.boot !== undefined && who.boot !== observer.boot && who.host === observer.host;
      const isSeen =
        who.boot === observer.boot &&
        who.pidNamespace === observer.pidNamespace &&
        who.timeNamespace === observer.timeNamespace &&
        look.is === 'gone';
      expect(isEarlierBoot || isSeen).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});
