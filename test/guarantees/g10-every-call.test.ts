/** G2, G10, G15: every operation, with every call of the file system failing in turn, and a crash at each. */

import { existsSync, lutimesSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { encode } from '../../src/core/codec.js';
import { isRollcallError, type Registration, Registry } from '../../src/index.js';
import { Layout } from '../../src/store/file/directory.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { FakeProbe } from '../../src/testing/fake-probe.js';
import { sealed } from '../programs/sealed.js';
import { type FaultyFiles, faultyFiles } from '../support/faulty-files.js';
import { age, assertClosed, assertHealthy, assertNeverOpen, textsIn } from '../support/healthy.js';
import { makeInstance } from '../support/make-instance.js';
import { isFullTier, prove } from '../support/prove.js';
import { tempFolder } from '../support/temp.js';

/** Not ENOENT: that is an answer, and no failure. */
const errnos = isFullTier
  ? ['ENOSPC', 'EIO', 'EACCES', 'EPERM', 'EROFS', 'EMFILE', 'ENFILE', 'ENOTDIR', 'EDQUOT', 'EMLINK', 'EINTR', 'ESTALE']
  : ['EIO', 'EPERM'];
const given = (name: string) => ({ name, endpoints: [{ type: 'stdio' }], metadata: sealed(2_000) });

/** A folder with someone in it who is none of the operation's business, and the subject, whose files can fail. */
interface Scene {
  readonly directory: string;
  readonly layout: Layout;
  readonly probe: FakeProbe;
  readonly files: FaultyFiles;
  readonly registry: Registry;
  readonly clock: FakeClock;
  readonly reports: unknown[];
  /** Who is to be found when the subject is not. */
  readonly living: Set<string>;
  own?: Registration;
}

const subject = 201;

async function makeScene(directory: string): Promise<Scene> {
  const probe = new FakeProbe();
  const layout = new Layout(directory);
  layout.prepare();
  const bystander = makeInstance({ name: 'bystander', process: probe.run(202), metadata: sealed(500) });
  writeFileSync(layout.entry(bystander.id), encode(bystander), { mode: 0o600 });
  const files = faultyFiles();
  const clock = new FakeClock(Date.now());
  const reports: unknown[] = [];
  const registry = new Registry({
    directory,
    clock,
    fs: files.fs,
    probe: { observer: probe.run(subject), look: (pid) => probe.look(pid) },
    onError: (error) => void reports.push(error),
  });
  return { directory, layout, probe, files, registry, clock, reports, living: new Set([bystander.id]) };
}

/** What an operation is made on, what it does, and how to tell that it was done. */
interface Operation {
  readonly prepare?: (scene: Scene) => Promise<void> | void;
  readonly act: (scene: Scene) => Promise<unknown>;
  /** How to go on after it has failed; the same again unless given. */
  readonly again?: (scene: Scene) => Promise<unknown>;
  /** Throws if it was not done, or by half. */
  readonly isDone: (scene: Scene) => void;
  /** Takes back what `prepare` broke, and nobody could mend. */
  readonly afterCrash?: (scene: Scene) => void;
  /** Whether the subject is registered when it is done. */
  readonly leaves?: 'nothing';
  /** It may leave a part for the next time. */
  readonly isOfParts?: true;
}

const register = async (scene: Scene) => {
  scene.own = await scene.registry.register(given('subject'));
};
const bodyOf = ({ layout, own }: Scene) => {
  const path = layout.entry(own?.id ?? '');
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
};
const isWritten = (scene: Scene) => {
  expect(JSON.parse(bodyOf(scene) ?? '')).toEqual(JSON.parse(encode(scene.own?.instance as never)));
};
const isGone = (scene: Scene) => expect(bodyOf(scene)).toBeUndefined();
const beat = async ({ clock, reports }: Scene) => {
  await clock.advance(15_000);
  if (reports.length > 0) throw reports.pop();
};
const leftovers = async (scene: Scene) => {
  const dead = makeInstance({ name: 'dead', process: { pid: 999 } });
  writeFileSync(scene.layout.entry(dead.id), encode(dead), { mode: 0o600 });
  writeFileSync(scene.layout.draft(dead.id, 'half'), '{"for', { mode: 0o600 });
  writeFileSync(scene.layout.lock(dead.id), '', { mode: 0o600 });
  age(scene.directory);
};

const operations: Record<string, Operation> = {
  register: { act: register, isDone: isWritten },
  'register where no folder is': {
    prepare: (scene) => {
      rmSync(scene.layout.root, { recursive: true });
      scene.living.clear();
    },
    act: register,
    isDone: isWritten,
  },
  update: {
    prepare: register,
    act: ({ own }) => own?.update({ metadata: sealed(20_000) }) as Promise<unknown>,
    isDone: isWritten,
  },
  deregister: {
    prepare: register,
    act: async ({ own }) => expect(await own?.deregister()).toBe(true),
    // It counts as deregistered; its entry is there until somebody removes it, or the process ends.
    again: ({ registry, own }) => registry.store.delete(own?.id ?? ''),
    isDone: isGone,
    leaves: 'nothing',
  },
  heartbeat: {
    prepare: async (scene) => {
      await register(scene);
      lutimesSync(scene.layout.entry(scene.own?.id ?? ''), 1, 1);
    },
    act: beat,
    isDone: isWritten,
  },
  'a heartbeat that puts the entry back': {
    prepare: async (scene) => {
      await register(scene);
      await scene.registry.store.delete(scene.own?.id ?? '');
    },
    act: beat,
    isDone: isWritten,
  },
  'a heartbeat that mends the entry': {
    prepare: async (scene) => {
      await register(scene);
      writeFileSync(scene.layout.entry(scene.own?.id ?? ''), '{"torn', { mode: 0o600 });
    },
    act: beat,
    isDone: isWritten,
    isOfParts: true,
    afterCrash: (scene) => {
      if (bodyOf(scene) === '{"torn') rmSync(scene.layout.entry(scene.own?.id ?? ''));
    },
  },
  'reap and sweep': {
    prepare: leftovers,
    act: ({ registry }) => registry.reap(),
    isDone: ({ layout }) => expect(readdirSync(layout.entries).filter((name) => name.startsWith('dead'))).toEqual([]),
    leaves: 'nothing',
    isOfParts: true,
  },
};

/** Sets the scene and does the operation, whose n-th call fails. Resolves with `false` if it has no n-th call. */
async function attack(
  operation: Operation,
  [n, code, forever]: readonly [number, string, boolean],
  judge: (scene: Scene, outcome: { error?: unknown }, before: Record<string, string>) => Promise<void>,
): Promise<boolean> {
  const scene = await makeScene(join(tempFolder(), 'registry'));
  try {
    await operation.prepare?.(scene);
    const before = textsIn(scene.directory);
    scene.files.failAt(n, code, forever);
    const outcome = await operation.act(scene).then(
      () => ({}),
      (error: unknown) => ({ error }),
    );
    const { isMet, calls } = scene.files;
    const story = `${code} at call ${n} of ${calls.join(' ')}`;
    scene.files.heal();
    await judge(scene, outcome, before).catch((error) => {
      throw new Error(`${story}: ${error.message}`, { cause: error });
    });
    return isMet;
  } finally {
    scene.files.heal();
    await scene.registry.close();
    rmSync(join(scene.directory, '..'), { recursive: true, force: true });
  }
}

for (const [name, operation] of Object.entries(operations)) {
  prove(
    'G2',
    `whichever call fails in "${name}", it is done, or rejects and changes nothing`,
    async () => {
      let cases = 0;
      for (const code of errnos) {
        for (let n = 1; ; n++) {
          const isMet = await attack(operation, [n, code, false], async (scene, { error }, before) => {
            if (error !== undefined) {
              if (!isRollcallError(error, 'ROLLCALL_STORE')) throw error;
              if (operation.isOfParts === undefined) expect(textsIn(scene.directory)).toEqual(before);
              if (existsSync(scene.layout.locks)) age(scene.directory);
              await scene.registry.store.sweep?.();
              await (operation.again ?? operation.act)(scene);
            }
            if (operation.isOfParts) await operation.act(scene);
            operation.isDone(scene);
            const own = operation.leaves === 'nothing' || scene.own === undefined ? [] : [scene.own.id];
            await assertHealthy(scene.directory, [...scene.living, ...own], scene.probe);
          });
          if (!isMet) break;
          cases++;
        }
      }
      expect(cases).toBeGreaterThan(errnos.length * 2);
    },
    { timeout: 60_000 },
  );

  prove('G10', `whichever call of "${name}" is the last before a crash, the folder heals`, async () => {
    for (let n = 1; ; n++) {
      const isMet = await attack(operation, [n, 'EIO', true], async (scene) => {
        scene.probe.kill(subject);
        operation.afterCrash?.(scene);
        await assertHealthy(scene.directory, [...scene.living], scene.probe);
      });
      if (!isMet) break;
    }
  });
}

prove('G15', 'after each call of each operation, and under each umask, nothing is open to others', async () => {
  const umask = process.umask();
  onTestFinished(() => void process.umask(umask));
  for (const mask of [0, 0o022, 0o077, 0o277, 0o777]) {
    for (const operation of Object.values(operations)) {
      process.umask(umask);
      const scene = await makeScene(join(tempFolder(), 'registry'));
      await operation.prepare?.(scene);
      process.umask(mask);
      scene.files.after = () => {
        if (existsSync(scene.layout.entries)) assertNeverOpen(scene.layout.entries);
      };
      await operation.act(scene);
      operation.isDone(scene);
      assertClosed(scene.directory);
      await scene.registry.close();
    }
  }
});
