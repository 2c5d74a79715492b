/** An instance that is there, or started: real programs, their output, and their end. */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isRollcallError, Registry } from '../../src/index.js';
import { cli } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { isThere, root, startNode } from '../support/processes.js';
import { tempFolder } from '../support/temp.js';

const slow = join(root, 'test/programs/slow-server.js');

async function open() {
  const directory = tempFolder();
  const registry = new Registry({ directory });
  return { directory, registry, env: { ROLLCALL_DIR: directory } };
}

/** How a call failed. */
async function failure(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (reason) => reason,
  );
  if (!isRollcallError(error)) throw new Error(`it did not fail as it should: ${error}`);
  return error;
}

describe('a program', () => {
  test('is started where none is there, with its output in a file of ours, and ended', async () => {
    const { directory, registry, env } = await open();
    const start = { command: process.execPath, args: [slow], env: { ...env, NAME: 'one' } };
    const instance = await registry.ensure({ name: 'one' }, start);
    expect(instance.name).toBe('one');
    expect((await registry.ensure({ name: 'one' }, start)).id).toBe(instance.id);
    const [file = ''] = readdirSync(join(directory, 'log'));
    expect(file).toMatch(/^one-\d{14}-\w+\.log$/);
    const output = () => readFileSync(join(directory, 'log', file), 'utf8');
    await eventually('its output is there', () => output().includes('listening one-') || undefined);
    expect(statSync(join(directory, 'log', file)).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, 'log')).mode & 0o777).toBe(0o700);
    process.kill(instance.process.pid, 'SIGTERM');
    await eventually('it has ended', async () => (await registry.get(instance.id)) === undefined || undefined);
    await registry.close();
  });

  test('that ends before it has registered is told with its exit code and its last words', async () => {
    const { registry, env } = await open();
    const start = { command: process.execPath, args: [slow], env: { ...env, FAIL: '7' } };
    const error = await failure(registry.ensure({ name: 'slow' }, start));
    expect(error).toMatchObject({
      code: 'ROLLCALL_FAILED',
      details: {
        code: 7,
        signal: null,
        tail: 'the database is not there',
        log: expect.stringMatching(/slow-.*\.log$/),
      },
    });
    expect(error.message).toContain('exit code 7');
    expect(error.message).toContain('the database is not there');
    await registry.close();
  });

  test('that is not there is told as such', async () => {
    const { registry } = await open();
    const error = await failure(registry.ensure({ name: 'slow' }, { command: 'no-such-program-anywhere' }));
    expect(error).toMatchObject({ code: 'ROLLCALL_FAILED', details: { code: 127 } });
    expect(error.message).toContain('not found');
    const nowhere = await failure(registry.ensure({ name: 'slow' }, { command: 'true', cwd: '/no/such/folder' }));
    expect(nowhere).toMatchObject({
      code: 'ROLLCALL_FAILED',
      message: expect.stringContaining('/no/such/folder does not exist'),
    });
    await registry.close();
  });

  test('that never registers is ended when the time is up', async () => {
    const { directory, registry } = await open();
    const starts = join(directory, 'starts');
    const start = { command: process.execPath, args: [slow], env: { STARTS: starts, DELAY: '600000' }, timeout: 5_000 };
    const error = await failure(registry.ensure({ name: 'slow' }, start));
    expect(error.code).toBe('ROLLCALL_TIMEOUT');
    expect(error.message).toContain('was started, did not register, and was ended');
    expect(isThere(Number(readFileSync(starts, 'utf8').split(' ')[0]))).toBe(false);
    await registry.close();
  });

  test('that registers under another name is told so', async () => {
    const { registry, env } = await open();
    const start = { command: process.execPath, args: [slow], env: { ...env, NAME: 'fast' }, timeout: 5_000 };
    const error = await failure(registry.ensure({ name: 'slow' }, start));
    expect(error).toMatchObject({ code: 'ROLLCALL_TIMEOUT', details: { timeout: 5_000, log: expect.any(String) } });
    expect(error.message).toContain('registered as fast-');
    expect(error.message).toContain('name is fast');
    await registry.close();
  });

  test('fails once for all who wait for it', async () => {
    const { directory, env } = await open();
    const starts = join(directory, 'starts');
    const askers = Array.from({ length: 5 }, () =>
      startNode('test/programs/ensurer.js', [], { ...env, STARTS: starts, DELAY: '1500', FAIL: '3' }),
    );
    for (const asker of askers) await asker.line(/^ready/);
    for (const asker of askers) asker.say('go');
    const answers = await Promise.all(askers.map((asker) => asker.line(/^(got|failed)/)));
    for (const answer of answers) expect(answer).toMatch(/^failed ROLLCALL_FAILED .*exit code 3/);
    expect(readFileSync(starts, 'utf8').trimEnd().split('\n')).toHaveLength(1);
  });

  test('that does not listen to SIGTERM is ended all the same, and what it has started too', async () => {
    const { directory, registry } = await open();
    const pids = join(directory, 'pids');
    // It ends by SIGTERM, and its child does not.
    const script = `trap '' TERM; (while :; do sleep 0.1; done) & echo $! >${pids}; trap - TERM; wait`;
    const error = await failure(
      registry.ensure({ name: 'slow' }, { command: 'sh', args: ['-c', script], timeout: 500 }),
    );
    expect(error.code).toBe('ROLLCALL_TIMEOUT');
    const child = Number(readFileSync(pids, 'utf8'));
    await eventually('its child has ended', () => !isThere(child) || undefined);
    await registry.close();
  });

  test('that cannot be ended by SIGTERM does not end who waits for its end', async () => {
    const { directory } = await open();
    const script = "trap '' TERM; while :; do sleep 0.1; done";
    const { code, err } = await cli(directory, 'ensure', 'slow', '--timeout', '300ms', '--', 'sh', '-c', script);
    expect(code).toBe(124);
    expect(err).toContain('was started, did not register, and was ended');
  });

  test('that hangs, and whose starter was killed, is ended by the next one once its time is up', async () => {
    const { directory, registry, env } = await open();
    const starts = join(directory, 'starts');
    const asker = startNode('test/programs/ensurer.js', [], {
      ...env,
      STARTS: starts,
      DELAY: '600000',
      TIMEOUT: '6000',
    });
    await asker.line(/^ready/);
    asker.say('go');
    const hanging = await eventually('it is started', () =>
      existsSync(starts) ? Number(readFileSync(starts, 'utf8').split(' ')[0]) || undefined : undefined,
    );
    // It is the program's claim now: a lifeline of the starter's would speak of the wrong process.
    const lifelines = join(directory, 'v1', '.claims', '.lifelines');
    await eventually('no lifeline is left', () => !existsSync(lifelines) || readdirSync(lifelines).length === 0);
    asker.child.kill('SIGKILL');
    const early = await failure(registry.ensure({ name: 'slow' }, { command: 'false', timeout: 300 }));
    expect(early).toMatchObject({
      code: 'ROLLCALL_TIMEOUT',
      message: expect.stringContaining(`as process ${hanging}`),
    });
    const instance = await registry.ensure({ name: 'slow' }, { command: process.execPath, args: [slow], env });
    expect(isThere(hanging)).toBe(false);
    process.kill(instance.process.pid, 'SIGKILL');
    await registry.close();
  });

  test('gets its arguments and its environment as they are', async () => {
    const { directory, registry } = await open();
    const args = ['$HOME `id` "x" \'y\' *', '', 'a\nb', '--'];
    const env = { rollcall_go: undefined, GIVEN: '$x "y"', PATH: process.env.PATH };
    const script =
      'console.log(JSON.stringify([process.argv.slice(1), process.env.GIVEN, process.env.rollcall_go ?? null]))';
    const error = await failure(
      registry.ensure({ name: 'slow' }, { command: process.execPath, args: ['-e', script, '--', ...args], env }),
    );
    expect(error).toMatchObject({ details: { code: 0, tail: JSON.stringify([args, '$x "y"', null]) } });
    expect(readdirSync(join(directory, 'log'))).toHaveLength(1);
    await registry.close();
  });

  test.each([
    ['ends with who started it', undefined, true],
    ['outlives who started it, if it is to', '1', false],
  ])('%s', async (_, OUTLIVE, ends) => {
    const { registry, env } = await open();
    const asker = startNode('test/programs/ensurer.js', [], { ...env, ...(OUTLIVE && { OUTLIVE }) });
    await asker.line(/^ready/);
    asker.say('go');
    const id = (await asker.line(/^got /)).split(' ')[1] ?? '';
    const pid = (await registry.get(id))?.process.pid ?? 0;
    asker.say('end');
    await asker.ended;
    if (ends) {
      await eventually('the server has ended', () => !isThere(pid) || undefined);
    } else {
      expect((await registry.get(id))?.process.pid).toBe(pid);
      process.kill(pid, 'SIGKILL');
    }
    await registry.close();
  });

  test('of another project is no answer where a folder is given', async () => {
    const { registry, env } = await open();
    const [a, b] = [tempFolder(), tempFolder()];
    const start = (cwd: string) =>
      registry.ensure({ name: 'slow' }, { command: process.execPath, args: [slow], env, cwd });
    const [first, second] = [await start(a), await start(b)];
    expect(second.id).not.toBe(first.id);
    expect([first.cwd, second.cwd]).toEqual([a, b]);
    expect((await start(a)).id).toBe(first.id);
    for (const { process: own } of [first, second]) process.kill(own.pid, 'SIGKILL');
    await registry.close();
  });
});

test('a function starts it in its own way, once for all in one process', async () => {
  const { registry } = await open();
  let starts = 0;
  const start = async () => {
    starts++;
    await registry.register({ name: 'own', endpoints: [{ type: 'stdio' }] });
  };
  const all = await Promise.all(Array.from({ length: 10 }, () => registry.ensure({ name: 'own' }, start)));
  expect(new Set(all.map(({ id }) => id)).size).toBe(1);
  expect(starts).toBe(1);
  await registry.close();
});

test('a function may take as long as the server lives, and is told when nobody waits any more', async () => {
  const { registry } = await open();
  const signals: AbortSignal[] = [];
  const start = async ({ signal }: { signal: AbortSignal }) => {
    signals.push(signal);
    await registry.register({ name: 'own', endpoints: [{ type: 'stdio' }] });
    await new Promise(() => {});
  };
  expect((await registry.ensure({ name: 'own' }, start)).name).toBe('own');
  expect(signals[0]?.aborted).toBe(true);
  const never = { start: () => new Promise(() => {}), timeout: 200 };
  await expect(registry.ensure({ name: 'other' }, never)).rejects.toMatchObject({ code: 'ROLLCALL_TIMEOUT' });
  const controller = new AbortController();
  const asking = registry.ensure({ name: 'other' }, { ...never, timeout: 60_000, signal: controller.signal });
  asking.catch(() => {});
  controller.abort(new Error('enough'));
  await expect(asking).rejects.toThrow('enough');
  await registry.close();
});

test('what a function throws is thrown, and the next may try', async () => {
  const { registry } = await open();
  const broken = () => {
    throw new Error('no license');
  };
  await expect(registry.ensure({ name: 'own' }, broken)).rejects.toThrow('no license');
  const instance = await registry.ensure({ name: 'own' }, () =>
    registry.register({ name: 'own', endpoints: [{ type: 'stdio' }] }),
  );
  expect(instance.name).toBe('own');
  await registry.close();
});

test.each([
  ['neither command nor start', {}, 'command'],
  ['both', { command: 'x', start: () => {} }, 'command'],
  ['args without a command', { args: ['x'], start: () => {} }, 'command'],
  ['args that are no list', { command: 'x', args: 'y' }, 'args'],
  ['an environment of numbers', { command: 'x', env: { PORT: 1 } }, 'env.PORT'],
  ['a relative folder', { command: 'x', cwd: 'y' }, 'cwd'],
  ['an unknown option', { command: 'x', timeOut: 5 }, 'timeOut'],
])('%s is refused', async (_, options, path) => {
  const { registry } = await open();
  await expect(registry.ensure({}, options as never)).rejects.toMatchObject({
    code: 'ROLLCALL_INVALID',
    details: { problems: [expect.objectContaining({ path })] },
  });
});

test('an abort ends the waiting, and what was started', async () => {
  const { directory, registry } = await open();
  const starts = join(directory, 'starts');
  const controller = new AbortController();
  const env = { STARTS: starts, DELAY: '600000' };
  const asking = registry.ensure(
    { name: 'slow' },
    { command: process.execPath, args: [slow], env, signal: controller.signal },
  );
  asking.catch(() => {});
  await eventually('it is started', () => existsSync(starts) || undefined);
  controller.abort(new Error('enough'));
  await expect(asking).rejects.toThrow('enough');
  expect(isThere(Number(readFileSync(starts, 'utf8').split(' ')[0]))).toBe(false);
  await registry.close();
});

describe('the command line', () => {
  test('ensure prints the URL, of one that is started or there, and stop ends it', async () => {
    const { directory, registry } = await open();
    const first = await cli(directory, 'ensure', 'slow', '--', process.execPath, slow);
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\n$/);
    expect(await cli(directory, 'ensure', 'slow', '--', 'false')).toMatchObject({ code: 0, out: first.out });
    const instance = await registry.pick({ name: 'slow' });
    const stopped = await cli(directory, 'stop', 'slow');
    expect(stopped).toMatchObject({ code: 0, out: '' });
    expect(stopped.err).toContain('has ended');
    expect(isThere(instance?.process.pid ?? 0)).toBe(false);
    expect(await cli(directory, 'stop', 'slow')).toMatchObject({ code: 1 });
    await registry.close();
  });

  test('ensure fails with the exit code and the last words of the program', async () => {
    const { directory } = await open();
    const { code, err, out } = await cli(directory, 'ensure', 'slow', '--', 'sh', '-c', 'echo no luck; exit 9');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('exit code 9');
    expect(err).toContain('no luck');
  });
});
