/** Conditions on any field: a safe part of MongoDB's query language, by way of sift. */

import { type Check, check, fields, list } from './checks.js';
import { invalid, type Problem } from './errors.js';
import type { Instance } from './instance.js';
import { printable } from './printable.js';

type Scalar = string | number | boolean | null;
type Operand = Scalar | readonly Scalar[];

/** What can be asked of one field. */
export interface Comparison {
  readonly $eq?: Operand;
  readonly $ne?: Operand;
  readonly $gt?: string | number;
  readonly $gte?: string | number;
  readonly $lt?: string | number;
  readonly $lte?: string | number;
  readonly $in?: readonly Scalar[];
  readonly $nin?: readonly Scalar[];
  readonly $exists?: boolean;
  /** In RE2's syntax, which has no look-around and no back-references, so that no pattern can take for ever. */
  readonly $regex?: string;
  /** `i`, `m` and `s`, for `$regex`. */
  readonly $options?: string;
  readonly $not?: Comparison;
}

/** Conditions on dotted paths (`metadata.priority`, `endpoints.type`), and their combinations. */
export interface Where {
  readonly [path: string]: Operand | Comparison | readonly Where[] | Where | undefined;
  readonly $and?: readonly Where[];
  readonly $or?: readonly Where[];
  readonly $nor?: readonly Where[];
  readonly $not?: Where;
}

// Queries may come from a tool call, so they are bounded: this many conditions and this long a pattern at most.
const mostConditions = 200;
const longestPattern = 1_000;
/** Longer texts are not searched by `$regex`. */
const longestSubject = 10_000;

const isScalar = (value: unknown) =>
  value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
const isOperand = (value: unknown) => isScalar(value) || (Array.isArray(value) && value.every(isScalar));
const operand = check(isOperand, 'must be a text, a number, true, false, null or a list of them');
const scalars = list(check(isScalar, 'must be a text, a number, true, false or null'), 0, Number.POSITIVE_INFINITY);
const ordered = check((value) => typeof value === 'string' || Number.isFinite(value), 'must be a text or a number');

const comparison: Check = fields({
  $eq: operand,
  $ne: operand,
  $gt: ordered,
  $gte: ordered,
  $lt: ordered,
  $lte: ordered,
  $in: scalars,
  $nin: scalars,
  $exists: check((value) => typeof value === 'boolean', 'must be true or false'),
  $regex: check(
    (value) => typeof value === 'string' && value.length <= longestPattern,
    `must be a text of at most ${longestPattern} characters`,
  ),
  $options: check((value) => typeof value === 'string' && /^[ims]*$/.test(value), 'may hold i, m and s'),
  $not: (value, path) => comparison(value, path),
} satisfies Record<keyof Comparison, Check>);

/** Only the operators above, none of which evaluates code (`$where` does, and is not among them). */
export const checkWhere: Check = (value, path) => {
  const state = { conditions: 0, problems: [] as Problem[] };
  gather(value, path, state);
  return state.problems;
};

type Sift = typeof import('sift');
type Options = Parameters<Sift['createEqualsOperation']>[2];

function gather(value: unknown, path: string, state: { conditions: number; problems: Problem[] }): void {
  const refuse = (message: string, at = path) => state.problems.push({ path: at, message });
  if (!isPlain(value)) {
    refuse('must be an object of conditions, such as { "metadata.priority": { "$gte": 8 } }');
    return;
  }
  for (const [key, child] of Object.entries(value)) {
    state.conditions++;
    if (state.conditions === mostConditions + 1) refuse(`must not hold more than ${mostConditions} conditions`);
    if (state.conditions > mostConditions) return;
    const at = `${path}.${printable(key)}`;
    if (key === '$and' || key === '$or' || key === '$nor') {
      if (!Array.isArray(child) || child.length === 0) refuse('must be a list of conditions', at);
      else for (const [index, part] of child.entries()) gather(part, `${at}.${index}`, state);
    } else if (key === '$not') {
      gather(child, at, state);
    } else if (key.startsWith('$')) {
      refuse('is not an operator that can stand here; use $and, $or, $nor, $not or a dotted path', at);
    } else if (isPlain(child)) {
      state.problems.push(...comparison(child, at));
    } else if (!isOperand(child)) {
      refuse('must be a plain value or an object of operators; for a pattern use { "$regex": "…" }', at);
    }
  }
}

/** Whether `value` came, or could have come, out of JSON: a RegExp would bring its own engine, a function its code. */
function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The same conditions with every path that leads to an inherited property made to lead nowhere. */
function ownPathsOnly(where: Where): Where {
  return Object.fromEntries(
    Object.entries(where).map(([key, value]) => {
      if (Array.isArray(value) && key.startsWith('$')) return [key, value.map((part) => ownPathsOnly(part as Where))];
      if (key === '$not') return [key, ownPathsOnly(value as Where)];
      const isInherited = key.split('.').some((segment) => segment in Object.prototype);
      return [isInherited ? `\0${key}` : key, value];
    }),
  );
}

/**
 * Makes the test for `where`. Its engine (and RE2, for a `$regex`) is loaded on first use.
 *
 * @throws ROLLCALL_INVALID if a `$regex` is not valid in RE2's syntax.
 */
export async function compileWhere(where: Where): Promise<(instance: Instance) => boolean> {
  // sift is CommonJS in Node and an ES module to bundlers.
  const module = await import('sift');
  const sift = ('createQueryTester' in module ? module : (module as { default: unknown }).default) as Sift;
  const { $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $exists, $and, $or, $nor, $not, $options } = sift;
  const operations = { $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $exists, $and, $or, $nor, $not, $options };
  const hasRegex = JSON.stringify(where).includes('"$regex"');
  const $regex = hasRegex ? await linearRegex(sift.createEqualsOperation) : undefined;
  const options = { operations: { ...operations, ...($regex && { $regex }) } } as unknown as Options;
  return sift.createQueryTester(ownPathsOnly(where) as Parameters<Sift['createQueryTester']>[0], options);
}

/** `$regex` on RE2's engine: linear in the text, whatever the pattern. */
async function linearRegex(createEqualsOperation: Sift['createEqualsOperation']) {
  const { RE2JS } = await import('re2js');
  return (pattern: string, owner: { $options?: string }, options: Options) => {
    const given = owner.$options ?? '';
    const flags =
      (given.includes('i') ? RE2JS.CASE_INSENSITIVE : 0) |
      (given.includes('m') ? RE2JS.MULTILINE : 0) |
      (given.includes('s') ? RE2JS.DOTALL : 0);
    let compiled: InstanceType<typeof RE2JS>;
    try {
      compiled = RE2JS.compile(pattern, flags);
    } catch (cause) {
      const message = `is not a pattern RE2 understands (${cause instanceof Error ? cause.message : cause})`;
      throw invalid('The query', [{ path: 'where.$regex', message }]);
    }
    const test = (value: unknown) =>
      typeof value === 'string' && value.length <= longestSubject && compiled.matcher(value).find();
    return createEqualsOperation(test, owner, options);
  };
}
