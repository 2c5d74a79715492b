/** `rollcall health` and `rollcall ping`, typed against real servers. */

import { expect, onTestFinished, test } from 'vitest';
import { cli } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { type Running, start, startNode } from '../support/processes.js';
import { tempFolder } from '../support/temp.js';

async function serve(directory: string, ...modes: string[]): Promise<Map<string, Running & { id: string }>> {
  const started = await Promise.all(
    modes.map(async (mode) => {
      const running = startNode('test/programs/health-server.js', [mode], { ROLLCALL_DIR: directory });
      const id = (await running.line(/^registered /)).slice('registered '.length);
      onTestFinished(() => void running.child.kill('SIGKILL'));
      return [mode, { ...running, id }] as const;
    }),
  );
  return new Map(started);
}

test('one round says how each is, and exits with 3 if something is critical', async () => {
  const directory = tempFolder();
  expect(await cli(directory, 'health')).toMatchObject({ code: 0, out: '', err: 'Nothing is running.\n' });
  const servers = await serve(directory, 'well', 'failing', 'mute');
  const { code, out, err } = await cli(directory, 'health', '--timeout', '500ms');
  expect({ code, err }).toEqual({ code: 3, err: '' });
  const lines = out.trimEnd().split('\n');
  const line = (name: string) => lines.find((each) => each.startsWith(`${name} `));
  expect(lines[0]).toMatch(/^NAME +HEALTH +TIME +PID +URL +REASON$/);
  expect(line('well')).toMatch(/^well +passing +[\d.]+ ms +\d+ +http:\/\/127\.0\.0\.1:\d+\/$/);
  expect(line('failing')).toMatch(/^failing +critical .* http: answers 500$/);
  expect(line('mute')).toMatch(/^mute +critical .* http: does not answer within 500 ms$/);

  expect((await cli(directory, 'health', 'well')).code).toBe(0);
  expect(await cli(directory, 'health', 'nobody')).toMatchObject({ code: 0, err: 'Nothing that runs matches.\n' });
  const shown = await cli(directory, 'health', '--json', '--timeout', '500ms');
  expect(shown.code).toBe(3);
  expect(JSON.parse(shown.out)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ id: servers.get('well')?.id, status: 'passing', uptime: 100 }),
      expect.objectContaining({
        id: servers.get('failing')?.id,
        status: 'critical',
        lastFailure: { at: expect.stringMatching(/^20.*Z$/), check: 'http', reason: 'answers 500' },
      }),
    ]),
  );
});

test('watched, a line for each change until it is interrupted', async () => {
  const directory = tempFolder();
  const { id, say } = (await serve(directory, 'well')).get('well') ?? ({} as never);
  const watching = start(process.execPath, ['dist/cli/main.js', 'health', '--watch', '--interval', '50ms', '--json'], {
    ROLLCALL_DIR: directory,
  });
  const seen = () => watching.lines.filter((line) => line !== '').map((line) => JSON.parse(line));
  await eventually('it passes', () => seen().length === 1);
  say('failing');
  await eventually('it is critical', () => seen().length === 2);
  expect(seen()).toEqual([
    { at: expect.stringMatching(/^20.*Z$/), id, from: 'unknown', to: 'passing' },
    { at: expect.any(String), id, from: 'passing', to: 'critical', check: 'http', reason: 'answers 500' },
  ]);
  watching.interrupt();
  expect((await watching.ended).signal).toBe('SIGINT');
});

test('ping asks one', async () => {
  const directory = tempFolder();
  const servers = await serve(directory, 'well', 'failing');
  const well = await cli(directory, 'ping', 'well');
  const { id = '', pid } = servers.get('well') ?? {};
  expect(well).toMatchObject({ code: 0, err: '' });
  expect(well.out).toMatch(
    new RegExp(`^${id} \\(pid ${pid}\\) answers in [\\d.]+ ms at http://127\\.0\\.0\\.1:\\d+/\n$`),
  );
  const failing = await cli(directory, 'ping', servers.get('failing')?.id.slice(0, 12) ?? '');
  expect(failing).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining('is not well: http: answers 500.\n'),
  });
  const json = await cli(directory, 'ping', 'failing', '--json');
  expect(JSON.parse(json.out)).toMatchObject({ outcome: 'fail', check: 'http', reason: 'answers 500' });
  expect(json.code).toBe(1);
  expect((await cli(directory, 'ping', 'nobody')).code).toBe(1);
  expect((await cli(directory, 'ping')).code).toBe(2);
});
