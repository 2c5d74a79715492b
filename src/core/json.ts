/** Values as they come out of JSON, told apart from all others. */

export type Fields = Record<string, unknown>;

/** An object as JSON makes it, with no property of that name that leads to its prototype. */
export function isPlainObject(value: unknown): value is Fields {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && !Object.hasOwn(value, '__proto__');
}

/** Whether `value` is JSON of at most so many `levels`. */
export function isJson(value: unknown, levels: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value);
    case 'object':
      if (value === null) return true;
      if (levels === 0) return false;
      if (Array.isArray(value)) return isList(value, value.length, (element) => isJson(element, levels - 1));
      if (!isPlainObject(value)) return false;
      for (const key in value) if (!isJson(value[key], levels - 1)) return false;
      return true;
    default:
      return false;
  }
}

export function isList(value: unknown, most: number, isRight: (element: unknown) => boolean): boolean {
  if (!Array.isArray(value) || value.length > most) return false;
  // Not `every`, which passes over holes.
  for (let index = 0; index < value.length; index++) if (!isRight(value[index])) return false;
  return true;
}

/** A copy of plain objects and lists all the way down; a `Secret` stays the one it is. */
export function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, copy(child)]));
}
