/** G2: a write that fails leaves the previous entry whole, and rejects; one that succeeds is there completely. */

import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, statfsSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { tearIn } from '../programs/sealed.js';
import { type Actor, type Answer, startActor } from '../support/actor.js';
import { age, assertHealthy, textsIn } from '../support/healthy.js';
import { type Mounted, startOnBind, startOnExt4, startOnTmpfs } from '../support/mounts.js';
import { prove } from '../support/prove.js';
import { tempFolder } from '../support/temp.js';

/** Done completely, or rejected with what is wrong and all as it was. */
async function attempt(actor: Actor, directory: string, order: string, cause: RegExp): Promise<Answer> {
  const before = textsIn(directory);
  const answer = await actor.ask(order);
  const after = textsIn(directory);
  const { id, seal, did, failed, code, message } = answer;
  if (failed !== undefined) {
    expect({ code, message }).toEqual({ code: 'ROLLCALL_STORE', message: expect.stringMatching(cause) });
    expect(after).toEqual(before);
  } else {
    expect(did, JSON.stringify(answer)).toBe(order.split(' ')[0]);
    const body = after[`${id}.json`];
    if (did === 'deregister') expect(body).toBeUndefined();
    else {
      expect(tearIn(body ?? '')).toBeUndefined();
      expect(JSON.parse(body ?? '').metadata.seal).toBe(seal);
    }
  }
  return answer;
}

/** Leaves exactly `n` blocks free, or as few as there are. */
function leaveBlocks(folder: string, n: number): void {
  const filler = join(folder, 'filler');
  rmSync(filler, { force: true });
  const file = openSync(filler, 'w');
  try {
    for (let { bavail, bsize } = statfsSync(folder); bavail > n; { bavail, bsize } = statfsSync(folder)) {
      writeSync(file, Buffer.alloc(bsize));
    }
  } catch (error) {
    // ext4 keeps some of what it calls free for itself: then there are as few as there can be.
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(file);
  }
}

/** Leaves exactly `n` more files possible. */
function leaveInodes(folder: string, n: number): void {
  const fillers = join(folder, 'fillers');
  rmSync(fillers, { recursive: true, force: true });
  mkdirSync(fillers);
  for (let index = 0; statfsSync(folder).ffree > n; index++) writeFileSync(join(fillers, `${index}`), '');
  if (statfsSync(folder).ffree !== n) throw new Error(`There are not ${n} inodes free.`);
}

/**
 * For every fullness from none free on: an update and a registration, until three in a row have gone well. Says how
 * many failed.
 */
async function fillUp(mounted: Mounted, leave: (folder: string, n: number) => void, size: number): Promise<number> {
  const { actor, seen } = mounted;
  const directory = join(seen, 'registry');
  let failures = 0;
  for (const order of [`update ${size}`, `register ${size}`]) {
    if (order.startsWith('update')) expect((await actor.ask('register 500')).did).toBe('register');
    for (let [n, successes] = [0, 0]; successes < 3; n++) {
      leave(seen, n);
      const answer = await attempt(actor, directory, order, /\(ENOSPC\).*full/);
      expect(readdirSync(join(directory, 'v1', '.drafts'))).toEqual([]);
      successes = answer.failed === undefined ? successes + 1 : 0;
      if (answer.failed !== undefined) failures++;
      // Even on a full disk an entry can be taken away, so one that was registered goes again.
      if (order.startsWith('register') && answer.did !== undefined) await attempt(actor, directory, 'deregister', /^$/);
    }
    if (order.startsWith('update')) await attempt(actor, directory, 'deregister', /^$/);
  }
  rmSync(join(seen, 'filler'), { force: true });
  rmSync(join(seen, 'fillers'), { recursive: true, force: true });
  await assertHealthy(directory, []);
  return failures;
}

const run = (command: string, ...args: string[]) => void execFileSync(command, args);

const full = { tier: 'full', needs: ['root', 'linux', 'unshare', 'nsenter', 'mkfs.ext4'] } as const;

for (const size of [500, 9_000, 60_000]) {
  prove(
    'G2',
    `a tmpfs with every number of free pages, entries of ${size} bytes`,
    async () => {
      expect(await fillUp(await startOnTmpfs('size=512k'), leaveBlocks, size)).toBeGreaterThan(1);
    },
    full,
  );

  prove(
    'G2',
    `an ext4 with every number of free blocks, entries of ${size} bytes`,
    async () => {
      expect(await fillUp(await startOnExt4(2_048, 128), leaveBlocks, size)).toBeGreaterThan(1);
    },
    full,
  );
}

prove(
  'G2',
  'a tmpfs and an ext4 with every number of free inodes',
  async () => {
    expect(await fillUp(await startOnTmpfs('size=512k,nr_inodes=64'), leaveInodes, 500)).toBeGreaterThan(1);
    expect(await fillUp(await startOnExt4(2_048, 64), leaveInodes, 500)).toBeGreaterThan(1);
  },
  full,
);

prove(
  'G2',
  'folders that cannot be made for want of inodes',
  async () => {
    const { actor, seen } = await startOnTmpfs('size=512k,nr_inodes=64');
    const directory = join(seen, 'registry');
    for (let n = 0, isDone = false; !isDone; n++) {
      leaveInodes(seen, n);
      isDone = (await attempt(actor, directory, 'register 500', /\(ENOSPC\)/)).failed === undefined;
      if (isDone) expect(n).toBeGreaterThan(3);
      else rmSync(directory, { recursive: true, force: true });
    }
    rmSync(join(seen, 'fillers'), { recursive: true });
    await attempt(actor, directory, 'deregister', /^$/);
    await assertHealthy(directory, []);
  },
  full,
);

prove(
  'G2',
  'a mount that turns read-only, and back',
  async () => {
    const { actor, folder, seen, run } = await startOnBind();
    const directory = join(seen, 'registry');
    await attempt(actor, directory, 'register 500', /^$/);
    run('mount', '-o', 'remount,bind,ro', folder);
    for (const order of ['update 9000', 'touch', 'register 500']) {
      expect((await attempt(actor, directory, order, /\(EROFS\).*read-only/)).failed).toBeDefined();
    }
    expect((await actor.ask('discover')).did).toBe('discover');
    run('mount', '-o', 'remount,bind,rw', folder);
    const { id = '' } = await attempt(actor, directory, 'update 9000', /^$/);
    await assertHealthy(directory, [id]);
    run('mount', '-o', 'remount,bind,ro', folder);
    expect((await attempt(actor, directory, 'deregister', /\(EROFS\)/)).failed).toBeDefined();
  },
  full,
);

prove(
  'G2',
  'an entry, and a folder, that are immutable',
  async () => {
    const { actor, folder, seen, run } = await startOnExt4(2_048, 128);
    const directory = join(seen, 'registry');
    const { id = '' } = await attempt(actor, directory, 'register 500', /^$/);
    for (const name of [`v1/${id}.json`, 'v1', 'v1/.drafts']) {
      run('chattr', '+i', join(folder, 'registry', name));
      expect((await attempt(actor, directory, 'update 9000', /\(EPERM\)/)).failed).toBeDefined();
      run('chattr', '-i', join(folder, 'registry', name));
      await attempt(actor, directory, 'update 9000', /^$/);
    }
    age(directory);
    await actor.ask('reap');
    await assertHealthy(directory, [id]);
    run('chattr', '+i', join(folder, 'registry', `v1/${id}.json`));
    expect((await attempt(actor, directory, 'deregister', /\(EPERM\)/)).failed).toBeDefined();
    run('chattr', '-i', join(folder, 'registry', `v1/${id}.json`));
  },
  full,
);

prove(
  'G2',
  'a limit on the size of files',
  async () => {
    const directory = join(tempFolder(), 'registry');
    // Eight blocks of 512 bytes, as POSIX has them: an entry of 9,000 bytes is cut off in its middle.
    const actor = await startActor(directory, {}, ['sh', '-c', 'ulimit -f 8 && exec "$0" "$@"']);
    const { id = '' } = await attempt(actor, directory, 'register 500', /^$/);
    for (let round = 0; round < 3; round++) {
      expect((await attempt(actor, directory, 'update 9000', /\(EFBIG\)/)).failed).toBe('update');
      expect((await attempt(actor, directory, 'update 600', /^$/)).did).toBe('update');
    }
    expect((await attempt(actor, directory, 'register 9000', /\(EFBIG\)/)).failed).toBe('register');
    await assertHealthy(directory, [id]);
  },
  { needs: ['linux'] },
);

prove(
  'G2',
  'a limit on open files',
  async () => {
    const directory = join(tempFolder(), 'registry');
    const actor = await startActor(directory, { WARM: join(tempFolder(), 'warm') });
    const { id = '' } = await attempt(actor, directory, 'register 500', /^$/);
    let failures = 0;
    for (const order of ['update 9000', 'register 500']) {
      for (let [limit, successes] = [3, 0]; successes < 3; limit++) {
        run('prlimit', `--pid=${actor.pid}`, `--nofile=${limit}:4096`);
        const answer = await attempt(actor, directory, order, /\(EMFILE\).*too many files/);
        run('prlimit', `--pid=${actor.pid}`, '--nofile=4096:4096');
        successes = answer.failed === undefined ? successes + 1 : 0;
        if (answer.failed !== undefined) failures++;
        if (answer.did === 'register') await attempt(actor, directory, 'deregister', /^$/);
      }
    }
    expect(failures).toBeGreaterThan(1);
    await assertHealthy(directory, [id]);
  },
  { needs: ['linux', 'prlimit'] },
);
