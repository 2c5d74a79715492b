/** What a process uses. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { readLoad, readUsage } from '../../src/process/usage.js';
import { eventually } from '../support/eventually.js';

test('of this process there is some', async () => {
  const usage = await readUsage(process.pid);
  expect(usage?.memory).toBeGreaterThan(10_000_000);
  expect(usage?.cpu).toBeGreaterThanOrEqual(0);
  expect(Math.abs((usage?.elapsed ?? 0) - performance.now())).toBeLessThan(3_000);
});

test('of a process that is gone nothing can be told', async () => {
  const child = spawn('true');
  await once(child, 'exit');
  expect(await readUsage(child.pid ?? 0)).toBeUndefined();
});

test('a process that works is more loaded than one that sleeps, and one that is gone cannot be told', async () => {
  const [busy, idle, gone] = [spawn('sh', ['-c', 'while :; do :; done']), spawn('sleep', ['60']), spawn('true')];
  onTestFinished(() => {
    for (const child of [busy, idle]) child.kill('SIGKILL');
  });
  await once(gone, 'exit');
  const load = (child: ChildProcess) => readLoad(child.pid ?? 0);
  expect(await load(gone)).toBeUndefined();
  await eventually('the busy one is seen to be', async () => {
    const [most, least] = [await load(busy), await load(idle)];
    return (most ?? 0) > (least ?? 0) + 0.1 || undefined;
  });
});

test('no file stays open for long after it was asked', async (context) => {
  if (process.platform !== 'linux') context.skip('needs /proc');
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const openFiles = () =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === `/proc/${child.pid}/stat`;
      } catch {
        return false; // The one of this very listing.
      }
    }).length;
  for (let round = 0; round < 5; round++) await readUsage(child.pid ?? 0);
  expect(openFiles()).toBeLessThanOrEqual(1);
  child.kill('SIGKILL');
  await eventually('it is closed', () => openFiles() === 0, 5_000);
});
