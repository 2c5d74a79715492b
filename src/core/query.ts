/** Which instances are asked for: parsed at the door, then a list of conditions, each of which can say why not. */

import { statuses } from './bounds.js';
import { type Check, fields, folderPath, list, oneOf, oneOrMore, pass, text } from './checks.js';
import type { Instance, Status } from './instance.js';
import { checkWhere, compileWhere, type Where } from './where.js';

/**
 * What to look for; every field given must match. In `name`, `kind`, `capability`, `capabilities` and `tags` a `*`
 * stands for any run of characters.
 */
export interface Query {
  readonly id?: string | undefined;
  /** One of these names. */
  readonly name?: string | readonly string[] | undefined;
  /** One of these kinds. */
  readonly kind?: string | readonly string[] | undefined;
  /** Has this capability: `weather.current`, `weather.*`. */
  readonly capability?: string | undefined;
  /** Has all of these. */
  readonly capabilities?: readonly string[] | undefined;
  /** Has all of these. */
  readonly tags?: readonly string[] | undefined;
  /** Says one of these of itself. */
  readonly status?: Status | readonly Status[] | undefined;
  /** Works in this very folder, or has it open; an absolute path, compared as it is written. See `near` for what is near. */
  readonly cwd?: string | undefined;
  /** Conditions on dotted paths, in MongoDB's query language: `{ 'metadata.priority': { $gte: 8 } }`. */
  readonly where?: Where | undefined;
}

const checkQuery = fields({
  id: text,
  name: oneOrMore(text, 100),
  kind: oneOrMore(text, 100),
  capability: text,
  capabilities: list(text, 0, 100),
  tags: list(text, 0, 100),
  status: oneOrMore(oneOf(statuses), statuses.length),
  cwd: folderPath,
  where: checkWhere,
} satisfies Record<keyof Query, Check>);

/**
 * Refuses what is not a query: an unknown field is an error, never an empty answer.
 *
 * @throws ROLLCALL_INVALID
 */
export function parseQuery(query: Query = {}): Query {
  pass(checkQuery, query, 'The query');
  // A copy: what its caller does to it afterwards makes no difference.
  const isFlat = Object.values(query).every((value) => typeof value !== 'object');
  return isFlat ? { ...query } : structuredClone(query);
}

/** Who wants to connect wants one that is ready, unless they say otherwise. */
export function usable(query: Query = {}): Query {
  return query.status === undefined ? { ...query, status: 'ready' } : query;
}

/** One field of a query. */
export interface Condition {
  readonly field: keyof Query;
  isMet(instance: Instance): boolean;
  /** What the instance has instead, for people. */
  tell(instance: Instance): string;
}

/** The conditions of a parsed query, cheapest first. Asynchronous, because what `where` and `cwd` need is loaded on first use. */
export async function compileQuery(query: Query): Promise<readonly Condition[]> {
  const conditions: Condition[] = [];
  const add = (field: keyof Query, isMet: Condition['isMet'], tell: Condition['tell']) =>
    conditions.push({ field, isMet, tell });

  const { id, cwd } = query;
  if (id !== undefined)
    add(
      'id',
      (instance) => instance.id === id,
      (instance) => `id is ${instance.id}`,
    );
  if (query.name !== undefined) {
    const patterns = asList(query.name);
    add(
      'name',
      ({ name }) => patterns.some((pattern) => isLike(name, pattern)),
      ({ name }) => `name is ${name}`,
    );
  }
  if (query.kind !== undefined) {
    const patterns = asList(query.kind);
    add(
      'kind',
      ({ kind }) => kind !== undefined && patterns.some((pattern) => isLike(kind, pattern)),
      ({ kind }) => `kind is ${kind ?? 'not given'}`,
    );
  }
  if (query.status !== undefined) {
    const wanted = asList(query.status);
    add(
      'status',
      ({ status }) => wanted.includes(status),
      ({ status }) => `status is ${status}`,
    );
  }
  if (cwd !== undefined) {
    const { foldersOf, isSameFolder, tellFolders } = await import('./workspace.js');
    add('cwd', (instance) => foldersOf(instance).some((folder) => isSameFolder(folder, cwd)), tellFolders);
  }
  if (query.tags !== undefined) {
    add('tags', hasAll('tags', query.tags), ({ tags }) => `tags are ${tags.join(', ') || 'none'}`);
  }
  if (query.capability !== undefined || query.capabilities !== undefined) {
    const wanted = [...(query.capability === undefined ? [] : [query.capability]), ...(query.capabilities ?? [])];
    add('capabilities', hasAll('capabilities', wanted), (instance) => {
      return `capabilities are ${instance.capabilities.join(', ') || 'none'}`;
    });
  }
  if (query.where !== undefined) {
    add('where', await compileWhere(query.where), () => 'where does not hold');
  }
  return conditions;
}

/** Whether `instance` meets all of `conditions`. */
export function isMatch(instance: Instance, conditions: readonly Condition[]): boolean {
  return conditions.every((condition) => condition.isMet(instance));
}

function hasAll(field: 'tags' | 'capabilities', patterns: readonly string[]): Condition['isMet'] {
  return (instance) => patterns.every((pattern) => instance[field].some((word) => isLike(word, pattern)));
}

export function asList<T extends string>(value: T | readonly T[]): readonly T[] {
  return typeof value === 'string' ? [value] : value;
}

/**
 * Whether `text` is like `pattern`, in which `*` stands for any run of characters. Takes at most
 * `text.length × pattern.length` steps, which a regular expression made from a pattern would not promise.
 */
export function isLike(text: string, pattern: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  let p = 0;
  while (at < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = at;
    } else if (p < pattern.length && pattern[p] === text[at]) {
      p++;
      at++;
    } else if (star >= 0) {
      p = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
