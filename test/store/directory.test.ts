/** Which folder, why that one, and that nobody else can reach into it. */

import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createId } from '../../src/core/id.js';
import { Layout, resolveDirectory } from '../../src/store/file/directory.js';
import { FileStore } from '../../src/store/file/file-store.js';
import { root } from '../support/processes.js';
import { needsRoot } from '../support/root.js';
import { tempFolder } from '../support/temp.js';

const mode = (path: string) => lstatSync(path).mode & 0o7777;
const newId = () => createId('weather');
const refused = { code: 'ROLLCALL_STORE' };

describe('the folder of the registry', () => {
  test('is the option, then ROLLCALL_DIR, then the folder of the platform for user data', async () => {
    const env = { ROLLCALL_DIR: '/from/env' };
    expect(await resolveDirectory('/from/option', env)).toEqual({
      path: '/from/option',
      reason: 'the option "directory"',
    });
    expect(await resolveDirectory(undefined, env)).toEqual({
      path: '/from/env',
      reason: 'ROLLCALL_DIR in the environment',
    });
    for (const empty of [{}, { ROLLCALL_DIR: '' }, { ROLLCALL_DIR: undefined }]) {
      const { path, reason } = await resolveDirectory(undefined, empty);
      expect(path).toMatch(/^\/.*rollcall$/);
      expect(reason).toBe("this platform's folder for user data");
    }
  });

  test.each(['relative', './here', '~/there', 'C:\\windows'])(
    'is refused when it is %j, which is not absolute',
    async (path) => {
      await expect(resolveDirectory(path)).rejects.toMatchObject(refused);
      await expect(resolveDirectory(undefined, { ROLLCALL_DIR: path })).rejects.toThrow(/ROLLCALL_DIR/);
      await expect(new FileStore({ directory: path }).list()).rejects.toMatchObject(refused);
    },
  );

  /** In a process of its own, because the platform's folder is found out once. */
  const resolveIn = (env: Record<string, string>) => {
    const script = `
      import { FileStore } from 'rollcall';
      const outcome = await new FileStore().directory().then(({ path }) => path, ({ code, message }) => code + ' ' + message);
      process.stdout.write(outcome);`;
    return execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: root,
      env: { PATH: process.env.PATH, ...env },
      encoding: 'utf8',
    });
  };

  test.each<[string, Record<string, string>, RegExp]>([
    ['an empty HOME', { HOME: '' }, /^ROLLCALL_STORE .*Set HOME, ROLLCALL_DIR/],
    ['a relative HOME', { HOME: 'somewhere' }, /^ROLLCALL_STORE .*must be an absolute path/],
    ['a relative XDG_DATA_HOME', { HOME: '/h', XDG_DATA_HOME: 'data' }, /^ROLLCALL_STORE .*absolute/],
    ['a HOME', { HOME: '/h' }, /^\/h\/.local\/share\/rollcall$/],
    ['an XDG_DATA_HOME', { HOME: '/h', XDG_DATA_HOME: '/data' }, /^\/data\/rollcall$/],
    ['an empty HOME but a ROLLCALL_DIR', { HOME: '', ROLLCALL_DIR: '/r' }, /^\/r$/],
  ])('with %s is found, or it is said what to set', (_, env, outcome) => {
    expect(resolveIn(env)).toMatch(outcome);
  });

  test('for a user who is in no list of users is asked for instead of crashing', (context) => {
    needsRoot(context, 'setpriv');
    const script = `
      import { FileStore } from ${JSON.stringify(join(root, 'dist/index.js'))};
      const outcome = await new FileStore().directory().then(({ path }) => path, ({ code, message }) => code + ' ' + message);
      process.stdout.write(outcome);`;
    const command = ['--reuid=54321', '--clear-groups', process.execPath, '--input-type=module', '-e', script];
    let outcome: string;
    try {
      outcome = execFileSync('setpriv', command, {
        cwd: '/',
        env: { PATH: process.env.PATH },
        encoding: 'utf8',
        stdio: 'pipe',
      });
    } catch (error) {
      if (/EACCES|ERR_MODULE_NOT_FOUND/.test(String((error as { stderr?: unknown }).stderr))) {
        context.skip('needs the project in a folder that others may read');
      }
      throw error;
    }
    expect(outcome).toMatch(/^ROLLCALL_STORE .*Set ROLLCALL_DIR/);
  });
});

describe('a folder that was there before', () => {
  const folders = ['root', 'entries', 'drafts', 'locks'] as const;

  test.each(folders)('as %s and open to others is closed to them before anything is written', async (which) => {
    const layout = new Layout(join(tempFolder(), 'registry'));
    layout.prepare();
    chmodSync(layout[which], 0o777);
    await new FileStore({ directory: layout.root }).put(newId(), 'x', { ifAbsent: true });
    expect(mode(layout[which]) & 0o022).toBe(0);
    if (which !== 'root') expect(mode(layout[which])).toBe(0o700);
  });

  test('and is readable by others is accepted as root: the user chose it', async () => {
    const directory = join(tempFolder(), 'registry');
    mkdirSync(directory);
    chmodSync(directory, 0o755);
    await new FileStore({ directory }).put(newId(), 'x', { ifAbsent: true });
    expect(mode(directory)).toBe(0o755);
    expect(mode(join(directory, 'v1'))).toBe(0o700);
  });

  test('is not changed by a reader, who refuses entries that others can write', async () => {
    const layout = new Layout(join(tempFolder(), 'registry'));
    layout.prepare();
    const store = new FileStore({ directory: layout.root });
    chmodSync(layout.entries, 0o755);
    expect(await store.list()).toEqual([]);
    expect(mode(layout.entries)).toBe(0o755);
    chmodSync(layout.entries, 0o770);
    await expect(store.list()).rejects.toMatchObject({ ...refused, message: expect.stringContaining('chmod go-rwx') });
    await expect(store.get(newId())).rejects.toMatchObject(refused);
    expect(mode(layout.entries)).toBe(0o770);
  });

  test.for(folders)('as %s and belongs to someone else is refused', async (which, context) => {
    needsRoot(context);
    const layout = new Layout(join(tempFolder(), 'registry'));
    layout.prepare();
    chownSync(layout[which], 12_345, 12_345);
    const store = new FileStore({ directory: layout.root });
    await expect(store.put(newId(), 'x', { ifAbsent: true })).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining('belongs to the user with id 12345'),
    });
    expect(lstatSync(layout[which]).uid).toBe(12_345);
  });

  test.each(['entries', 'drafts', 'locks'] as const)('as %s and is a link is refused', async (which) => {
    const layout = new Layout(join(tempFolder(), 'registry'));
    mkdirSync(layout.root);
    if (which !== 'entries') mkdirSync(layout.entries, { mode: 0o700 });
    symlinkSync(tempFolder(), layout[which]);
    const store = new FileStore({ directory: layout.root });
    await expect(store.put(newId(), 'x', { ifAbsent: true })).rejects.toThrow(/a symbolic link/);
    await expect(store.put(newId(), 'x')).rejects.toThrow(/a symbolic link/);
    if (which === 'entries') await expect(store.list()).rejects.toThrow(/a symbolic link/);
  });

  test('as root may be a link: the user chose it', async () => {
    const directory = join(tempFolder(), 'link');
    symlinkSync(tempFolder(), directory);
    const store = new FileStore({ directory });
    const id = newId();
    await store.put(id, 'x', { ifAbsent: true });
    expect((await store.list()).map((entry) => entry.id)).toEqual([id]);
  });

  test('as v1 and is a link lets neither a heartbeat nor a removal through', async () => {
    const layout = new Layout(join(tempFolder(), 'registry'));
    const elsewhere = tempFolder();
    const id = newId();
    writeFileSync(join(elsewhere, `${id}.json`), 'x', { mode: 0o600 });
    mkdirSync(layout.root);
    symlinkSync(elsewhere, layout.entries);
    const store = new FileStore({ directory: layout.root });
    await store.delete(id).catch(() => {});
    await store.delete(id, { ifVersion: '' }).catch(() => {});
    await store.get(id).catch(() => {});
    try {
      store.deleteNow(id, () => true);
    } catch {
      // Refusing is as good as doing nothing.
    }
    expect(existsSync(join(elsewhere, `${id}.json`))).toBe(true);
  });

  test.each(folders)('as %s and is no folder is refused', async (which) => {
    const layout = new Layout(join(tempFolder(), 'registry'));
    if (which !== 'root') mkdirSync(layout.root);
    if (which === 'drafts' || which === 'locks') mkdirSync(layout.entries, { mode: 0o700 });
    writeFileSync(layout[which], '');
    const store = new FileStore({ directory: layout.root });
    await expect(store.put(newId(), 'x', { ifAbsent: true })).rejects.toMatchObject(refused);
    if (which === 'root' || which === 'entries') await expect(store.list()).rejects.toMatchObject(refused);
  });

  test('and lies below a file is refused, saying what to do', async () => {
    const file = join(tempFolder(), 'file');
    writeFileSync(file, '');
    const store = new FileStore({ directory: join(file, 'registry') });
    await expect(store.put(newId(), 'x')).rejects.toThrow(/ENOTDIR.*is a file/);
    await expect(store.list()).rejects.toMatchObject(refused);
  });
});

test('every level that is missing is made, for this user alone', async () => {
  const above = tempFolder();
  const directory = join(above, 'a', 'b', 'c');
  await new FileStore({ directory }).put(newId(), 'x', { ifAbsent: true });
  for (const path of ['a', 'a/b', 'a/b/c']) expect(mode(join(above, path))).toBe(0o700);
});

test('another user gets at nothing', (context) => {
  needsRoot(context, 'setpriv');
  const directory = join(tempFolder(), 'registry');
  // Everybody may enter what is above it.
  chmodSync(join(directory, '..'), 0o755);
  const layout = new Layout(directory);
  layout.prepare();
  writeFileSync(layout.entry('x'), 'canary', { mode: 0o600 });
  const script = `ls ${layout.entries}; cat ${layout.entry('x')}; touch ${layout.entry('y')} ${directory}/z; true`;
  const command = ['--reuid=54321', '--clear-groups', 'sh', '-c', script];
  expect(execFileSync('setpriv', command, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })).toBe('');
  expect(existsSync(layout.entry('y'))).toBe(false);
  expect(existsSync(join(directory, 'z'))).toBe(false);
});

test('a file system in which no folder can be made is an error, and does not hang', async (context) => {
  if (process.platform !== 'linux') context.skip('needs /proc');
  // mkdir says ENOENT there although the folder above exists: with `recursive`, Node would try for ever.
  const store = new FileStore({ directory: '/proc/rollcall/none' });
  await expect(store.put(newId(), 'x', { ifAbsent: true })).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
});
