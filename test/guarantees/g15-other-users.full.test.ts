/** G15: files and folders are this user's alone; another user cannot look, plant, squat, or make us do harm. */

import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { encode } from '../../src/core/codec.js';
import { type Registration, Registry } from '../../src/index.js';
import { identifySelf } from '../../src/process/identity.js';
import { Layout } from '../../src/store/file/directory.js';
import { sealed } from '../programs/sealed.js';
import { type Actor, startActor } from '../support/actor.js';
import { faultyFiles } from '../support/faulty-files.js';
import { age, assertClosed } from '../support/healthy.js';
import { makeInstance } from '../support/make-instance.js';
import { prove } from '../support/prove.js';
import { tempFolder } from '../support/temp.js';
import { makeVictim } from '../support/victim.js';

/** Numbers that nobody has. */
const [us, them] = [54_322, 54_321];

const full = { tier: 'full', needs: ['root', 'linux', 'setpriv'] } as const;

/** A folder that all may enter, as `/tmp` is. */
function world(owner = 0, mode = 0o755): string {
  const above = tempFolder();
  chmodSync(above, 0o755);
  const folder = join(above, 'world');
  makeFolder(folder, owner, mode);
  return folder;
}

function makeFolder(path: string, owner: number, mode: number): void {
  mkdirSync(path);
  chownSync(path, owner, owner);
  chmodSync(path, mode);
}

function makeFile(path: string, owner: number, text = 'planted', mode = 0o600): void {
  writeFileSync(path, text);
  chownSync(path, owner, owner);
  chmodSync(path, mode);
}

const startAsUs = (directory: string, env: NodeJS.ProcessEnv = {}): Promise<Actor> =>
  startActor(directory, { WARM: join(tempFolder(), 'warm'), AS: `${us}`, HOME: '/nonexistent', ...env });

/** Runs a command as the other user; its exit code and what it printed. */
function asThem(command: string, ...args: string[]): { status: number | null; stdout: string } {
  const identity = [`--reuid=${them}`, `--regid=${them}`, '--clear-groups'];
  const { status, stdout } = spawnSync('setpriv', [...identity, '--', command, ...args], { encoding: 'utf8' });
  return { status, stdout };
}

prove(
  'G15',
  'under any umask a plain user registers, updates and deregisters, and all of it is his alone',
  async () => {
    for (const umask of ['000', '022', '077', '277', '777']) {
      const directory = join(world(us), 'deep', 'registry');
      const actor = await startAsUs(directory, { UMASK: umask });
      for (const order of ['register 500', 'update 5000', 'touch', 'discover', 'reap']) {
        expect(await actor.ask(order), `${order} under ${umask}`).toMatchObject({ did: order.split(' ')[0] });
        assertClosed(directory, us);
        for (const each of [directory, join(directory, '..')]) {
          expect([each, (statSync(each).mode & 0o7777).toString(8)]).toEqual([each, '700']);
        }
      }
      expect((await actor.ask('deregister')).did).toBe('deregister');
    }
  },
  full,
);

prove(
  'G15',
  'another user can neither list, read, change, remove, plant nor replace',
  async () => {
    // In a folder that everybody may write to, once as `/tmp` is, and once chosen as the root itself.
    const sticky = world(0, 0o1777);
    for (const directory of [join(sticky, 'registry'), sticky]) {
      const actor = await startAsUs(directory);
      const { id = '' } = await actor.ask('register 500');
      const entries = join(directory, 'v1');
      const entry = join(entries, `${id}.json`);
      const before = readFileSync(entry, 'utf8');
      const attempts: [string, ...string[]][] = [
        ['ls', entries],
        ['cat', entry],
        ['stat', entry],
        ['touch', entry],
        ['rm', '-f', entry],
        ['ln', entry, join(sticky, 'stolen')],
        ['mkfifo', join(entries, 'planted.json')],
        ['ln', '-s', '/nonexistent', join(entries, '.drafts', 'planted')],
        ['mv', entries, join(sticky, 'moved')],
        ['rmdir', join(entries, '.locks')],
        ['chmod', '777', entries],
      ];
      for (const [command, ...args] of attempts) {
        const { status, stdout } = asThem(command, ...args);
        expect([command, status === 0, stdout]).toEqual([command, false, '']);
      }
      expect(readFileSync(entry, 'utf8')).toBe(before);
      expect((await actor.ask('update 700')).did).toBe('update');
      assertClosed(directory, us);
    }
  },
  full,
);

const folders = { root: '', v1: 'v1', drafts: 'v1/.drafts', locks: 'v1/.locks' };

prove(
  'G15',
  'a folder that another user put there first is refused, whatever its mode, and nothing is written to it',
  async () => {
    for (const [what, path] of Object.entries(folders)) {
      for (const mode of [0o700, 0o755, 0o777, 0o1777]) {
        const directory = join(world(us), 'registry');
        const squatted = join(directory, path);
        if (path !== '') makeFolder(directory, us, 0o700);
        if (path.includes('/')) makeFolder(join(directory, 'v1'), us, 0o700);
        makeFolder(squatted, them, mode);
        const actor = await startAsUs(directory);
        const answer = await actor.ask('register 500');
        expect(answer, `${what} ${mode.toString(8)}`).toMatchObject({ failed: 'register', code: 'ROLLCALL_STORE' });
        // A folder that we may not enter is refused, too, if only for that.
        expect(answer.message).toMatch(new RegExp(`${squatted}.*(belongs to the user with id ${them}|EACCES)`));
        expect(readdirSync(squatted)).toEqual([]);
        expect(statSync(squatted).mode & 0o7777).toBe(mode);
        const look = await actor.ask('discover');
        if (what === 'v1') expect(look).toMatchObject({ failed: 'discover', code: 'ROLLCALL_STORE' });
      }
    }
  },
  full,
);

prove(
  'G15',
  'a link in a place of ours is refused, also one to a folder of our own; only the root may be one, to a folder of ours',
  async () => {
    for (const [what, path] of Object.entries(folders)) {
      for (const owner of [us, them]) {
        const place = world(us);
        const directory = join(place, 'registry');
        const elsewhere = join(world(owner), 'elsewhere');
        makeFolder(elsewhere, owner, 0o700);
        if (path !== '') makeFolder(directory, us, 0o700);
        if (path.includes('/')) makeFolder(join(directory, 'v1'), us, 0o700);
        symlinkSync(elsewhere, join(directory, path));
        const actor = await startAsUs(directory);
        const answer = await actor.ask('register 500');
        if (what === 'root' && owner === us) {
          expect(answer.did).toBe('register');
          assertClosed(elsewhere, us);
          continue;
        }
        expect(answer, `${what} to one of ${owner}`).toMatchObject({ failed: 'register', code: 'ROLLCALL_STORE' });
        expect(readdirSync(elsewhere)).toEqual([]);
      }
    }
  },
  full,
);

prove(
  'G15',
  'a folder of ours that is open is closed before anything is written to it',
  async () => {
    for (const mode of [0o777, 0o770, 0o707, 0o755, 0o2777]) {
      const directory = join(world(us), 'registry');
      for (const path of Object.values(folders)) makeFolder(join(directory, path), us, mode);
      const actor = await startAsUs(directory, { UMASK: '000' });
      expect((await actor.ask('register 500')).did).toBe('register');
      for (const path of ['v1', 'v1/.drafts', 'v1/.locks']) {
        expect([path, statSync(join(directory, path)).mode & 0o077]).toEqual([path, 0]);
      }
      // Of the root only that others may write is taken back: who may look at it is its owner's choice.
      expect(statSync(directory).mode & 0o022).toBe(0);
    }
    // One of root's that is open is not ours to close.
    const directory = world(0, 0o777);
    const actor = await startAsUs(directory);
    expect((await actor.ask('register 500')).message).toMatch(/open to other users \(mode 777\)/);
    expect(readdirSync(directory)).toEqual([]);
  },
  full,
);

prove(
  'G15',
  'what another user planted while a folder was open is neither believed, followed, waited for nor harmed',
  async () => {
    const directory = join(world(us), 'registry');
    for (const path of Object.values(folders)) makeFolder(join(directory, path), us, 0o777);
    const layout = new Layout(directory);
    // What they would have us overwrite, remove or show.
    const precious = join(world(us), 'precious');
    makeFile(precious, us, 'precious', 0o644);
    const believable = (name: string) => makeInstance({ name, process: identifySelf(), metadata: sealed(100) });
    const planted = believable('planted');
    makeFile(layout.entry(planted.id), them, encode(planted), 0o644);
    const dead = makeInstance({ name: 'dead', process: { ...identifySelf(), start: '1' } });
    makeFile(layout.entry(dead.id), them, encode(dead), 0o644);
    const names = [layout.entry('a'), layout.draft('a', 'a'), layout.lock('a')];
    for (const path of names) {
      symlinkSync(precious, path);
      linkSync(precious, path.replace(/a(\.[^/]*)$/, 'b$1'));
      execFileSync('mkfifo', ['-m', '666', path.replace(/a(\.[^/]*)$/, 'c$1')]);
    }
    age(directory);
    const actor = await startAsUs(directory);
    const { id = '' } = await actor.ask('register 500');
    for (const order of ['update 900', 'touch', 'discover', 'reap', 'update 500']) {
      expect(await actor.ask(order)).toMatchObject({ did: order.split(' ')[0] });
    }
    expect([readFileSync(precious, 'utf8'), statSync(precious).mode & 0o777]).toEqual(['precious', 0o644]);
    expect(readFileSync(layout.entry(planted.id), 'utf8')).toBe(encode(planted));
    expect(existsSync(layout.entry(dead.id))).toBe(true);
    // As they are seen by a reader of ours: one of the actor's user, as which this process cannot read.
    const seen = spawnSync(
      'setpriv',
      [`--reuid=${us}`, `--regid=${us}`, '--clear-groups', process.execPath, 'dist/cli/main.js', 'list', '--json'],
      { encoding: 'utf8', env: { ...process.env, ROLLCALL_DIR: directory, HOME: '/nonexistent' } },
    );
    expect(JSON.parse(seen.stdout).map((each: { id: string }) => each.id)).toEqual([id]);
  },
  full,
);

prove(
  'G15',
  'whoever owns the folder above swaps ours for his, at any call: he reads nothing, and we harm nothing of ours',
  async () => {
    const operations: Record<string, (registry: Registry, early: Registration) => Promise<unknown>> = {
      register: (registry) => registry.register(named('late')),
      update: (_, early) => early.update({ metadata: sealed(700) }),
      deregister: (_, early) => early.deregister(),
      reap: (registry) => registry.reap(),
    };
    for (const [name, operation] of Object.entries(operations)) {
      for (const isLinked of [true, false]) {
        for (let n = 1; await swapAt(n, isLinked, name, operation); n++);
      }
    }
  },
  { tier: 'full', needs: ['root'] },
);

const named = (name: string) => ({ name, endpoints: [{ type: 'stdio' }], metadata: sealed(500) });

/** Does the operation, and swaps the folders after its n-th call. `false`: it has no n-th call. */
async function swapAt(
  n: number,
  isLinked: boolean,
  name: string,
  operation: (registry: Registry, early: Registration) => Promise<unknown>,
): Promise<boolean> {
  const place = world(them);
  const directory = join(place, 'registry');
  const files = faultyFiles();
  await using registry = new Registry({ directory, fs: files.fs });
  const early = await registry.register(named('early'));
  // Theirs: the same folders; those of drafts and locks may lead to files of ours, which are old.
  const victim = makeVictim(`${early.id}.json`);
  const theirs = join(place, 'theirs');
  for (const path of ['', 'v1']) makeFolder(join(theirs, path), them, 0o777);
  for (const path of ['v1/.drafts', 'v1/.locks']) {
    if (isLinked) symlinkSync(victim.folder, join(theirs, path));
    else makeFolder(join(theirs, path), them, 0o777);
  }
  execFileSync('touch', ['-d', '1 hour ago', victim.file]);
  victim.remember();
  files.heal();
  let isMet = false;
  files.after = () => {
    if (files.calls.length !== n) return;
    isMet = true;
    renameSync(directory, join(place, 'away'));
    renameSync(theirs, directory);
  };
  const outcome = await operation(registry, early).catch((error) => error);
  const story = `${name}, swapped after ${files.calls.slice(0, n).join(' ')}`;
  if (outcome instanceof Error) expect(outcome, story).toMatchObject({ code: 'ROLLCALL_STORE' });
  expect(() => victim.assertUntouched(), story).not.toThrow();
  for (const path of isLinked ? [] : readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const stats = lstatSync(join(directory, path));
    // What of ours came to be in their folder, they cannot read.
    if (stats.uid !== them) expect(stats.mode & 0o077, `${story}: ${path}`).toBe(0);
  }
  files.after = () => {};
  if (isMet) {
    rmSync(directory, { recursive: true });
    renameSync(join(place, 'away'), directory);
  }
  return isMet;
}
