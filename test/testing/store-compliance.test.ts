/** The compliance suite's own tests: stores with one bug each, all of them caught. */

import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { RollcallError } from '../../src/core/errors.js';
import { MemoryStore } from '../../src/store/memory-store.js';
import type { Follower, ListedEntry, ListOptions, Store, StoreEntry, StoreTraits } from '../../src/store/store.js';
import type { StoreArea } from '../../src/testing/compliance/area.js';
import { type StoreTestOptions, testStore } from '../../src/testing/compliance/suite.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { FaultyStore, failing } from '../../src/testing/faulty-store.js';

/** Runs the suite as a runner would; gives the names of the tests that failed, with the errors' messages. */
async function failures(options: Omit<StoreTestOptions, 'name' | 'test'>): Promise<Map<string, string>> {
  const failed = new Map<string, string>();
  const cases: [string, () => Promise<void>][] = [];
  const runner = Object.assign((name: string, run: () => Promise<void>) => void cases.push([name, run]), {
    skip: () => {},
  });
  testStore({ ...options, name: 'it', test: runner, patience: 250 });
  for (const [name, run] of cases) {
    await run().catch((error) => failed.set(name.slice('it: '.length), `${error.message}`));
  }
  return failed;
}

/** One of the users of an area in memory: closing it ends its own watches alone. */
class View implements Store {
  readonly traits: StoreTraits = { reach: 'process', expiry: false, hints: true };
  readonly clock: FakeClock;
  protected readonly memory: Store;
  readonly #unwatch = new Set<() => Promise<void>>();

  constructor(memory: Store, clock: FakeClock) {
    this.memory = memory;
    this.clock = clock;
  }

  put(...args: Parameters<Store['put']>) {
    return this.memory.put(...args);
  }
  get(id: string) {
    return this.memory.get(id);
  }
  list(options?: ListOptions) {
    return this.memory.list(options);
  }
  touch(id: string) {
    return this.memory.touch(id);
  }
  delete(...args: Parameters<Store['delete']>) {
    return this.memory.delete(...args);
  }
  deleteNow(id: string, isOwn: (body: string) => boolean): boolean {
    return this.memory.deleteNow?.(id, isOwn) ?? false;
  }
  async watch(hint: (id?: string) => void) {
    const unwatch = (await this.memory.watch?.(hint)) ?? (async () => {});
    this.#unwatch.add(unwatch);
    return unwatch;
  }
  async close() {
    for (const unwatch of this.#unwatch) await unwatch();
  }
}

/** An area whose two users are of this class. */
function openWith(User: typeof View): StoreArea {
  const clock = new FakeClock();
  const memory = new FaultyStore(new MemoryStore({ clock }));
  const [store, other] = [new User(memory, clock), new User(memory, clock)];
  return {
    store,
    other,
    pass: (ms) => clock.stop(ms),
    fail: () => {
      memory.before.any = failing();
    },
  };
}

const declared = {
  traits: { reach: 'process', expiry: false, hints: true },
  methods: ['watch', 'deleteNow'],
} as const;

/** For each bug a name, the store that has it, and the test that must catch it. Others may, too. */
const bugs: Record<string, { readonly User: typeof View; readonly caughtBy: string }> = {
  'ifAbsent is forgotten': {
    caughtBy: 'put only if absent keeps what is there and says CONFLICT',
    User: class extends View {
      override put(id: string, body: string, condition?: object) {
        return this.memory.put(id, body, condition && 'ifAbsent' in condition ? undefined : (condition as undefined));
      }
    },
  },
  'ifAbsent is looked up first and written later': {
    caughtBy: 'of many who put only if absent, one succeeds',
    User: class extends View {
      override async put(...[id, body, condition]: Parameters<Store['put']>) {
        if (condition?.ifAbsent !== true) return this.memory.put(id, body, condition);
        if ((await this.memory.get(id)) !== undefined) throw new RollcallError('ROLLCALL_CONFLICT', '', { id });
        return this.memory.put(id, body);
      }
    },
  },
  'ifVersion is looked up first and written later': {
    caughtBy: 'of many who put only if unchanged, one succeeds',
    User: class extends View {
      override async put(...[id, body, condition]: Parameters<Store['put']>) {
        if (condition?.ifVersion === undefined) return this.memory.put(id, body, condition);
        if ((await this.memory.get(id))?.version !== condition.ifVersion) {
          throw new RollcallError('ROLLCALL_CONFLICT', '', { id });
        }
        return this.memory.put(id, body);
      }
    },
  },
  'ifVersion is compared as a number': {
    caughtBy: 'versions are compared as they are',
    User: class extends View {
      override async put(...[id, body, condition]: Parameters<Store['put']>) {
        const version = (await this.memory.get(id))?.version;
        const isSame = version !== undefined && Number(version) === Number(condition?.ifVersion ?? Number.NaN);
        return this.memory.put(id, body, isSame ? { ifVersion: version } : condition);
      }
    },
  },
  'ifVersion brings back what was removed': {
    caughtBy: 'put only if unchanged makes no new entry',
    User: class extends View {
      override async put(...[id, body, condition]: Parameters<Store['put']>) {
        const isThere = (await this.memory.get(id)) !== undefined;
        return this.memory.put(id, body, isThere ? condition : undefined);
      }
    },
  },
  'a conflict is a plain error': {
    caughtBy: 'put only if absent keeps what is there and says CONFLICT',
    User: class extends View {
      override put(...args: Parameters<Store['put']>) {
        return this.memory.put(...args).catch(() => Promise.reject(new Error('no')));
      }
    },
  },
  'a put that is refused has written': {
    caughtBy: 'put and delete only if unchanged leave an entry alone that was rewritten meanwhile',
    User: class extends View {
      override async put(...[id, body, condition]: Parameters<Store['put']>) {
        const before = await this.memory.get(id);
        if (before !== undefined && condition?.ifVersion !== undefined && before.version !== condition.ifVersion) {
          await this.memory.put(id, body);
        }
        return this.memory.put(id, body, condition);
      }
    },
  },
  'touch makes an entry that is gone': {
    caughtBy: 'touching never brings an entry back',
    User: class extends View {
      override async touch(id: string) {
        if (!(await this.memory.touch(id))) await this.memory.put(id, '');
        return true;
      }
    },
  },
  'touch writes back what it has read': {
    caughtBy: 'a touch that meets a removal does not bring the entry back',
    User: class extends View {
      override async touch(id: string) {
        const entry = await this.memory.get(id);
        if (entry === undefined) return false;
        await null;
        await this.memory.put(id, entry.body);
        return true;
      }
    },
  },
  'touch leaves the version as it was': {
    caughtBy: 'the version changes with every put and every touch',
    User: class extends View {
      override async touch(id: string) {
        const before = await this.get(id);
        const isThere = await this.memory.touch(id);
        const after = await this.memory.get(id);
        if (before !== undefined && after !== undefined) versions.set(`${id} ${after.version}`, before.version);
        return isThere;
      }
      override async get(id: string) {
        return unchanged(await this.memory.get(id));
      }
      override async list() {
        return (await this.memory.list()).flatMap((entry) => unchanged(entry as StoreEntry) ?? []);
      }
    },
  },
  'touch does nothing': {
    caughtBy: 'touching renews the entry, leaves its body alone and changes its version',
    User: class extends View {
      override async touch(id: string) {
        return (await this.memory.get(id)) !== undefined;
      }
    },
  },
  'delete ignores ifVersion': {
    caughtBy: 'put and delete only if unchanged leave an entry alone that was renewed meanwhile',
    User: class extends View {
      override delete(id: string) {
        return this.memory.delete(id);
      }
    },
  },
  'delete says true for what was not there': {
    caughtBy: 'deleting says whether there was something to delete',
    User: class extends View {
      override async delete(...args: Parameters<Store['delete']>) {
        await this.memory.delete(...args);
        return true;
      }
    },
  },
  'delete takes all that begin so': {
    caughtBy: 'ids are kept apart, however alike they are',
    User: class extends View {
      override async delete(...[id, condition]: Parameters<Store['delete']>) {
        for (const entry of await this.memory.list()) {
          if (entry.id.startsWith(id) && entry.id !== id) await this.memory.delete(entry.id);
        }
        return this.memory.delete(id, condition);
      }
    },
  },
  'ids are folded to one case': {
    caughtBy: 'ids are kept apart, however alike they are',
    User: class extends View {
      override put(...[id, ...rest]: Parameters<Store['put']>) {
        return this.memory.put(id.toLowerCase(), ...rest);
      }
      override get(id: string) {
        return this.memory.get(id.toLowerCase());
      }
    },
  },
  'list is cached': {
    caughtBy: 'the listing shows changes, renewals and removals made since the last one',
    User: class extends View {
      cached: Promise<readonly ListedEntry[]> | undefined;
      override list() {
        this.cached ??= this.memory.list();
        return this.cached;
      }
    },
  },
  'list stops after a page': {
    caughtBy: 'the listing holds every entry once',
    User: class extends View {
      override async list() {
        return (await this.memory.list()).slice(0, 500);
      }
    },
  },
  'get gives what was read first': {
    caughtBy: 'a second put replaces the first, whole',
    User: class extends View {
      readonly known = new Map<string, StoreEntry>();
      override async put(...args: Parameters<Store['put']>) {
        const entry = await this.memory.put(...args);
        this.known.set(entry.id, this.known.get(entry.id) ?? entry);
        return entry;
      }
      override async get(id: string) {
        return this.known.get(id) ?? this.memory.get(id);
      }
    },
  },
  'put resolves before others can see it': {
    caughtBy: 'an entry is there, whole and for every user, when put resolves',
    User: class extends View {
      override async put(...args: Parameters<Store['put']>) {
        const [id, body, condition] = args;
        if (condition !== undefined) return this.memory.put(...args);
        void pause(1).then(() => this.memory.put(id, body).catch(() => {}));
        return { id, body, version: `${Math.random()}`, renewedAt: this.clock.now() };
      }
    },
  },
  'put shows a part of the body for a moment': {
    caughtBy: 'a reader sees one body or the other, whole, while it is rewritten',
    User: class extends View {
      override async put(...[id, body, condition]: Parameters<Store['put']>) {
        const { version } = await this.memory.put(id, body.slice(0, body.length / 2), condition);
        await pause(1);
        return this.memory.put(id, body, { ifVersion: version }).catch(() => this.memory.put(id, body));
      }
    },
  },
  'put removes the entry before it writes the new one': {
    caughtBy: 'a reader sees one body or the other, whole, while it is rewritten',
    User: class extends View {
      override async put(...args: Parameters<Store['put']>) {
        if (args[2] === undefined && (await this.memory.delete(args[0]))) await pause(1);
        return this.memory.put(...args);
      }
    },
  },
  'the body is trimmed': {
    caughtBy: 'a body comes back as it was put, whatever is in it',
    User: class extends View {
      override async get(id: string) {
        const entry = await this.memory.get(id);
        return entry && { ...entry, body: entry.body.trim() };
      }
    },
  },
  'the body is normalised': {
    caughtBy: 'a body comes back as it was put, whatever is in it',
    User: class extends View {
      override put(...[id, body, condition]: Parameters<Store['put']>) {
        return this.memory.put(id, body.normalize(), condition);
      }
    },
  },
  'a byte order mark is dropped': {
    caughtBy: 'a body comes back as it was put, whatever is in it',
    User: class extends View {
      override put(...[id, body, condition]: Parameters<Store['put']>) {
        return this.memory.put(id, body.replace(/^\ufeff/, ''), condition);
      }
    },
  },
  'the body is cut off at a NUL': {
    caughtBy: 'a body comes back as it was put, whatever is in it',
    User: class extends View {
      override put(...[id, body, condition]: Parameters<Store['put']>) {
        return this.memory.put(id, body.split('\0')[0] ?? '', condition);
      }
    },
  },
  'the body is limited in characters instead of bytes, and too short': {
    caughtBy: 'a body comes back as it was put, whatever is in it',
    User: class extends View {
      override put(...[id, body, condition]: Parameters<Store['put']>) {
        return this.memory.put(id, body.slice(0, 32_768), condition);
      }
    },
  },
  'a failure looks like an empty store': {
    caughtBy: 'a store that cannot be reached says so, and never looks empty',
    User: class extends View {
      override list() {
        return this.memory.list().catch(() => []);
      }
    },
  },
  'a failure to touch looks like an entry that is gone': {
    caughtBy: 'a store that cannot be reached says so, and never looks empty',
    User: class extends View {
      override touch(id: string) {
        return this.memory.touch(id).catch(() => false);
      }
    },
  },
  'hints never come': {
    caughtBy: 'a watcher is told of a put and a removal, by whichever user',
    User: class extends View {
      override async watch() {
        return async () => {};
      }
    },
  },
  'hints come of puts alone': {
    caughtBy: 'a watcher is told of a put and a removal, by whichever user',
    User: class extends View {
      override async watch(hint: (id?: string) => void) {
        return super.watch((id) => void this.memory.get(id ?? '').then((entry) => entry && hint(id)));
      }
    },
  },
  'hints name another entry': {
    caughtBy: 'a hint names the entry that changed, or none',
    User: class extends View {
      override async watch(hint: (id?: string) => void) {
        return super.watch((id) => hint(id?.toUpperCase()));
      }
    },
  },
  'hints go on when they are taken back': {
    caughtBy: 'a watcher that leaves hears no more, and takes no other along',
    User: class extends View {
      override async watch(hint: (id?: string) => void) {
        await super.watch(hint);
        return async () => {};
      }
    },
  },
  'one watcher that leaves takes all along': {
    caughtBy: 'a watcher that leaves hears no more, and takes no other along',
    User: class extends View {
      override async watch(hint: (id?: string) => void) {
        await super.watch(hint);
        return () => this.close();
      }
    },
  },
  'hints go on after it is closed': {
    caughtBy: 'closing twice does no harm, and ends the watching',
    User: class extends View {
      override async close() {}
    },
  },
  'closing a second time fails': {
    caughtBy: 'closing twice does no harm, and ends the watching',
    User: class extends View {
      isClosed = false;
      override async close() {
        if (this.isClosed) throw new Error('closed already');
        this.isClosed = true;
        await super.close();
      }
    },
  },
  'closing one closes the other': {
    caughtBy: 'closing harms neither the entries nor the other user',
    User: class extends View {
      override close() {
        return this.memory.close();
      }
    },
  },
  'closing takes the entries along': {
    caughtBy: 'closing harms neither the entries nor the other user',
    User: class extends View {
      override async close() {
        await super.close();
        for (const { id } of await this.memory.list().catch(() => [])) await this.memory.delete(id);
      }
    },
  },
  'entries expire although none was declared to': {
    caughtBy: 'an entry that nobody touches stays',
    User: class extends View {
      override async get(id: string) {
        return (await this.list()).find((entry) => entry.id === id) as StoreEntry | undefined;
      }
      override async list() {
        const isFresh = ({ renewedAt }: ListedEntry) => this.clock.now() - renewedAt < 24 * 60 * 60_000;
        return (await this.memory.list()).filter(isFresh);
      }
    },
  },
  'the listing gives back what the caller has, changed or not': {
    caughtBy: 'an entry is given back only if it has not changed, and with its text otherwise',
    User: class extends View {
      override async list({ last }: ListOptions = {}) {
        return (await this.memory.list()).map((entry) => last?.(entry.id) ?? entry);
      }
    },
  },
  'the listing leaves out the text of what was renewed': {
    caughtBy: 'an entry is given back only if it has not changed, and with its text otherwise',
    User: class extends View {
      override async list({ last }: ListOptions = {}) {
        return (await this.memory.list()).map((entry) => (last?.(entry.id) ? { ...entry, body: undefined } : entry));
      }
    },
  },
  'the last act asks nobody': {
    caughtBy: 'deleting at once, as the last act of a process, asks whether the entry is its own',
    User: class extends View {
      override deleteNow(id: string) {
        return this.memory.deleteNow?.(id, () => true) ?? false;
      }
    },
  },
  'the last act is not done at once': {
    caughtBy: 'deleting at once, as the last act of a process, asks whether the entry is its own',
    User: class extends View {
      override deleteNow(id: string, isOwn: (body: string) => boolean) {
        void pause(1).then(() => this.memory.deleteNow?.(id, isOwn));
        return true;
      }
    },
  },
  'it says of itself what it does not declare': {
    caughtBy: 'it is what it declares to be',
    User: class extends View {
      override readonly traits = { reach: 'network', expiry: false, hints: true } as const;
    },
  },
};

/** For the store whose touch leaves the version as it was: what each version is to be seen as. */
const versions = new Map<string, string>();
function unchanged(entry: StoreEntry | undefined): StoreEntry | undefined {
  return entry && { ...entry, version: versions.get(`${entry.id} ${entry.version}`) ?? entry.version };
}

test('a store without a bug passes all', async () => {
  expect(await failures({ ...declared, open: () => openWith(View) })).toEqual(new Map());
});

describe('a store is caught in which', () => {
  test.each(Object.entries(bugs))('%s', async (_, { User, caughtBy }) => {
    const caught = await failures({ ...declared, open: () => openWith(User) });
    expect([...caught.keys()], [...caught].map((each) => each.join(': ')).join('\n')).toContain(caughtBy);
  });
});

describe('a trait that is not declared runs its opposite', () => {
  const quiet = { ...declared, traits: { ...declared.traits, hints: false } } as const;

  test('hints that come are told to be declared', async () => {
    class Telling extends View {
      override readonly traits = quiet.traits;
    }
    const caught = await failures({ ...quiet, open: () => openWith(Telling) });
    expect([...caught.keys()]).toEqual(['no hint comes of what another user does']);
  });

  test('a store that tells of its own changes alone need not declare them', async () => {
    class Discreet extends View {
      override readonly traits = quiet.traits;
      readonly own = new Set<(id?: string) => void>();
      override async put(...args: Parameters<Store['put']>) {
        const entry = await this.memory.put(...args);
        for (const hint of this.own) hint(entry.id);
        return entry;
      }
      override async watch(hint: (id?: string) => void) {
        this.own.add(hint);
        return async () => void this.own.delete(hint);
      }
      override async close() {
        this.own.clear();
      }
    }
    expect(await failures({ ...quiet, open: () => openWith(Discreet) })).toEqual(new Map());
  });

  test('a method that is not declared must be missing, and one that is, there', async () => {
    const open = () => openWith(View);
    const hidden = await failures({ ...declared, methods: ['watch'], open });
    expect([...hidden.keys()]).toEqual(['it is what it declares to be']);
    const absent = await failures({ ...declared, methods: ['watch', 'deleteNow', 'sweep'], open });
    expect([...absent.keys()]).toContain('it is what it declares to be');
    expect([...absent.keys()]).toContain('sweeping touches no entry, and finds nothing where nobody crashed');
  });

  test('a reach beyond this process needs two stores', async () => {
    class Far extends View {
      override readonly traits = { reach: 'network', expiry: false, hints: true } as const;
    }
    const far = { ...declared, traits: { reach: 'network', expiry: false, hints: true } } as const;
    expect(await failures({ ...far, open: () => openWith(Far) })).toEqual(new Map());
    const one = () => {
      const area = openWith(Far);
      return { ...area, other: area.store };
    };
    expect([...(await failures({ ...far, open: one })).keys()]).toEqual(['it reaches beyond one object']);
  });
});

describe('stamps and lifelines', () => {
  /** What the users of one area share besides their entries. */
  class Area {
    changes = 0;
    readonly held = new Map<string, Set<() => void>>();
  }
  const areas = new WeakMap<Store, Area>();
  class Stamping extends View {
    readonly mine = new Set<string>();
    get area(): Area {
      const area = areas.get(this.memory) ?? new Area();
      areas.set(this.memory, area);
      return area;
    }
    override async put(...args: Parameters<Store['put']>) {
      const entry = await this.memory.put(...args);
      this.area.changes++;
      return entry;
    }
    override async delete(...args: Parameters<Store['delete']>) {
      const isGone = await this.memory.delete(...args);
      if (isGone) this.area.changes++;
      return isGone;
    }
    async stamp(): Promise<string | undefined> {
      return `${this.area.changes}`;
    }
    async hold(id: string) {
      this.area.held.set(id, new Set());
      this.mine.add(id);
      return () => this.letGo(id);
    }
    letGo(id: string) {
      const followers = this.area.held.get(id);
      this.area.held.delete(id);
      this.mine.delete(id);
      for (const ended of followers ?? []) ended();
    }
    async follow(id: string, ended: () => void): Promise<Follower | undefined> {
      const followers = this.area.held.get(id);
      // One object for each who follows, so that each leaves for itself.
      const follower = () => ended();
      followers?.add(follower);
      return followers && { wasHeld: true, hasEnded: async () => false, stop: () => void followers.delete(follower) };
    }
    override async close() {
      for (const id of this.mine) this.letGo(id);
      await super.close();
    }
  }
  const stamping = { ...declared, methods: ['watch', 'deleteNow', 'stamp', 'hold', 'follow'] } as const;
  const stamped = 'a stamp is told, and another one after every put and removal, by whichever user';
  const followed = 'what is let go of is told to whoever follows it, once, and only that';

  test('as they should be are', async () => {
    expect(await failures({ ...stamping, open: () => openWith(Stamping) })).toEqual(new Map());
  });

  const wrong: Record<string, { readonly User: typeof Stamping; readonly caughtBy: string }> = {
    'a stamp that stays': {
      caughtBy: stamped,
      User: class extends Stamping {
        override stamp = async () => '1';
      },
    },
    'a stamp of what this user did': {
      caughtBy: stamped,
      User: class extends Stamping {
        readonly own = new Area();
        override get area() {
          return this.own;
        }
      },
    },
    'a stamp that is never told': {
      caughtBy: stamped,
      User: class extends Stamping {
        override stamp = async () => undefined;
      },
    },
    'an end that is told at once': {
      caughtBy: followed,
      User: class extends Stamping {
        override async follow(id: string, ended: () => void) {
          ended();
          return super.follow(id, ended);
        }
      },
    },
    'an end that is told twice': {
      caughtBy: followed,
      User: class extends Stamping {
        override follow(id: string, ended: () => void) {
          return super.follow(id, () => [ended(), ended()]);
        }
      },
    },
    'an end that is told of all': {
      caughtBy: followed,
      User: class extends Stamping {
        override letGo(id: string) {
          super.letGo(id);
          for (const other of [...this.mine]) super.letGo(other);
        }
      },
    },
    'an end that is never told': {
      caughtBy: followed,
      User: class extends Stamping {
        override follow(id: string) {
          return super.follow(id, () => {});
        }
      },
    },
    'a follower who cannot leave': {
      caughtBy: 'who stops following hears no more, and takes no other along',
      User: class extends Stamping {
        override async follow(id: string, ended: () => void) {
          const follower = await super.follow(id, ended);
          return follower && { ...follower, stop: () => {} };
        }
      },
    },
    'a hold that was never there': {
      caughtBy: 'what nobody holds is not said to be held',
      User: class extends Stamping {
        override async follow(id: string, ended: () => void): Promise<Follower> {
          const follower = await super.follow(id, ended);
          return follower ?? { wasHeld: true, hasEnded: async () => false, stop: () => {} };
        }
      },
    },
    'an end that is no more than letting go': {
      caughtBy: 'who holds has not ended, and who lets go has not, either',
      User: class extends Stamping {
        override async follow(id: string, ended: () => void) {
          const follower = await super.follow(id, ended);
          return follower && { ...follower, hasEnded: async () => !this.area.held.has(id) };
        }
      },
    },
    'a hold that outlives its store': {
      caughtBy: 'closing lets go of what was held',
      User: class extends Stamping {
        override async close() {}
      },
    },
  };
  test.each(Object.entries(wrong))('%s is caught', async (_, { User, caughtBy }) => {
    expect([...(await failures({ ...stamping, open: () => openWith(User) })).keys()]).toContain(caughtBy);
  });
});

describe('entries that expire', () => {
  const lifetime = 60_000;
  const expiring = { ...declared, traits: { ...declared.traits, expiry: true }, lifetime } as const;
  class Expiring extends View {
    override readonly traits: StoreTraits = expiring.traits;
    override async get(id: string) {
      return (await this.list()).find((entry) => entry.id === id) as StoreEntry | undefined;
    }
    override async touch(id: string) {
      return (await this.get(id)) !== undefined && this.memory.touch(id);
    }
    override async list() {
      return (await this.memory.list()).filter(({ renewedAt }) => this.clock.now() - renewedAt <= lifetime);
    }
  }

  test('are held to it', async () => {
    expect(await failures({ ...expiring, open: () => openWith(Expiring) })).toEqual(new Map());
  });

  test('and do not are caught', async () => {
    class Lasting extends View {
      override readonly traits: StoreTraits = expiring.traits;
    }
    const caught = await failures({ ...expiring, open: () => openWith(Lasting) });
    expect([...caught.keys()]).toEqual(['an entry that nobody touches goes, and one that is touched stays']);
  });

  test('although they were touched are caught', async () => {
    class Forgetful extends Expiring {
      override async touch(id: string) {
        return (await this.get(id)) !== undefined;
      }
    }
    const caught = await failures({ ...expiring, open: () => openWith(Forgetful) });
    expect([...caught.keys()]).toContain('an entry that nobody touches goes, and one that is touched stays');
  });
});

describe('declaring', () => {
  const start = (options: Partial<StoreTestOptions>) => {
    const ran: string[] = [];
    const skipped: string[] = [];
    const runner = Object.assign((name: string) => void ran.push(name), {
      skip: (name: string) => void skipped.push(name),
    });
    testStore({ ...declared, name: 'it', test: runner, open: () => openWith(View), ...options });
    return { ran, skipped };
  };

  test('some thirty tests run, each under the name of the store', () => {
    const { ran, skipped } = start({});
    expect(ran.length).toBeGreaterThan(30);
    expect(new Set(ran).size).toBe(ran.length);
    expect(ran.every((name) => name.startsWith('it: '))).toBe(true);
    expect(skipped).toEqual([]);
  });

  test('a skip shows its reason, and one without a reason or a test is refused', () => {
    const title = 'an entry that nobody touches stays';
    const { ran, skipped } = start({ skip: { [title]: 'no clock to move' } });
    expect(skipped).toEqual([`it: ${title} (skipped: no clock to move)`]);
    expect(ran).not.toContain(`it: ${title}`);
    expect(() => start({ skip: { [title]: ' ' } })).toThrow(`Say why "${title}" is skipped.`);
    expect(() => start({ skip: { 'no such test': 'because' } })).toThrow(
      /no test "no such test".*\n {2}an entry is there/,
    );
  });

  test('what contradicts itself is refused', () => {
    expect(() => start({ methods: ['deleteNow'] })).toThrow('declares hints, and no method watch');
    expect(() => start({ traits: { ...declared.traits, expiry: true } })).toThrow('say its lifetime');
    expect(() => start({ methods: ['watch', 'hold'] })).toThrow('one of the methods hold and follow without the other');
  });

  test('what a test needs and is not given is said, instead of passing', async () => {
    const open = () => {
      const { store, other } = openWith(View);
      return { store, other };
    };
    expect(Object.fromEntries(await failures({ ...declared, open }))).toEqual({
      'touching renews the entry, leaves its body alone and changes its version': expect.stringContaining('`pass(ms)`'),
      'an entry that nobody touches stays': expect.stringContaining('`pass(ms)`'),
      'a store that cannot be reached says so, and never looks empty': expect.stringContaining('`fail()`'),
    });
  });

  test('both stores are closed after each test, and then the area, also if it fails', async () => {
    let [opened, cleared, closed] = [0, 0, 0];
    class Counted extends View {
      override async close() {
        closed++;
        await super.close();
      }
      override async touch() {
        return false;
      }
    }
    const open = () => {
      opened++;
      return { ...openWith(Counted), close: () => void cleared++ };
    };
    expect((await failures({ ...declared, open })).size).toBeGreaterThan(0);
    expect(cleared).toBe(opened);
    expect(closed).toBeGreaterThanOrEqual(opened * 2);
  });
});
