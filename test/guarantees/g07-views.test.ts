/** G7: after the last change every watcher's view equals the directory, whatever became of the events. */

import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import { encode } from '../../src/core/codec.js';
import { FileStore, Registry } from '../../src/index.js';
import { identifySelf } from '../../src/process/identity.js';
import { eventually } from '../support/eventually.js';
import { makeInstance } from '../support/make-instance.js';
import { type Running, start } from '../support/processes.js';
import { prove, times } from '../support/prove.js';
import { tempFolder } from '../support/temp.js';
import { createWallClock } from '../support/wall-clock.js';

/** How soon it must, in ms. */
const bar = 2_500;

/** Entries of this process, written without the library: beside, then into place in one step. */
class Folder {
  readonly #ids: string[] = [];
  #n = 0;

  constructor(readonly directory: string) {}

  get #entries(): string {
    return join(this.directory, 'v1');
  }

  /** An addition, a change, a removal: whichever has its turn. */
  change(): void {
    const turn = this.#n % 5;
    if (turn === 4 && this.#ids.length > 3) this.remove();
    else this.write(turn < 2 ? undefined : this.#ids[this.#n % this.#ids.length]);
  }

  /** Writes a new entry, or a new state of an old one. */
  write(id?: string): void {
    const instance = makeInstance({ ...(id && { id }), process: identifySelf(), metadata: { n: ++this.#n + 1e6 } });
    if (id === undefined) this.#ids.push(instance.id);
    const draft = join(this.#entries, '.drafts', 'draft');
    mkdirSync(dirname(draft), { recursive: true, mode: 0o700 });
    writeFileSync(draft, encode(instance), { mode: 0o600 });
    renameSync(draft, join(this.#entries, `${instance.id}.json`));
  }

  remove(): void {
    this.#n++;
    rmSync(join(this.#entries, `${this.#ids.shift()}.json`), { force: true });
  }

  /** After the folder was removed: there is nothing left to change. */
  forget(): void {
    this.#ids.length = 0;
  }

  /** What is there: the truth. */
  content(): string {
    let names: string[] = [];
    try {
      names = readdirSync(this.#entries).filter((name) => name.endsWith('.json'));
    } catch {
      // No folder, no entries.
    }
    return print(
      names.map((name) => {
        const { id, metadata } = JSON.parse(readFileSync(join(this.#entries, name), 'utf8'));
        return [id, metadata.n];
      }),
    );
  }
}

const print = (entries: readonly (readonly [string, unknown])[]) => JSON.stringify([...entries].sort());

interface View {
  content(): Promise<string>;
}

/** A watcher in this process. */
async function watchHere(directory: string, store?: FileStore): Promise<View> {
  const registry = new Registry(store === undefined ? { directory } : { store });
  onTestFinished(() => registry.close());
  const watcher = registry.watch();
  await eventually('it is ready', () => watcher.isReady);
  return { content: async () => print(watcher.instances.map(({ id, metadata }) => [id, metadata.n])) };
}

/** A watcher in a process of its own, `by` a command that ends in running what follows it. */
async function watchApart(
  directory: string,
  { by = [], env }: { by?: readonly string[]; env?: NodeJS.ProcessEnv } = {},
): Promise<View & { readonly program: Running }> {
  const [command = '', ...args] = [...by, process.execPath, 'test/programs/watcher.js'];
  const program = start(command, args, { ROLLCALL_DIR: directory, ...env });
  await program.line(/"ready"/);
  const views = () => program.lines.filter((line) => line.startsWith('{"type":"view"'));
  return {
    program,
    async content() {
      const told = views().length;
      program.say('view');
      const line = await eventually('it tells its view', () => views()[told]);
      return print(JSON.parse(line).instances);
    },
  };
}

/** Every view must be what is in the folder, soon. */
async function agree(folder: Folder, views: readonly View[]): Promise<void> {
  const content = folder.content();
  await Promise.all(
    views.map((view) =>
      eventually(
        `a view is ${content}`,
        async () => {
          const seen = await view.content();
          if (seen !== content) throw new Error(`it is ${seen}`);
          return true;
        },
        bar,
      ),
    ),
  );
}

prove('G7', 'bursts of changes, 0 to 40 ms apart', async () => {
  const folder = new Folder(tempFolder());
  folder.write();
  const views = [await watchHere(folder.directory), await watchApart(folder.directory)];
  for (let round = 0; round < times({ full: 200, quick: 15 }); round++) {
    for (let change = 0; change < 2 + (round % 9); change++) {
      folder.change();
      await pause((round * 7 + change) % 41);
    }
    await agree(folder, views);
  }
});

prove('G7', 'two changes within one tick of a file system with a coarse clock', async () => {
  const folder = new Folder(tempFolder());
  folder.write();
  const [name = ''] = readdirSync(join(folder.directory, 'v1')).filter((entry) => entry.endsWith('.json'));
  const path = join(folder.directory, 'v1', name);
  const id = name.slice(0, -'.json'.length);
  const view = await watchHere(folder.directory);
  for (let round = 0; round < times({ full: 200, quick: 10 }); round++) {
    // As Linux before 6.13 has it: the time of the last tick, 4 ms ago at most. The size is the same, the inode too.
    const tick = new Date(Math.floor(Date.now() / 4) * 4);
    const write = () => {
      folder.write(id);
      utimesSync(path, tick, tick);
    };
    write();
    // Between the first and the second, for as long as it takes a watcher to look.
    await pause(round % 4);
    write();
    write();
    await agree(folder, [view]);
  }
});

prove(
  'G7',
  'a watcher that is stopped while more happens than the system queues',
  async () => {
    const folder = new Folder(tempFolder());
    folder.write();
    const limit = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'latin1'));
    for (let round = 0; round < times({ full: 5, quick: 1 }); round++) {
      const view = await watchApart(folder.directory);
      await agree(folder, [view]);
      view.program.child.kill('SIGSTOP');
      const [outside, inside] = [join(folder.directory, 'x'), join(folder.directory, 'v1', '.x')];
      writeFileSync(outside, '', { mode: 0o600 });
      // Two events each, of a name that nobody looks at.
      for (let event = 0; event < limit; event++) {
        renameSync(outside, inside);
        renameSync(inside, outside);
      }
      for (let change = 0; change < 20; change++) folder.change();
      view.program.child.kill('SIGCONT');
      await agree(folder, [view]);
      // And it is not deaf afterwards.
      folder.change();
      await agree(folder, [view]);
      view.program.child.kill('SIGKILL');
    }
  },
  { needs: ['linux'], timeout: 60_000 },
);

prove(
  'G7',
  'watchers that are stopped and go on, again and again',
  async () => {
    const folder = new Folder(tempFolder());
    folder.write();
    const view = await watchApart(folder.directory);
    for (let round = 0; round < times({ full: 100, quick: 5 }); round++) {
      view.program.child.kill('SIGSTOP');
      for (let change = 0; change < 1 + (round % 7); change++) folder.change();
      await pause(round % 50);
      view.program.child.kill('SIGCONT');
      if (round % 2 === 0) folder.change();
      await agree(folder, [view]);
    }
  },
  { needs: ['linux'] },
);

/** Each makes the folder another one, or none. */
const replacements: Readonly<Record<string, (directory: string, folder: Folder) => void>> = {
  'the entries are removed': (directory) => rmSync(join(directory, 'v1'), { recursive: true, maxRetries: 5 }),
  'the folder is removed': (directory) => rmSync(directory, { recursive: true, maxRetries: 5 }),
  'the folder above is removed': (directory) => rmSync(dirname(directory), { recursive: true, maxRetries: 5 }),
  'the folder is moved away': (directory) => renameSync(directory, join(dirname(directory), `old-${Math.random()}`)),
  'another folder is moved into its place': (directory) => {
    const other = new Folder(join(dirname(directory), `new-${Math.random()}`));
    other.write();
    renameSync(directory, join(dirname(directory), `old-${Math.random()}`));
    renameSync(other.directory, directory);
  },
  'its name becomes a link to another': (directory) => {
    const other = new Folder(join(dirname(directory), `other-${Math.random()}`));
    other.write();
    const link = join(dirname(directory), 'link');
    rmSync(link, { force: true });
    symlinkSync(other.directory, link);
    // A link replaces a link in one step, and a folder in two.
    try {
      renameSync(link, directory);
    } catch {
      renameSync(directory, join(dirname(directory), `old-${Math.random()}`));
      renameSync(link, directory);
    }
  },
};

for (const [what, replace] of Object.entries(replacements)) {
  prove('G7', `${what}, and comes back`, async () => {
    const directory = join(tempFolder(), 'above', 'registry');
    const folder = new Folder(directory);
    folder.write();
    const views = [await watchHere(directory), await watchApart(directory)];
    for (let round = 0; round < times({ full: 12, quick: 1 }); round++) {
      for (let change = 0; change < 4; change++) folder.change();
      if (round % 2 === 0) await agree(folder, views);
      replace(directory, folder);
      folder.forget();
      // Gone for so long that it is noticed, or for no longer than it takes.
      if (round % 3 === 0) await agree(folder, views);
      else await pause(round % 40);
      folder.write();
      await agree(folder, views);
      folder.write();
      folder.change();
      await agree(folder, views);
    }
  });
}

prove('G7', 'no folder at first, nor anything above it', async () => {
  for (let round = 0; round < times({ full: 12, quick: 1 }); round++) {
    const above = join(tempFolder(), 'not');
    const folder = new Folder(join(above, 'there', 'yet'));
    const views = [await watchHere(folder.directory), await watchApart(folder.directory)];
    await agree(folder, views);
    // The watcher has made it, and it is taken away from under it.
    if (round % 2 === 1) rmSync(above, { recursive: true, force: true, maxRetries: 5 });
    folder.write();
    folder.change();
    await agree(folder, views);
  }
});

prove('G7', 'a store whose hints are all lost', async () => {
  const folder = new Folder(tempFolder());
  folder.write();
  const store = new (class extends FileStore {
    override async watch() {
      return async () => {};
    }
  })({ directory: folder.directory });
  const view = await watchHere(folder.directory, store);
  for (let round = 0; round < times({ full: 40, quick: 3 }); round++) {
    folder.change();
    await pause((round * 97) % 600);
    folder.change();
    await agree(folder, [view]);
  }
});

prove(
  'G7',
  'a folder that cannot be read for a while, with hints and without',
  async () => {
    const folder = new Folder(tempFolder());
    folder.write();
    const mute = new (class extends FileStore {
      override async watch() {
        return async () => {};
      }
    })({ directory: folder.directory });
    const views = [await watchHere(folder.directory, mute), await watchApart(folder.directory)];
    const [entries, away] = [join(folder.directory, 'v1'), join(folder.directory, 'away')];
    // Long enough for the back-off to have grown as far as it does, or for hardly one look.
    for (const outage of times({ full: 8, quick: 1 }) > 1 ? [3_600, 10, 900, 1_700, 5_200, 9_000] : [3_600]) {
      renameSync(entries, away);
      writeFileSync(entries, '', { mode: 0o600 });
      await pause(outage);
      rmSync(entries);
      renameSync(away, entries);
      folder.change();
      await agree(folder, views);
    }
  },
  { timeout: 60_000 },
);

prove(
  'G7',
  'no inotify left, or a file system that sends no events',
  async () => {
    const limited = (limit: string) => [
      ...['unshare', '--user', '--map-root-user', 'sh', '-c'],
      `echo 0 > /proc/sys/user/${limit} && exec "$@"`,
      'sh',
    ];
    // Says that it watches, and never does.
    const mute = [
      'strace',
      '-f',
      '-qq',
      '--seccomp-bpf',
      '-o',
      '/dev/null',
      '-e',
      'trace=inotify_add_watch',
      '-e',
      'inject=inotify_add_watch:retval=1',
    ];
    for (const by of [limited('max_inotify_instances'), limited('max_inotify_watches'), mute]) {
      const folder = new Folder(tempFolder());
      folder.write();
      const view = await watchApart(folder.directory, { by });
      for (let round = 0; round < times({ full: 10, quick: 3 }); round++) {
        for (let change = 0; change < 3; change++) folder.change();
        await agree(folder, [view]);
      }
      expect(view.program.errors()).toBe('');
    }
  },
  { tier: 'full', needs: ['root', 'linux', 'unshare', 'strace'] },
);

prove(
  'G7',
  'a clock that is set by an hour or a year',
  async () => {
    const folder = new Folder(tempFolder());
    folder.write();
    const clock = createWallClock();
    const view = await watchApart(folder.directory, { env: clock.env });
    const year = 365 * 24 * 3_600;
    for (let round = 0; round < times({ full: 20, quick: 1 }); round++) {
      for (const seconds of [3_600, -3_600, year, -year, 0]) {
        folder.change();
        clock.set(seconds);
        folder.change();
        await agree(folder, [view]);
      }
    }
  },
  { tier: 'full', needs: ['linux', 'faketime'] },
);

prove(
  'G7',
  'a folder that the watcher sees read-only, there or not there at first',
  async () => {
    for (const isThere of [true, false]) {
      const above = tempFolder();
      const folder = new Folder(join(above, 'registry'));
      if (isThere) folder.write();
      const remount = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"';
      const view = await watchApart(folder.directory, { by: ['unshare', '--mount', 'sh', '-c', remount, 'sh', above] });
      for (let round = 0; round < times({ full: 20, quick: 1 }); round++) {
        folder.change();
        folder.change();
        await agree(folder, [view]);
      }
    }
  },
  { tier: 'full', needs: ['root', 'linux', 'unshare', 'mount'] },
);
