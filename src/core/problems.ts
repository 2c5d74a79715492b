/** Input at a public door: depth, schema, and problems named by their paths. */

import type * as z from 'zod';
import { invalid, type Problem } from './errors.js';
import { printable } from './printable.js';

/** How deep an input or an entry may nest. zod's JSON schema overflows the stack near 3,000. */
export const deepest = 32;

/** Whether `value` nests deeper than {@link deepest} levels; circular values do. */
export function isTooDeep(value: unknown, left = deepest): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (left === 0) return true;
  return Object.values(value).some((child) => isTooDeep(child, left - 1));
}

/** @throws ROLLCALL_INVALID */
export function refuseTooDeep(value: unknown, what: string): void {
  if (!isTooDeep(value)) return;
  throw invalid(what, [{ path: '', message: `nests deeper than ${deepest} levels, or refers to itself` }]);
}

/** zod's issues as ours. A path or message may quote the input, so both are made printable. */
export function problemsOf(error: z.ZodError): Problem[] {
  return error.issues.flatMap((issue) => {
    const at = (path: PropertyKey[], message: string) => ({
      path: printable(path.map(String).join('.')),
      message: printable(message),
    });
    if (issue.code !== 'unrecognized_keys') return [at(issue.path, issue.message)];
    return issue.keys.map((key) => at([...issue.path, key], 'is not a known field'));
  });
}

/**
 * `value` as `schema` gives it, or an error that names every problem.
 *
 * @throws ROLLCALL_INVALID
 */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  refuseTooDeep(value, what);
  const result = schema.safeParse(value);
  if (!result.success) throw invalid(what, problemsOf(result.error));
  return result.data;
}
