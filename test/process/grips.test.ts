/** Grips: a process that was met before is looked at by an open file of /proc, and no other can answer for it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createProbe } from '../../src/process/probe.js';
import { readStat } from '../../src/process/proc.js';
import { eventually } from '../support/eventually.js';

const isLinux = process.platform === 'linux';

/** Files of /proc that this process has open. */
function held(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return /^\/proc\/\d+\/statm$/.test(path) ? [path] : [];
    } catch {
      // The one that lists them.
      return [];
    }
  });
}

/** A process that sleeps, as the child of one that never asks how it ended. */
async function sleeper(): Promise<{ pid: number; start: string; parent: ChildProcess }> {
  const parent = spawn('sh', ['-c', 'sleep 1000 & echo $!; exec sleep 1000'], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void parent.kill('SIGKILL'));
  let text = '';
  parent.stdout?.on('data', (data) => {
    text += data;
  });
  await eventually('it has said its pid', () => text.includes('\n'));
  const pid = Number(text);
  onTestFinished(() => {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  });
  return { pid, start: readStat(pid)?.start ?? '', parent };
}

function newProbe() {
  const probe = createProbe();
  onTestFinished(() => probe.rest?.());
  const look = (pid: number, start?: string) => probe.round?.()(pid, start);
  return { probe, look };
}

describe.runIf(isLinux)('a process that is met in several rounds', () => {
  test('is the same object from the third on, and its file is held until the probe rests', async () => {
    const { probe, look } = newProbe();
    const { pid, start } = await sleeper();
    expect(look(pid, start)).toEqual({ is: 'there', start });
    expect(held()).toEqual([]);
    const second = look(pid, start);
    expect(held()).toEqual([`/proc/${pid}/statm`]);
    expect(look(pid, start)).toBe(second);
    probe.rest?.();
    expect(held()).toEqual([]);
    expect(look(pid, start)).toEqual({ is: 'there', start });
  });

  test('is dead at once when it is a zombie, and when it is gone', async () => {
    const { look } = newProbe();
    const { pid, start, parent } = await sleeper();
    for (let round = 0; round < 3; round++) expect(look(pid, start)?.is).toBe('there');
    process.kill(pid, 'SIGKILL');
    await eventually('it is a zombie', () => readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z'));
    expect(look(pid, start)).toEqual({ is: 'zombie' });
    parent.kill('SIGKILL');
    await eventually('it is gone', () => readStat(pid) === undefined);
    expect(look(pid, start)).toEqual({ is: 'gone' });
    expect(held()).toEqual([]);
  });

  test('is not another that has its pid, by the start that is asked for', async () => {
    const { look } = newProbe();
    const { pid, start } = await sleeper();
    for (let round = 0; round < 3; round++) look(pid, start);
    expect(look(pid, '1')).toEqual({ is: 'there', start });
    expect(look(pid, start)?.is).toBe('there');
    const { probe } = newProbe();
    const both = probe.round?.();
    expect([both?.(pid, '1'), both?.(pid, start)].map((seen) => seen?.is)).toEqual(['there', 'there']);
  });

  test('is let go of when it is not asked for any more', async () => {
    const { look } = newProbe();
    const [a, b] = [await sleeper(), await sleeper()];
    for (let round = 0; round < 3; round++) look(a.pid, a.start);
    expect(held()).toEqual([`/proc/${a.pid}/statm`]);
    for (let round = 0; round < 4; round++) look(b.pid, b.start);
    expect(held()).toEqual([`/proc/${b.pid}/statm`]);
  });
});
