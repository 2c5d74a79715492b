/** What is at a pid, as the system tells it. */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, type TestContext, test } from 'vitest';
import { judge } from '../../src/core/verdict.js';
import { identifyOther, identifySelf } from '../../src/process/identity.js';
import { createProbe } from '../../src/process/probe.js';
import { isOwnProc, isThread, readStat } from '../../src/process/proc.js';
import { eventually } from '../support/eventually.js';
import { root, start } from '../support/processes.js';
import { needsRoot } from '../support/root.js';

const needsProc = (context: TestContext) => {
  if (process.platform !== 'linux') context.skip('needs /proc');
};
const lapsed = { age: 1e9, ttl: 1_000 };

async function sleeper(): Promise<number> {
  const child = spawn('sleep', ['60']);
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  return child.pid ?? 0;
}

async function gone(): Promise<number> {
  const child = spawn('true');
  await once(child, 'exit');
  return child.pid ?? 0;
}

/** A process that has ended and whose parent never asks for its end. */
async function zombie(): Promise<number> {
  const parent = start('sh', ['-c', 'sleep 60 & echo $!; exec sleep 61']);
  const pid = Number(await parent.line(/^\d+$/));
  // Until then the parent is a shell, which would ask.
  await eventually('the parent sleeps', () => readFileSync(`/proc/${parent.pid}/comm`, 'latin1') === 'sleep\n');
  process.kill(pid, 'SIGKILL');
  await eventually('it is a zombie', () => readStat(pid)?.state === 'Z');
  return pid;
}

describe('a look', () => {
  test('at this process shows its start', (context) => {
    needsProc(context);
    const { start } = identifySelf();
    expect(createProbe().look(process.pid, start)).toEqual({ is: 'there', start });
  });

  test('at another process shows its start, whatever is on record', async (context) => {
    needsProc(context);
    const pid = await sleeper();
    const { start } = identifyOther(pid);
    for (const recorded of [start, '1', undefined]) {
      expect(createProbe().look(pid, recorded)).toEqual({ is: 'there', start });
    }
  });

  test('at a process that has ended shows that it is gone', async () => {
    expect(createProbe().look(await gone())).toEqual({ is: 'gone' });
  });

  test('at a zombie shows a zombie', async (context) => {
    needsProc(context);
    expect(createProbe().look(await zombie())).toEqual({ is: 'zombie' });
  });

  test('at the id of a thread shows a thread', (context) => {
    needsProc(context);
    const thread =
      readdirSync('/proc/self/task')
        .map(Number)
        .find((id) => id !== process.pid) ?? 0;
    // A signal reaches it: kill(2) alone would take it for a process.
    expect(() => process.kill(thread, 0)).not.toThrow();
    expect(createProbe().look(thread, '1')).toEqual({ is: 'thread' });
    expect(isThread(thread)).toBe(true);
    expect(isThread(process.pid)).toBe(false);
  });

  test('at a stopped process shows that it is there', async (context) => {
    needsProc(context);
    const pid = await sleeper();
    process.kill(pid, 'SIGSTOP');
    expect(createProbe().look(pid)).toMatchObject({ is: 'there' });
  });

  test('at what is hidden by hidepid shows that it cannot be told', (context) => {
    needsRoot(context, 'unshare', 'setpriv', 'mount');
    const script = `
      import { createProbe } from ${JSON.stringify(join(root, '.inner/process/probe.js'))};
      const probe = createProbe();
      console.log(JSON.stringify([probe.look(1, '1'), probe.look(process.pid).is, probe.look(4194304).is]));`;
    const command = `mount -t proc -o hidepid=2 proc /proc && cd / && exec setpriv --reuid=54321 --regid=54321 --clear-groups "$0" --input-type=module -e "$1"`;
    let output: string;
    try {
      output = execFileSync('unshare', ['--mount', 'sh', '-c', command, process.execPath, script], {
        encoding: 'utf8',
        stdio: 'pipe',
      });
    } catch (error) {
      return context.skip(
        `needs hidepid and a project that others may read: ${(error as Error).message.slice(0, 200)}`,
      );
    }
    expect(JSON.parse(output)).toEqual([{ is: 'hidden' }, 'there', 'gone']);
  });

  test('where /proc speaks of another pid namespace goes by signals alone', (context) => {
    needsRoot(context, 'unshare');
    const script = `
      import { createProbe } from ${JSON.stringify(join(root, '.inner/process/probe.js'))};
      import { identifySelf } from ${JSON.stringify(join(root, '.inner/process/identity.js'))};
      const probe = createProbe();
      console.log(JSON.stringify([process.pid, probe.look(process.pid), probe.look(4194304), typeof probe.inquire]));`;
    const output = execFileSync(
      'unshare',
      ['--pid', '--fork', '--kill-child', process.execPath, '--input-type=module', '-e', script],
      { encoding: 'utf8' },
    );
    const [pid, self, none, inquire] = JSON.parse(output);
    expect(pid).toBe(1);
    expect(self).toEqual({ is: 'hidden' });
    expect(none).toEqual({ is: 'gone' });
    expect(inquire).toBe('undefined');
  });
});

describe('together with the verdict', () => {
  const judged = (identity: ReturnType<typeof identifyOther>) => {
    const probe = createProbe();
    return judge(identity, probe.observer, (pid, start) => probe.look(pid, start), lapsed).verdict;
  };

  test('a live process is alive, however old its heartbeat', async (context) => {
    needsProc(context);
    expect(judged(identifyOther(await sleeper()))).toBe('alive');
    expect(judged(identifySelf())).toBe('alive');
  });

  test('a reused pid, a zombie, a thread and nobody are dead', async (context) => {
    needsProc(context);
    expect(judged({ ...identifyOther(await sleeper()), start: '1' })).toBe('dead');
    expect(judged(identifyOther(await zombie()))).toBe('dead');
    const thread =
      readdirSync('/proc/self/task')
        .map(Number)
        .find((id) => id !== process.pid) ?? 0;
    expect(judged({ ...identifySelf(), pid: thread, start: '1' })).toBe('dead');
    expect(judged({ ...identifySelf(), pid: await gone() })).toBe('dead');
  });
});

describe('/proc', () => {
  test('is our own here', (context) => {
    needsProc(context);
    expect(isOwnProc()).toBe(true);
  });

  test('is read rightly for a process with a name made to confuse', async (context) => {
    needsProc(context);
    const running = start('sh', ['-c', 'read go; printf "%s" ") Z 1 (2) X" > /proc/$$/comm; echo renamed; read end']);
    const before = identifyOther(running.pid).start;
    running.say('go');
    await running.line(/renamed/);
    expect(readFileSync(`/proc/${running.pid}/stat`, 'latin1')).toContain('() Z 1 (2) X');
    expect(readStat(running.pid)).toEqual({ state: 'S', threads: 1, start: before });
    expect(createProbe().look(running.pid)).toEqual({ is: 'there', start: before });
  });

  test('says nothing of a process that is gone, and leaves no file open', async (context) => {
    needsProc(context);
    const pid = await gone();
    const before = readdirSync('/proc/self/fd').length;
    for (let look = 0; look < 50; look++) {
      expect(readStat(pid)).toBeUndefined();
      expect(readStat('self')).toBeDefined();
    }
    expect(readdirSync('/proc/self/fd').length).toBe(before);
    expect(isThread(pid)).toBe(false);
  });
});

test('where the system does not tell start times, they are inquired once and believed for a while', async (context) => {
  needsProc(context);
  const platform = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor;
  Object.defineProperty(process, 'platform', { ...platform, value: 'darwin' });
  onTestFinished(() => void Object.defineProperty(process, 'platform', platform));
  const probe = createProbe();
  expect(probe.look(process.pid)).toEqual({ is: 'hidden' });
  expect(probe.look(await gone())).toEqual({ is: 'gone' });
  Object.defineProperty(process, 'platform', platform);
  await probe.inquire?.([process.pid]);
  const look = probe.look(process.pid);
  expect(look.is).toBe('there');
  const told = Date.parse((look.is === 'there' && look.start) || '');
  expect(Math.abs(told - performance.timeOrigin)).toBeLessThan(3_000);
});
