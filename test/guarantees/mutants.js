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
    promise: 'G20',
    what: 'an id is the same for all',
    file: 'src/core/id.ts',
    from: 'X',
    to: 'X',
  },
];
