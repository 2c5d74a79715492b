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
    promise: 'G2',
    what: 'what happens to one registration does not wait for its turn',
    file: 'src/registry/queue.ts',
    from: 'this.#last.then(act)',
    to: 'act()',
  },
  {
    promise: 'G8',
    what: 'the start time of a process is not compared',
    file: 'src/core/verdict.ts',
    from: "return seen === recorded ? 'same' : 'different';",
    to: "return 'same';",
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
    promise: 'G8',
    what: 'a heartbeat does not put back what is gone',
    file: 'src/registry/registration.ts',
    from: 'await store.put(this.id, this.#body, entry === undefined ? { ifAbsent: true } : { ifVersion: entry.version });',
    to: '',
  },
  {
    promise: 'G8',
    what: 'the living are judged by their heartbeat',
    file: 'src/core/verdict.ts',
    from: "case 'same':\n          return",
    to: "case 'same':\n          return byHeartbeat('', heartbeat) ??",
  },
  {
    promise: 'G8',
    what: 'what left is not told when something else came',
    file: 'src/core/diff.ts',
    from: 'if (!after.has(id)) changes.push(',
    to: 'if (!after.has(id) && after.size < before.size) changes.push(',
  },
  {
    promise: 'G20',
    what: 'ids are alike',
    file: 'src/core/id.ts',
    from: 'alphabet[byte & 31]',
    to: 'alphabet[byte & 0]',
  },
];
