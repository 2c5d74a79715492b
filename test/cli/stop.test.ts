/** `rollcall stop` and `rollcall why`: on real processes. */

import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { encode } from '../../src/core/codec.js';
import { Registry } from '../../src/index.js';
import { identifyOther } from '../../src/process/identity.js';
import { FileStore } from '../../src/store/file/file-store.js';
import { cliHere } from '../support/cli.js';
import { makeInstance } from '../support/make-instance.js';
import { isThere, start } from '../support/processes.js';
import { tempFolder } from '../support/temp.js';

/** A program, and an entry that speaks of it. */
async function stage(script: string, given: Parameters<typeof makeInstance>[0] = {}) {
  const directory = tempFolder();
  const running = start('sh', ['-c', script]);
  await running.line(/^up$/);
  const instance = makeInstance({ ...given, process: { ...identifyOther(running.pid), ...given.process } });
  await new FileStore({ directory }).put(instance.id, encode(instance));
  return { directory, running, instance };
}

describe('stop', () => {
  test('sends SIGTERM, and says that it has ended', async () => {
    const { directory, running, instance } = await stage('echo up; while :; do sleep 0.05; done');
    const { code, out, err } = await cliHere(directory, ['stop', 'weather']);
    expect({ code, out }).toEqual({ code: 0, out: '' });
    expect(err).toBe(`${instance.id} (pid ${running.pid}) has ended.\n`);
    expect((await running.ended).signal).toBe('SIGTERM');
    expect((await cliHere(directory, ['list', '--all'])).out).not.toContain('weather');
  });

  test('sends SIGKILL to one that does not listen', async () => {
    const { directory, running } = await stage('trap "" TERM; echo up; while :; do sleep 0.05; done');
    const { code, err } = await cliHere(directory, ['stop', 'weather', '--grace', '200ms']);
    expect(code).toBe(0);
    expect(err).toContain('did not end by SIGTERM within 0.2 s, and was killed');
    expect((await running.ended).signal).toBe('SIGKILL');
  });

  test('leaves alone a pid that was given to another process', async () => {
    const { directory, running } = await stage('echo up; sleep 60', { process: { start: '1' } });
    const { code, err } = await cliHere(directory, ['stop', 'weather']);
    expect(code).toBe(1);
    expect(err).toContain('belongs to another process');
    expect(isThere(running.pid)).toBe(true);
  });

  test.each([
    ['of another machine', { machine: 'elsewhere' }, 'another machine'],
    ['of a container', { pidNamespace: '1' }, 'another container'],
    ['that does not say when it began', { start: undefined }, 'may be another one'],
  ])('leaves alone an instance %s', async (_, process, why) => {
    const { directory, running } = await stage('echo up; sleep 60', { process });
    const { code, err } = await cliHere(directory, ['stop', 'weather']);
    expect(code).toBe(1);
    expect(err).toContain(why);
    expect(err).toContain('nothing proves');
    expect(isThere(running.pid)).toBe(true);
  });

  test('does not take the beginning of a name for that of an id', async () => {
    const { directory, running, instance } = await stage('echo up; while :; do sleep 0.05; done', {
      name: 'api-gateway',
    });
    for (const word of ['a', 'api', 'api-gateway-']) {
      const { code, err } = await cliHere(directory, ['stop', word]);
      expect(code).toBe(1);
      expect(err).toContain(`No live instance is named ${word}`);
    }
    expect(isThere(running.pid)).toBe(true);
    expect((await cliHere(directory, ['stop', instance.id.slice(0, -20)])).code).toBe(0);
    expect((await running.ended).signal).toBe('SIGTERM');
  });

  test('asks which, where several have the name; and goes by ROLLCALL_INSTANCE', async () => {
    const { directory, running, instance } = await stage('echo up; while :; do sleep 0.05; done');
    const other = start('sh', ['-c', 'echo up; while :; do sleep 0.05; done']);
    await other.line(/^up$/);
    const second = makeInstance({ process: identifyOther(other.pid), cwd: '/projects/b' });
    await new FileStore({ directory }).put(second.id, encode(second));
    const refused = await cliHere(directory, ['stop', 'weather']);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('2 instances are named weather; say which');
    expect(refused.err).toContain(`${second.id} (/projects/b)`);
    vi.stubEnv('ROLLCALL_INSTANCE', instance.id);
    onTestFinished(() => void vi.unstubAllEnvs());
    expect((await cliHere(directory, ['stop', 'weather'])).code).toBe(0);
    expect((await running.ended).signal).toBe('SIGTERM');
    expect(isThere(other.pid)).toBe(true);
    expect(await cliHere(directory, ['stop', 'weather'])).toMatchObject({ code: 1 });
    expect((await cliHere(directory, ['get', 'weather'])).err).toContain('ROLLCALL_INSTANCE');
    expect(isThere(other.pid)).toBe(true);
  });

  test('fails for nobody', async () => {
    expect(await cliHere(tempFolder(), ['stop', 'nobody'])).toMatchObject({ code: 1 });
  });
});

describe('why', () => {
  async function registry() {
    const directory = tempFolder();
    const opened = new Registry({ directory });
    const endpoints = [{ type: 'stdio' }];
    const a = await opened.register({ name: 'dev', endpoints, cwd: '/projects/a' });
    const b = await opened.register({ name: 'dev', endpoints, cwd: '/projects/b' });
    await opened.register({ name: 'other', endpoints });
    return { directory, opened, a, b };
  }

  test('prints who would be picked, and why the others would not', async () => {
    const { directory, opened, a, b } = await registry();
    const { code, out, err } = await cliHere(directory, ['why', 'dev', '--cwd', '/projects/a/src']);
    expect(code).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^\s+ID\s+PID\s+WHY$/);
    expect(lines[1]).toMatch(
      new RegExp(`^→\\s+${a.id}\\s+${process.pid}\\s+cwd is /projects/a: 1 level above /projects/a/src$`),
    );
    expect(lines[2]).toContain(`${b.id}`);
    expect(lines[2]).toContain('cwd /projects/b is not inside /projects/a/src');
    expect(lines).toHaveLength(3);
    expect(err).toBe('1 of other names: other\n');
    await opened.close();
  });

  test('fails if none would be picked', async () => {
    const { directory, opened } = await registry();
    expect(await cliHere(directory, ['why', 'dev', '--cwd', '/projects/c'])).toMatchObject({ code: 1 });
    expect(await cliHere(directory, ['why', 'nobody'])).toMatchObject({
      code: 1,
      out: '',
      err: '3 of other names: dev, other\n',
    });
    expect(await cliHere(tempFolder(), ['why', 'dev'])).toMatchObject({ code: 1, err: 'Nothing is registered.\n' });
    await opened.close();
  });

  test('prints JSON', async () => {
    const { directory, opened, b } = await registry();
    const { code, out } = await cliHere(directory, ['why', 'dev', '--json']);
    expect(code).toBe(0);
    const told = JSON.parse(out);
    expect(told[0]).toMatchObject({ id: b.id, isChosen: true, verdict: 'alive', reason: 'the newest of 2' });
    expect(told).toHaveLength(3);
    await opened.close();
  });
});
