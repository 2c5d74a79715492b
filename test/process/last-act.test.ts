/** The last act of a process. */

import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { onLastAct } from '../../src/process/last-act.js';
import { eventually } from '../support/eventually.js';
import { start } from '../support/processes.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const listeners = () => ['exit', ...signals].map((event) => process.listenerCount(event as 'exit'));

test('one listener for all acts, none before the first and soon none after the last', async () => {
  const { emit } = process;
  const { reallyExit } = process as unknown as { reallyExit: unknown };
  const before = listeners();
  expect(process.listenerCount('SIGTERM')).toBe(0);
  const all = Array.from({ length: 50 }, () => onLastAct(() => {}));
  const during = before.map((count) => count + 1);
  expect(listeners()).toEqual(during);
  for (const takeBack of all.slice(1)) takeBack();
  all[1]?.();
  for (let turn = 0; turn < 20; turn++) await setImmediate();
  expect(listeners()).toEqual(during);
  // Taken back and made anew within the turns it waits: it listens on.
  all[0]?.();
  expect(listeners()).toEqual(during);
  const last = onLastAct(() => {});
  for (let turn = 0; turn < 20; turn++) await setImmediate();
  expect(listeners()).toEqual(during);
  last();
  await eventually('nothing listens', () => process.listenerCount('SIGTERM') === 0);
  expect(listeners()).toEqual(before);
  expect(process.emit).toBe(emit);
  expect((process as unknown as { reallyExit: unknown }).reallyExit).toBe(reallyExit);
});

test('a program that clears up and sends itself the signal again ends by it', async () => {
  const running = run(`
    takeBack();
    process.kill(process.pid, 'SIGTERM');`);
  expect(await running.ended).toEqual({ code: null, signal: 'SIGTERM' });
});

/** Runs a program that has a last act, which writes "acted". */
function run(rest: string) {
  const program = `
    import { writeSync } from 'node:fs';
    import { onLastAct } from './.inner/process/last-act.js';
    const takeBack = onLastAct(() => writeSync(1, 'acted\\n'));
    ${rest}`;
  return start(process.execPath, ['--input-type=module', '-e', program]);
}

describe('is done', () => {
  test.each<[string, number, string]>([
    ['at the end of the program', 0, ''],
    ['at process.exit', 3, 'process.exit(3);'],
    ['with an exit code that was set', 4, 'process.exitCode = 4;'],
    ['after an exception', 1, 'setImmediate(() => { throw new Error("x"); });'],
    ['after a rejection', 1, 'Promise.reject(new Error("x"));'],
    ['also when another act throws', 0, 'onLastAct(() => { throw new Error("x"); });'],
    ['when it waits for something that never comes', 13, 'await new Promise(() => {});'],
  ])('%s, and the exit code stays %i', async (_, code, rest) => {
    const running = run(rest);
    expect(await running.ended).toEqual({ code, signal: null });
    expect(running.lines).toContain('acted');
  });

  test.each(signals)('on %s, which ends the process as it would have', async (signal) => {
    const running = run('console.log("ready"); setInterval(() => {}, 1_000);');
    await running.line(/ready/);
    running.child.kill(signal);
    expect(await running.ended).toEqual({ code: null, signal });
    expect(running.lines).toEqual(['ready', 'acted']);
  });

  test('not on a signal that the program handles itself, but when it ends in the end', async () => {
    const running = run(`
      const timer = setInterval(() => {}, 1_000);
      process.on('SIGTERM', () => console.log('handled'));
      process.on('SIGINT', () => process.exit(7));
      console.log('ready');`);
    await running.line(/ready/);
    running.child.kill('SIGTERM');
    await running.line(/handled/);
    expect(running.lines).not.toContain('acted');
    running.child.kill('SIGINT');
    expect(await running.ended).toEqual({ code: 7, signal: null });
    expect(running.lines.at(-1)).toBe('acted');
  });

  test('not once it was taken back', async () => {
    const running = run('takeBack();');
    expect(await running.ended).toEqual({ code: 0, signal: null });
    expect(running.lines).toEqual([]);
  });
});
