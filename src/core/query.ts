/** Which instances are asked for: parsed at the door, then a list of conditions, each of which can say why not. */

import { normalize } from 'node:path';
import * as z from 'zod';
import type { Instance, Status } from './instance.js';
import { parse } from './problems.js';
import { compileWhere, type Where, whereSchema } from './where.js';

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
  /** Works in this folder; an absolute path. */
  readonly cwd?: string | undefined;
  /** Conditions on dotted paths, in MongoDB's query language: `{ 'metadata.priority': { $gte: 8 } }`. */
  readonly where?: Where | undefined;
}

const oneOrMore = z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(100)]);
const several = z.array(z.string().min(1)).max(100);
const status = z.enum(['starting', 'ready', 'draining', 'stopping']);

const querySchema = z.strictObject({
  id: z.string().min(1).optional(),
  name: oneOrMore.optional(),
  kind: oneOrMore.optional(),
  capability: z.string().min(1).optional(),
  capabilities: several.optional(),
  tags: several.optional(),
  status: z.union([status, z.array(status).min(1)]).optional(),
  cwd: z
    .string()
    .regex(/^(?:[/\\]|[A-Za-z]:[/\\])/, 'must be an absolute path')
    .optional(),
  where: whereSchema.optional(),
}) satisfies z.ZodType<unknown, Query>;

/**
 * Refuses what is not a query: an unknown field is an error, never an empty answer.
 *
 * @throws ROLLCALL_INVALID
 */
export function parseQuery(query: Query | undefined): Query {
  return parse(querySchema, query ?? {}, 'The query');
}

/** One field of a query. */
export interface Condition {
  readonly field: keyof Query;
  isMet(instance: Instance): boolean;
  /** What the instance has instead, for people. */
  tell(instance: Instance): string;
}

/** The conditions of a parsed query, cheapest first. Asynchronous, because `where` loads its engine on first use. */
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
    const folder = asFolder(cwd);
    add(
      'cwd',
      (instance) => instance.cwd !== undefined && asFolder(instance.cwd) === folder,
      (instance) => `cwd is ${instance.cwd ?? 'not given'}`,
    );
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

function asList<T extends string>(value: T | readonly T[]): readonly T[] {
  return typeof value === 'string' ? [value] : value;
}

/** A folder's path without what makes no difference: `..`, doubled or trailing separators. */
function asFolder(path: string): string {
  const normal = normalize(path);
  return normal.length > 1 && /[/\\]$/.test(normal) ? normal.slice(0, -1) : normal;
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
