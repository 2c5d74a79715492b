/** Who a process is. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { identifyOther, identifySelf } from '../../src/process/identity.js';

/** Field 22 of /proc/PID/stat, counted by another way than the source does. */
const startOf = (pid: number | string) => {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return text.replace(/^\d+ \(.*\) /s, '').split(' ')[22 - 3];
};

test('this process is told apart by all that the system knows of it', (context) => {
  if (process.platform !== 'linux') context.skip('needs /proc');
  const namespace = (kind: string) => /\d+/.exec(readlinkSync(`/proc/self/ns/${kind}`))?.[0];
  const identity = identifySelf();
  expect(identity).toMatchObject({
    pid: process.pid,
    start: startOf('self'),
    host: hostname(),
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    pidNamespace: namespace('pid'),
    timeNamespace: namespace('time'),
    uid: process.getuid?.(),
  });
  expect(identity.machine).toMatch(/^\S+$/);
  expect(identity.start).toMatch(/^\d+$/);
});

test('it is found out once', () => {
  expect(identifySelf()).toBe(identifySelf());
});

test('a child has our surroundings and its own pid and start', async (context) => {
  if (process.platform !== 'linux') context.skip('needs /proc');
  const child = spawn('sleep', ['60']);
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  expect(identifyOther(pid)).toEqual({ ...identifySelf(), pid, start: startOf(pid) });
});

test('a process that is gone has no start', async () => {
  const child = spawn('true');
  await once(child, 'exit');
  expect(identifyOther(child.pid ?? 0)).toMatchObject({ pid: child.pid, start: undefined });
});
