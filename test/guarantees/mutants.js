/** One break of the source for each promise, which its attacks must notice. docs/guarantees.md lists them. */

/**
 * @typedef {object} Mutant
 * @property {string} promise
 * @property {string} what What the break does, for people.
 * @property {string} file
 * @property {string} from What stands there, exactly once.
 * @property {string} to
 * @property {number} [share] The share of the full tier it takes to notice; the quick tier does unless given.
 */

/** @type {readonly Mutant[]} */
export const mutants = [
  {
    promise: 'G1',
    what: 'an entry is overwritten in place',
    file: 'src/store/file/write-entry.ts',
    from: 'fs.renameSync(from, to);',
    to: "fs.writeFileSync(to, ''), fs.copyFileSync(from, to);",
  },
  {
    promise: 'G2',
    what: 'what happens to one registration does not wait for its turn',
    file: 'src/registry/queue.ts',
    from: 'this.#last.then(act)',
    to: 'act()',
  },
  {
    promise: 'G2',
    what: 'a write that failed is called done',
    file: 'src/store/file/write-entry.ts',
    from: "throw error instanceof RollcallError ? error : cannot('write the entry', target, error);",
    to: 'return;',
  },
  {
    promise: 'G3',
    what: 'the living are judged by their heartbeat',
    file: 'src/core/verdict.ts',
    from: "case 'same':\n          return",
    to: "case 'same':\n          return byHeartbeat('', heartbeat) ??",
  },
  {
    promise: 'G4',
    what: 'a pid that is gone proves nothing',
    file: 'src/process/probe.ts',
    from: '? gone : hidden',
    to: '? hidden : hidden',
  },
  {
    promise: 'G8',
    what: 'the start time of a process is not compared',
    file: 'src/core/verdict.ts',
    from: "return seen === recorded ? 'same' : 'different';",
    to: "return 'same';",
  },
  {
    promise: 'G5',
    what: 'a sweep leaves the dead',
    file: 'src/registry/reaper.ts',
    from: "if (verdict === 'dead') return this.#mourned.get(id) === version;",
    to: "if (verdict === 'dead') return false;",
  },
  {
    promise: 'G6',
    what: 'a sweep removes what is stale',
    file: 'src/registry/reaper.ts',
    from: 'return this.#world.clock.monotonic() - silent.since >= retention * instance.ttl;',
    to: 'return true;',
  },
  {
    promise: 'G6',
    what: 'a sweep removes what is stale after 2 ttl',
    file: 'src/registry/reaper.ts',
    from: 'const retention = 10;',
    to: 'const retention = 2;',
  },
  {
    promise: 'G7',
    what: 'a watcher looks only when it is told to',
    file: 'src/registry/lookout.ts',
    from: 'const tick = 500;',
    to: 'const tick = 500_000_000;',
  },
  {
    promise: 'G7',
    what: 'looks that fail come less often without end',
    file: 'src/registry/lookout.ts',
    from: 'const longestTick = 2_000;',
    to: 'const longestTick = 2_000_000;',
  },
  {
    promise: 'G8',
    what: 'what left is not told when something else came',
    file: 'src/core/diff.ts',
    from: 'if (!after.has(id)) changes.push(',
    to: 'if (!after.has(id) && after.size < before.size) changes.push(',
  },
  {
    promise: 'G8',
    what: 'a heartbeat does not put back what is gone',
    file: 'src/registry/registration.ts',
    from: 'await store.put(this.id, this.#body, entry === undefined ? { ifAbsent: true } : { ifVersion: entry.version });',
    to: '',
  },
  {
    promise: 'G9',
    what: 'whoever has taken a key does not look again',
    file: 'src/registry/claims.ts',
    from: 'if (records.some((each) => tokenOf(each.id) > token)) return false;',
    to: '',
  },
  {
    promise: 'G9',
    what: 'a holder that is stopped is taken for dead',
    file: 'src/registry/claim-record.ts',
    from: "if (verdict !== 'dead') return false;",
    to: "if (verdict !== 'dead' && now - renewedAt < (instance.ttl ?? 0)) return false;",
  },
  {
    promise: 'G9',
    what: 'a holder’s death is held against whom it has passed the key on to',
    file: 'src/registry/claims.ts',
    from: '(await store.get(newest.id))?.version !== newest.version',
    to: 'newest.version === undefined',
  },
  {
    promise: 'G10',
    what: 'what crashed writers left is not swept',
    file: 'src/store/file/sweep.ts',
    from: 'const orphanAge = 60_000;',
    to: 'const orphanAge = Number.POSITIVE_INFINITY;',
  },
  {
    promise: 'G11',
    what: 'a lock that cannot be had is an error',
    file: 'src/store/file/lock.ts',
    from: "return { isTaken: (cause as NodeJS.ErrnoException).code === 'EEXIST' };",
    to: 'throw cause;',
  },
  {
    promise: 'G12',
    what: 'a signal that was heard is not sent again',
    file: 'src/process/last-act.ts',
    from: 'process.kill(process.pid, signal);',
    to: '',
  },
  {
    promise: 'G13',
    what: 'an update starts from memory and not from the file',
    file: 'src/registry/registration.ts',
    from: 'const base = (entry && (await read(this.id, entry.body)).instance) ?? this.#instance;',
    to: 'const base = this.#instance;',
  },
  {
    promise: 'G14',
    what: 'depth is not bounded',
    file: 'src/core/problems.ts',
    from: 'if (left === 0) return true;',
    to: '',
  },
  {
    promise: 'G15',
    what: 'folders are made for everyone to look into',
    file: 'src/store/file/directory.ts',
    from: 'fs.mkdirSync(path, { mode: 0o700 });',
    to: 'fs.mkdirSync(path, { mode: 0o755 });',
  },
  {
    promise: 'G16',
    what: 'a marked header is handed out as it is',
    file: 'src/core/codec.ts',
    from: "(isMarked && typeof value === 'string' ? new Secret(value) : value)",
    to: 'value',
  },
  {
    promise: 'G17',
    what: 'a URL may hide its host behind a user name',
    file: 'src/core/url.ts',
    from: "if (url.username !== '' || url.password !== '') {",
    to: 'if (url.hash === url.href) {',
  },
  {
    promise: 'G19',
    what: 'what is invisible by itself is printed',
    file: 'src/core/printable.ts',
    from: '\\p{Default_Ignorable_Code_Point}',
    to: '',
  },
  {
    promise: 'G20',
    what: 'ids are alike',
    file: 'src/core/id.ts',
    from: 'alphabet[byte & 31]',
    to: 'alphabet[byte & 0]',
  },
  {
    promise: 'G21',
    what: 'a watcher that was closed is not forgotten',
    file: 'src/registry/registry.ts',
    from: 'this.#watchers.delete(closed);',
    to: '',
  },
  {
    promise: 'G22',
    what: 'the claim to start a server stays with who starts it',
    file: 'src/registry/ensure.ts',
    from: 'claim.passTo(identifyOther(program.pid), {',
    to: 'claim.passTo(registry.probe.observer, {',
  },
  {
    promise: 'G23',
    what: 'a connection to what has gone is not given up',
    file: 'src/mcp/tether.ts',
    from: "this.#drop(previous, target?.id === previous.id ? 'it has moved' : reason);",
    to: '',
  },
  {
    promise: 'G24',
    what: 'one failed round is enough to be critical',
    file: 'src/health/standing.ts',
    from: "if (failed >= failureThreshold) return 'critical';",
    to: "if (failed > 0 && failureThreshold > 0) return 'critical';",
  },
  {
    promise: 'G25',
    what: 'a call that broke off is made again, whatever it is',
    file: 'src/route/call.ts',
    from: "if (typeof idempotent === 'function' ? idempotent(error) : idempotent) return undefined;",
    to: 'return undefined;',
  },
  {
    promise: 'G25',
    what: 'a call that broke off is given up, whatever it is',
    file: 'src/route/call.ts',
    from: "typeof idempotent === 'function' ? idempotent(error) : idempotent",
    to: 'false',
  },
];
