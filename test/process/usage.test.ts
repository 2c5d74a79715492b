/** What a process uses. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readUsage } from '../../src/process/usage.js';
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
