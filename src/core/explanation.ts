/** What is to be said of one entry that was looked at for a pick. */

import type { Instance } from './instance.js';
import type { Verdict } from './verdict.js';

/** What can decide against an entry. */
export type Failed =
  | 'id'
  | 'name'
  | 'kind'
  | 'capability'
  | 'capabilities'
  | 'tags'
  | 'status'
  | 'cwd'
  | 'where'
  | 'verdict'
  | 'unrelated'
  | 'strategy'
  | 'named';

/** One entry, and why it was chosen or not. */
export interface Explanation {
  readonly id: string;
  readonly verdict: Verdict;
  /** Missing if and only if the entry is illegible. */
  readonly instance?: Instance | undefined;
  readonly isChosen: boolean;
  /**
   * What decided against it: a field of the query, its `verdict`, that it is `unrelated` to the folder of `nearest`, or
   * the `strategy`, by which another was better; `named` if another was named by its id. Missing of the chosen one.
   */
  readonly failed?: Failed | undefined;
  /** The same in words a person understands. */
  readonly reason: string;
}
