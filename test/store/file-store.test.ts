/** The store in files: layout, modes, full disks, locks, hints. */

import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createId } from '../../src/core/id.js';
import { Layout } from '../../src/store/file/directory.js';
import { FileStore } from '../../src/store/file/file-store.js';
import type { FileSystem } from '../../src/store/file/file-system.js';
import { withLock } from '../../src/store/file/lock.js';
import { testStore } from '../../src/testing/compliance/suite.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { eventually } from '../support/eventually.js';
import { start } from '../support/processes.js';
import { needsRoot } from '../support/root.js';
import { tempFolder } from '../support/temp.js';

testStore({
  name: 'FileStore',
  test,
  open: () => {
    const directory = join(tempFolder(), 'registry');
    const clock = new FakeClock(new Date());
    const [store, other] = [new FileStore({ directory, clock }), new FileStore({ directory, clock })];
    const fail = () => {
      rmSync(directory, { recursive: true });
      writeFileSync(directory, 'in the way');
    };
    return { store, other, pass: (ms) => clock.stop(ms), fail };
  },
  traits: { reach: 'host', expiry: false, hints: true },
  methods: ['watch', 'sweep', 'deleteNow', 'stamp', 'hold', 'follow', 'beside'],
  skip: ['darwin', 'win32'].includes(process.platform)
    ? {
        'ids are kept apart, however alike they are':
          'file names fold case here; ids of real instances never differ in it alone',
      }
    : {},
});

function newStore() {
  const directory = join(tempFolder(), 'registry');
  const store = new FileStore({ directory });
  onTestFinished(() => store.close());
  return { directory, store, layout: new Layout(directory) };
}
const newId = () => createId('weather');
const mode = (path: string) => lstatSync(path).mode & 0o7777;
/** Everything in the folder and below, with a slash after folders. */
const tree = (directory: string) =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1) + (entry.isDirectory() ? '/' : ''))
    .sort();

describe('what stands in the folder', () => {
  test('is made by the first put and by no reader', async () => {
    const { directory, store } = newStore();
    const id = newId();
    await store.get(id);
    await store.list();
    await store.touch(id);
    await store.delete(id);
    await store.sweep();
    expect(store.deleteNow(id, () => true)).toBe(false);
    expect(existsSync(directory)).toBe(false);
    await store.put(id, 'x', { ifAbsent: true });
    expect(tree(directory)).toEqual(['v1/', 'v1/.drafts/', 'v1/.locks/', `v1/${id}.json`]);
  });

  test('is one file for each entry, and nothing is left beside it', async () => {
    const { directory, store } = newStore();
    const id = newId();
    const { version } = await store.put(id, 'a', { ifAbsent: true });
    await store.put(id, 'b', { ifVersion: version });
    await store.put(id, 'c');
    await expect(store.put(id, 'd', { ifAbsent: true })).rejects.toMatchObject({ code: 'ROLLCALL_CONFLICT' });
    await expect(store.put(id, 'd', { ifVersion: version })).rejects.toMatchObject({ code: 'ROLLCALL_CONFLICT' });
    expect(tree(directory)).toEqual(['v1/', 'v1/.drafts/', 'v1/.locks/', `v1/${id}.json`]);
    expect(readFileSync(join(directory, 'v1', `${id}.json`), 'utf8')).toBe('c');
    expect(await store.delete(id, { ifVersion: (await store.get(id))?.version ?? '' })).toBe(true);
    expect(tree(directory)).toEqual(['v1/', 'v1/.drafts/', 'v1/.locks/']);
  });

  // 777 and 277 take the owner's own rights away as well.
  test.each(['000', '022', '077', '177', '277', '777'])('is for this user alone under umask %s', async (digits) => {
    const { directory, store, layout } = newStore();
    const previous = process.umask(Number.parseInt(digits, 8));
    onTestFinished(() => void process.umask(previous));
    const id = newId();
    await store.put(id, 'x', { ifAbsent: true });
    expect(mode(layout.entry(id))).toBe(0o600);
    await store.put(id, 'y');
    expect(mode(layout.entry(id))).toBe(0o600);
    for (const folder of [directory, layout.entries, layout.drafts, layout.locks]) expect(mode(folder)).toBe(0o700);
  });

  test.each(['666', '644'])('is closed to others again by an update when someone had set it to %s', async (open) => {
    const { store, layout } = newStore();
    const id = newId();
    await store.put(id, 'x', { ifAbsent: true });
    chmodSync(layout.entry(id), Number.parseInt(open, 8));
    await store.put(id, 'y');
    expect(mode(layout.entry(id))).toBe(0o600);
  });

  test('has its heartbeat as mtime, by the clock of the owner', async () => {
    const clock = new FakeClock('2026-05-05T05:05:05.500Z');
    const directory = tempFolder();
    const store = new FileStore({ directory, clock });
    const id = newId();
    await store.put(id, 'x', { ifAbsent: true });
    await store.touch(id);
    expect(statSync(join(directory, 'v1', `${id}.json`)).mtimeMs).toBe(clock.now());
    expect((await store.get(id))?.renewedAt).toBe(clock.now());
  });

  test('comes back with the next put when someone has removed it all', async () => {
    const { directory, store } = newStore();
    const id = newId();
    for (const condition of [{ ifAbsent: true }, undefined] as const) {
      await store.put(newId(), 'x', { ifAbsent: true });
      rmSync(directory, { recursive: true });
      expect(await store.list()).toEqual([]);
      expect(await store.touch(id)).toBe(false);
      await store.put(id, 'y', condition);
      expect((await store.get(id))?.body).toBe('y');
    }
  });
});

describe('an id that is no file name', () => {
  test.each(['', '.', '..', '../x', '/etc/passwd', 'a/b', '.hidden', 'x\0y'])('%j is refused', async (id) => {
    const { directory, store } = newStore();
    await store.put(newId(), 'x');
    const acts = [
      () => store.put(id, 'x'),
      () => store.put(id, 'x', { ifAbsent: true }),
      () => store.put(id, 'x', { ifVersion: 'x' }),
      () => store.get(id),
      () => store.touch(id),
      () => store.delete(id),
      () => store.delete(id, { ifVersion: 'x' }),
      async () => store.deleteNow(id, () => true),
    ];
    const before = tree(directory);
    for (const act of acts) await expect(act()).rejects.toMatchObject({ code: 'ROLLCALL_INVALID' });
    expect(tree(directory)).toEqual(before);
  });
});

test('a heartbeat renews what stands in the folder, and not what a link in its place leads to', async () => {
  const { store, layout } = newStore();
  await store.put(newId(), 'x');
  const [id, elsewhere] = [newId(), join(tempFolder(), 'file')];
  writeFileSync(elsewhere, 'x');
  utimesSync(elsewhere, 1_000, 1_000);
  symlinkSync(elsewhere, layout.entry(id));
  await store.touch(id);
  expect(statSync(elsewhere).mtimeMs).toBe(1_000_000);
});

describe('a put that fails', () => {
  function mountTiny(size: string): string {
    const directory = tempFolder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', directory]);
    onTestFinished(() => void execFileSync('umount', ['-l', directory]));
    return directory;
  }

  test('because the disk is full rejects, and leaves the previous entry whole and nothing beside it', async (context) => {
    needsRoot(context, 'mount');
    const directory = mountTiny('8k');
    const store = new FileStore({ directory });
    const id = newId();
    const first = await store.put(id, 'first', { ifAbsent: true });
    const large = 'x'.repeat(20_000);
    await expect(store.put(id, large)).rejects.toMatchObject({
      code: 'ROLLCALL_STORE',
      message: expect.stringContaining('disk is full'),
    });
    await expect(store.put(id, large, { ifVersion: first.version })).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
    await expect(store.put(newId(), large, { ifAbsent: true })).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
    expect(await store.list()).toEqual([first]);
    expect(tree(directory).filter((name) => !name.endsWith('/'))).toEqual([`v1/${id}.json`]);
    expect((await store.put(id, 'second')).body).toBe('second');
  });

  test('because no file can be made any more rejects, and renewing goes on', async (context) => {
    needsRoot(context, 'mount');
    // The root, v1, drafts, locks, one entry, and one place for its second name while it is published.
    const directory = mountTiny('64k,nr_inodes=6');
    const store = new FileStore({ directory });
    const id = newId();
    const first = await store.put(id, 'first', { ifAbsent: true });
    writeFileSync(join(directory, 'the last one'), '');
    await expect(store.put(id, 'second')).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
    await expect(store.put(newId(), 'x', { ifAbsent: true })).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
    expect(await store.list()).toEqual([first]);
    expect(await store.touch(id)).toBe(true);
    expect(await store.delete(id)).toBe(true);
  });

  test('because the file system is read-only rejects, and reading goes on', async (context) => {
    needsRoot(context, 'mount');
    const directory = mountTiny('64k');
    const store = new FileStore({ directory });
    const id = newId();
    const first = await store.put(id, 'first', { ifAbsent: true });
    execFileSync('mount', ['-o', 'remount,ro', directory]);
    for (const act of [
      () => store.put(id, 'second'),
      () => store.put(newId(), 'x', { ifAbsent: true }),
      () => store.touch(id),
      () => store.delete(id),
      async () => store.deleteNow(id, () => true),
    ]) {
      await expect(act()).rejects.toMatchObject({ code: 'ROLLCALL_STORE', message: expect.stringContaining('EROFS') });
    }
    expect(await store.list()).toEqual([first]);
    expect(await store.sweep()).toBe(0);
  });

  test('because a folder with the name of the entry is in the way rejects', async () => {
    const { store, layout } = newStore();
    await store.put(newId(), 'x');
    const id = newId();
    mkdirSync(layout.entry(id));
    await expect(store.put(id, 'x')).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
    await expect(store.put(id, 'x', { ifAbsent: true })).rejects.toMatchObject({ code: 'ROLLCALL_CONFLICT' });
    await expect(store.delete(id)).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
    expect(readdirSync(layout.drafts)).toEqual([]);
  });
});

test('a writer that died between writing and publishing is not in the way of the next', async () => {
  const { store, layout } = newStore();
  await store.put(newId(), 'x');
  const id = newId();
  writeFileSync(layout.draft(id, 'old'), 'half a dra', { mode: 0o600 });
  expect((await store.put(id, 'whole', { ifAbsent: true })).body).toBe('whole');
  expect((await store.put(id, 'replaced')).body).toBe('replaced');
  // It is a sweep's to remove.
  expect(readdirSync(layout.drafts)).toEqual([`${id}.json.old`]);
});

test('an entry that is half-way published, with a draft of the same inode, is legible', async () => {
  const { store, layout } = newStore();
  const id = newId();
  await store.put(id, 'x', { ifAbsent: true });
  const draft = layout.draft(id, 'x');
  linkSync(layout.entry(id), draft);
  expect(await store.get(id)).toMatchObject({ body: 'x' });
  expect((await store.get(id))?.problem).toBeUndefined();
  // A third one is none of ours, nor is a second name elsewhere.
  linkSync(layout.entry(id), join(layout.root, 'third'));
  expect((await store.get(id))?.problem).toContain('hard link');
  rmSync(draft);
  expect((await store.get(id))?.problem).toContain('hard link');
});

test('a draft is never listed', async () => {
  const { store, layout } = newStore();
  await store.put(newId(), 'x');
  writeFileSync(layout.draft(newId(), 'x'), 'x');
  expect(await store.list()).toHaveLength(1);
});

test.each(['a link', 'a link to nowhere', 'a second name', 'a folder'])(
  'what stands in the place of an entry is replaced and not written through: %s',
  async (what) => {
    const { store, layout, directory } = newStore();
    const id = newId();
    await store.put(id, 'first', { ifAbsent: true });
    const victim = join(directory, 'victim');
    writeFileSync(victim, 'precious');
    rmSync(layout.entry(id));
    if (what === 'a link') symlinkSync(victim, layout.entry(id));
    else if (what === 'a link to nowhere') symlinkSync(join(directory, 'absent'), layout.entry(id));
    else if (what === 'a second name') linkSync(victim, layout.entry(id));
    else mkdirSync(layout.entry(id));
    const { version } = (await store.get(id)) ?? { version: '-' };
    const replacing = store.put(id, 'second', { ifVersion: version });
    if (what === 'a folder') await expect(replacing).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
    else expect((await replacing).body).toBe('second');
    expect(readFileSync(victim, 'utf8')).toBe('precious');
    expect(existsSync(join(directory, 'absent'))).toBe(false);
    expect(readdirSync(layout.drafts)).toEqual([]);
  },
);

test('two writes within one tick of the clock, of one size and one inode, are told apart by a listing', async () => {
  const { directory } = newStore();
  /** As a file system whose clock stands still. */
  const stands = Date.now();
  const coarse = <Stats>(stats: Stats) => Object.assign(stats as object, { ino: 1, ctimeMs: stands }) as Stats;
  const slow = {
    ...fs,
    fstatSync: (...args: Parameters<typeof fs.fstatSync>) => coarse(fs.fstatSync(...args)),
    lstatSync: (...args: Parameters<typeof fs.lstatSync>) => coarse(fs.lstatSync(...args)),
  } as unknown as FileSystem;
  const store = new FileStore({ directory, fs: slow });
  const id = newId();
  await store.put(id, 'aaaa');
  const [first] = await store.list();
  await store.put(id, 'bbbb');
  expect(await store.list()).toMatchObject([{ body: 'bbbb', version: first?.version }]);
});

test("a clock of the caller's own stamps what is written", async () => {
  const directory = tempFolder();
  const clock = new FakeClock('2031-05-06T07:08:09.010Z');
  const store = new FileStore({ directory, clock });
  const id = newId();
  expect(await store.put(id, 'x', { ifAbsent: true })).toMatchObject({ renewedAt: clock.now() });
  clock.set(clock.now() + 5_000);
  expect(await store.put(id, 'y')).toMatchObject({ renewedAt: clock.now() });
});

test('closing lets go of a watch that is only being set up', async () => {
  const { store, directory } = newStore();
  const hints: unknown[] = [];
  const watching = store.watch((id) => hints.push(id));
  await setImmediate();
  await store.close();
  await watching;
  await new FileStore({ directory }).put(newId(), 'x');
  const inotify = () => readdirSync('/proc/self/fd').filter((fd) => isInotify(`/proc/self/fd/${fd}`));
  if (process.platform === 'linux') await eventually('no watch is left', () => inotify().length === 0);
  expect(hints).toEqual([]);
});

function isInotify(path: string): boolean {
  try {
    // libuv keeps its inotify instance for good; what counts are the watches in it.
    return (
      fs.readlinkSync(path) === 'anon_inode:inotify' &&
      /inotify wd/.test(readFileSync(path.replace('fd', 'fdinfo'), 'utf8'))
    );
  } catch {
    return false;
  }
}

test('an update begins again when the folders vanish under it', async () => {
  const directory = join(tempFolder(), 'registry');
  let wipes = 0;
  const wiping: FileSystem = {
    ...fs,
    openSync: (path, ...rest) => {
      if (String(path).includes('.drafts') && wipes++ < 3) rmSync(directory, { recursive: true });
      return fs.openSync(path, ...rest);
    },
  };
  const store = new FileStore({ directory, fs: wiping });
  const id = newId();
  expect((await store.put(id, 'x')).body).toBe('x');
  expect(wipes).toBe(4);
});

describe('the lock', () => {
  test('of a holder that died is taken over, and so is whatever else is in its place', async () => {
    const { store, layout } = newStore();
    const makers = [
      (path: string) => writeFileSync(path, ''),
      (path: string) => mkdirSync(join(path, 'with something in it'), { recursive: true }),
      (path: string) => symlinkSync('/nowhere', path),
    ];
    // At once, because each waits for the lock for some seconds first.
    await Promise.all(
      makers.flatMap((make) =>
        ['update', 'outdated update'].map(async (what) => {
          const id = newId();
          const { version } = await store.put(id, 'a', { ifAbsent: true });
          make(layout.lock(id));
          if (what === 'update') {
            expect((await store.put(id, 'b', { ifVersion: version })).body).toBe('b');
            return;
          }
          // Another's change is noticed without the lock, too.
          await store.put(id, 'c');
          await expect(store.put(id, 'b', { ifVersion: version })).rejects.toThrow(/changed or removed/);
          expect((await store.get(id))?.body).toBe('c');
        }),
      ),
    );
    // Folders are a sweep's to remove.
    expect(readdirSync(layout.locks).filter((name) => !lstatSync(join(layout.locks, name)).isDirectory())).toEqual([]);
  });

  test('is not waited for where it can never be had', async () => {
    const { store, layout } = newStore();
    const id = newId();
    await store.put(id, 'a', { ifAbsent: true });
    const failing: FileSystem = {
      ...fs,
      openSync: (path, ...rest) => {
        if (String(path).startsWith(layout.locks)) throw Object.assign(new Error('as told'), { code: 'EROFS' });
        return fs.openSync(path, ...rest);
      },
    };
    const update = new FileStore({ directory: layout.root, fs: failing });
    const { version } = (await update.get(id)) ?? { version: '' };
    expect((await update.put(id, 'b', { ifVersion: version })).body).toBe('b');
  });

  test('is waited for while someone holds it', async () => {
    const { store, layout } = newStore();
    const id = newId();
    const { version } = await store.put(id, 'a', { ifAbsent: true });
    const order: string[] = [];
    let update: Promise<unknown> | undefined;
    await withLock(layout, id, async () => {
      update = store.put(id, 'b', { ifVersion: version }).then(() => order.push('update'));
      for (let turn = 0; turn < 100; turn++) await setImmediate();
      order.push('holder');
    });
    await update;
    expect(order).toEqual(['holder', 'update']);
  });

  test('is a file for this user alone, there while the act runs and gone afterwards', async () => {
    const { layout } = newStore();
    layout.prepare();
    const id = newId();
    const previous = process.umask(0);
    onTestFinished(() => void process.umask(previous));
    const seen = await withLock(layout, id, async () => mode(layout.lock(id)));
    expect(seen).toBe(0o600);
    expect(readdirSync(layout.locks)).toEqual([]);
  });

  test('is given back when the act fails, and the failure is handed on', async () => {
    const { layout } = newStore();
    layout.prepare();
    const failing = withLock(layout, newId(), async () => {
      throw new Error('mine');
    });
    await expect(failing).rejects.toThrow('mine');
    expect(readdirSync(layout.locks)).toEqual([]);
  });

  test('may be stolen while it is held, and nothing is thrown', async () => {
    const { layout } = newStore();
    layout.prepare();
    const id = newId();
    const result = await withLock(layout, id, async () => {
      rmSync(layout.lock(id));
      // Of the next holder by now: it is not ours to give back.
      writeFileSync(layout.lock(id), '');
      return 5;
    });
    expect(result).toBe(5);
    expect(readdirSync(layout.locks)).toEqual([`${id}.lock`]);
  });

  test('lets many updates of one entry each see the one before', async () => {
    const { directory, store } = newStore();
    const id = newId();
    await store.put(id, '0', { ifAbsent: true });
    const stores = Array.from({ length: 4 }, () => new FileStore({ directory }));
    let conflicts = 0;
    const count = async (each: FileStore) => {
      for (let done = 0; done < 5; ) {
        const entry = await each.get(id);
        try {
          await each.put(id, `${Number(entry?.body) + 1}`, { ifVersion: entry?.version ?? '' });
          done++;
        } catch (error) {
          expect(error).toMatchObject({ code: 'ROLLCALL_CONFLICT' });
          conflicts++;
        }
      }
    };
    await Promise.all(stores.map(count));
    expect((await store.get(id))?.body).toBe('20');
    expect(conflicts).toBeGreaterThan(0);
  });
});

describe('hints', () => {
  test('tell of what other processes do, with the id', async () => {
    const { store, layout } = newStore();
    const hints: (string | undefined)[] = [];
    await store.watch((id) => hints.push(id));
    const id = newId();
    start('sh', ['-c', 'umask 077; echo x > "$0.tmp"; mv "$0.tmp" "$0"', layout.entry(id)]);
    await eventually('a hint for it comes', () => hints.includes(id));
    hints.length = 0;
    start('rm', [layout.entry(id)]);
    await eventually('a hint for its removal comes', () => hints.includes(id));
  });

  test('do not tell of heartbeats', async () => {
    const { store } = newStore();
    const [id, marker] = [newId(), newId()];
    await store.put(id, 'x', { ifAbsent: true });
    const hints: (string | undefined)[] = [];
    await store.watch((hint) => hints.push(hint));
    for (let beat = 0; beat < 20; beat++) await store.touch(id);
    await store.put(marker, 'x', { ifAbsent: true });
    await eventually('the hint for what came after them comes', () => hints.includes(marker));
    expect(hints).not.toContain(id);
  });

  test.each<[string, (layout: Layout) => string]>([
    ['whole', ({ root }) => root],
    ['entries', ({ entries }) => entries],
  ])('come again after the %s folder was removed and made again', async (_, which) => {
    const { directory, store, layout } = newStore();
    const hints: (string | undefined)[] = [];
    await store.watch((id) => hints.push(id));
    hints.length = 0;
    rmSync(which(layout), { recursive: true });
    await eventually('the removal is noticed', () => hints.length > 0);
    // Likely with the same inode as before.
    const other = new FileStore({ directory });
    let id = '';
    await eventually(
      'a hint comes from the new folder',
      async () => {
        if (hints.includes(id)) return true;
        id = newId();
        await other.put(id, 'x', { ifAbsent: true });
        await eventually('it is heard of', () => hints.includes(id), 200).catch(() => {});
        return false;
      },
      4_000,
    );
  });

  test('hold two watches, however many entries there are', async (context) => {
    if (process.platform !== 'linux') context.skip('needs /proc');
    const { store } = newStore();
    for (let index = 0; index < 50; index++) await store.put(newId(), 'x', { ifAbsent: true });
    const watches = () =>
      readdirSync('/proc/self/fdinfo')
        .map((file) => {
          try {
            return readFileSync(`/proc/self/fdinfo/${file}`, 'latin1').match(/^inotify wd:/gm)?.length ?? 0;
          } catch {
            return 0; // The file descriptor of this very listing.
          }
        })
        .reduce((sum, count) => sum + count, 0);
    const before = watches();
    const unwatch = await store.watch(() => {});
    expect(watches() - before).toBeGreaterThan(0);
    expect(watches() - before).toBeLessThanOrEqual(2);
    await unwatch();
    await eventually('they are given back', () => watches() === before);
  });
});

describe('the store beside it', () => {
  test('is in a folder among the entries, as closed as that', async () => {
    const { directory, store } = newStore();
    const claims = store.beside('claims');
    expect(await claims.list()).toEqual([]);
    expect(existsSync(directory)).toBe(false);
    const id = createId('a');
    await claims.put(id, 'x');
    const folder = join(directory, 'v1', '.claims');
    expect(readdirSync(folder).filter((name) => name.endsWith('.json'))).toEqual([`${id}.json`]);
    for (const path of [join(directory, 'v1'), folder, join(folder, '.drafts')])
      expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(await store.list()).toEqual([]);
    chmodSync(folder, 0o755);
    await claims.put(id, 'y');
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  test('is refused where a link stands in its folder’s place, or in that of the entries', async () => {
    for (const place of ['v1/.claims', 'v1']) {
      const { directory, store } = newStore();
      const victim = tempFolder();
      mkdirSync(join(directory, place, '..'), { recursive: true, mode: 0o700 });
      symlinkSync(victim, join(directory, place));
      await expect(store.beside('claims').put(createId('a'), 'x')).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
      await expect(store.beside('claims').list()).rejects.toMatchObject({ code: 'ROLLCALL_STORE' });
      expect(readdirSync(victim)).toEqual([]);
    }
  });
});
