/** G11: a lock that is lost, stolen or cannot be had never throws outside a promise and never ends your process. */

import { lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'vitest';
import { createId } from '../../src/core/id.js';
import { FileStore, isRollcallError, Registry } from '../../src/index.js';
import { Layout } from '../../src/store/file/directory.js';
import { sealed, tearIn } from '../programs/sealed.js';
import { startActor } from '../support/actor.js';
import { eventually } from '../support/eventually.js';
import { faultyFiles } from '../support/faulty-files.js';
import { age, assertHealthy } from '../support/healthy.js';
import { prove } from '../support/prove.js';
import { systemCalls, withFault } from '../support/strace.js';
import { tempFolder } from '../support/temp.js';
import { makeVictim, strangeThings } from '../support/victim.js';

const given = () => ({ name: 'holder', endpoints: [{ type: 'stdio' }], metadata: sealed(1_000) });

async function register() {
  const directory = join(tempFolder(), 'registry');
  const files = faultyFiles();
  const registry = new Registry({ directory, fs: files.fs });
  const registration = await registry.register(given());
  const layout = new Layout(directory);
  return { directory, files, registry, registration, layout, lock: layout.lock(registration.id) };
}

type Holder = Awaited<ReturnType<typeof register>>;

/** Whatever stands in the way is gone: an update is made, and all is well. */
async function assertGoesOn({ directory, files, registry, registration, layout, lock }: Holder): Promise<void> {
  files.after = () => {};
  rmSync(lock, { recursive: true, force: true });
  const { metadata } = await registration.update({ metadata: sealed(3_000) });
  expect(JSON.parse(readFileSync(layout.entry(registration.id), 'utf8')).metadata).toEqual(metadata);
  await assertHealthy(directory, [registration.id]);
  await registry.close();
}

function touch(path: string): void {
  writeFileSync(path, '', { mode: 0o600 });
}

const things: typeof strangeThings = { nothing: () => {}, 'a lock of another': (at) => touch(at), ...strangeThings };

/** The others take the same way. */
const quick = ['nothing', 'a lock of another', 'a link to a file'];

for (const [what, plant] of Object.entries(things)) {
  prove(
    'G11',
    `after each call of an update its lock is removed, and ${what} put in its place`,
    async () => {
      const victim = makeVictim();
      for (let n = 1, isMet = true; isMet; n++) {
        const holder = await register();
        const { files, registration, lock } = holder;
        isMet = false;
        files.heal();
        files.after = () => {
          if (files.calls.length !== n || lstatSync(lock, { throwIfNoEntry: false }) === undefined) {
            isMet ||= files.calls.length === n;
            return;
          }
          isMet = true;
          rmSync(lock);
          plant(lock, victim);
        };
        await registration.update({ metadata: sealed(2_000) });
        victim.assertUntouched();
        await assertGoesOn(holder);
      }
    },
    quick.includes(what) ? {} : { tier: 'full' },
  );
}

prove('G11', 'where no lock can be made, or none be removed, updates go on', async () => {
  for (const syscall of ['openSync', 'fstatSync', 'unlinkSync', 'lstatSync'] as const) {
    const directory = join(tempFolder(), 'registry');
    const { locks } = new Layout(directory);
    const { fs } = faultyFiles();
    const real = fs[syscall] as (...args: unknown[]) => unknown;
    const failing = new Proxy(fs, {
      get: (target, name: keyof typeof fs) =>
        name !== syscall
          ? target[name]
          : (...args: unknown[]) => {
              if (!`${args[0]}`.startsWith(join(locks, '/'))) return real(...args);
              throw Object.assign(new Error('EROFS: made to fail'), { code: 'EROFS' });
            },
    });
    await using registry = new Registry({ directory, fs: failing });
    const registration = await registry.register(given());
    await registration.update({ tags: ['first'] });
    rmSync(new Layout(directory).lock(registration.id), { force: true });
    await registration.update({ tags: ['second'] });
    expect((await registry.get(registration.id))?.tags).toEqual(['second']);
  }
});

prove('G11', 'locks are removed and replaced all the while, under many writers of one entry', async () => {
  const directory = join(tempFolder(), 'registry');
  const layout = new Layout(directory);
  const id = createId('contended');
  const body = (text: string) => JSON.stringify({ metadata: sealed(2_000), text });
  const stores = Array.from({ length: 6 }, () => new FileStore({ directory }));
  await stores[0]?.put(id, body('first'), { ifAbsent: true });
  let [isOver, puts] = [false, 0];
  const writers = stores.map(async (store) => {
    for (let round = 0; round < 50; round++) {
      const { version = '' } = (await store.get(id)) ?? {};
      try {
        await store.put(id, body(`${round}`), { ifVersion: version });
        puts++;
      } catch (error) {
        if (!isRollcallError(error, 'ROLLCALL_CONFLICT')) throw error;
      }
      expect(tearIn(readFileSync(layout.entry(id), 'utf8'))).toBeUndefined();
    }
  });
  const thief = (async () => {
    for (let round = 0; !isOver; round++) {
      rmSync(layout.lock(id), { force: true });
      if (round % 3 === 0) touch(layout.lock(id));
      await setImmediate();
    }
  })();
  await Promise.all(writers);
  isOver = true;
  await thief;
  expect(puts).toBeGreaterThan(50);
  await stores[0]?.delete(id);
  await assertHealthy(directory, []);
});

prove(
  'G11',
  'under locks and drafts of every strange kind updates go on, and a sweep harms nothing',
  async () => {
    await Promise.all(
      Object.values(strangeThings).map(async (plant) => {
        const holder = await register();
        const { registration, registry, layout, directory, lock } = holder;
        const victim = makeVictim();
        plant(lock, victim);
        plant(layout.draft(registration.id, 'strange'), victim);
        await registration.update({ metadata: sealed(2_000) });
        victim.assertUntouched();
        age(directory);
        // A hard link shares its times.
        victim.remember();
        await registry.reap();
        victim.assertUntouched();
        rmSync(layout.draft(registration.id, 'strange'), { recursive: true, force: true });
        await assertGoesOn(holder);
      }),
    );
  },
  { tier: 'full' },
);

prove(
  'G11',
  'where the folders of locks and drafts are strange, an update is made or rejected, and no victim harmed',
  async () => {
    await Promise.all(
      (['locks', 'drafts'] as const).flatMap((folder) =>
        Object.entries(strangeThings).map(async ([what, plant]) => {
          const { registration, registry, layout, directory, files } = await register();
          const victim = makeVictim(`${registration.id}.lock`);
          rmSync(layout[folder], { recursive: true });
          plant(layout[folder], victim);
          const update = await registration.update({ metadata: sealed(2_000) }).catch((error) => error);
          if (!what.startsWith('a folder')) {
            expect(update, what).toMatchObject({
              code: 'ROLLCALL_STORE',
              message: expect.stringContaining(layout[folder]),
            });
          }
          expect((await registry.discover()).map(({ id }) => id)).toEqual([registration.id]);
          await registry.reap();
          victim.assertUntouched();
          files.heal();
          rmSync(layout[folder], { recursive: true, force: true });
          await registration.update({ metadata: sealed(2_000) });
          await assertHealthy(directory, [registration.id]);
          await registry.close();
        }),
      ),
    );
  },
);

prove(
  'G11',
  'a holder stopped at any system call, for longer than its lock lasts',
  async () => {
    const stage = async () => {
      const layout = new Layout(join(tempFolder(), 'registry'));
      const actor = await startActor(layout.root, { WARM: join(tempFolder(), 'warm') });
      const { id = '' } = await actor.ask('register 1000');
      return { layout, actor, id };
    };
    const { layout, actor } = await stage();
    const calls = await systemCalls(actor.pid, () => actor.ask('update 5000'));
    const waiting = calls.filter(({ text }) => text.includes(layout.root));
    let stolen = 0;
    const work = async () => {
      for (let call = waiting.pop(); call !== undefined; call = waiting.pop()) {
        const { layout, actor, id } = await stage();
        const store = new FileStore({ directory: layout.root });
        await withFault(actor.pid, call, 'signal=STOP', async (output) => {
          const update = actor.ask('update 5000');
          await eventually('it is stopped', () => output().includes('stopped by SIGSTOP'));
          const isHeld = readdirSync(layout.locks).length > 0;
          // Somebody else changes the entry meanwhile; if need be he takes the lock over.
          const { body = '', version = '' } = (await store.get(id)) ?? {};
          await store.put(id, JSON.stringify({ ...JSON.parse(body), tags: ['other'] }), { ifVersion: version });
          if (isHeld) stolen++;
          process.kill(actor.pid, 'SIGCONT');
          const answer = await update;
          expect(answer.did ?? answer.code, JSON.stringify(answer)).toMatch(/^update$|^ROLLCALL_/);
        });
        expect(await actor.ask('update 5000')).toMatchObject({ did: 'update' });
        await assertHealthy(layout.root, [id]);
        actor.child.kill('SIGKILL');
      }
    };
    await Promise.all(Array.from({ length: 6 }, work));
    expect(stolen).toBeGreaterThan(3);
  },
  { tier: 'full', needs: ['root', 'linux', 'strace'] },
);
