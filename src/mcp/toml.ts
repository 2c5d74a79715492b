/** As much of TOML 1.0 as a configuration needs: tables of texts, lists of texts, and inline tables of texts. */

import { replaceUnprintable } from '../core/printable.js';
import type { Fields } from './hosts.js';

/** `[path]` and its fields, a line each. What is `undefined` is left out. */
export function tomlTable(path: readonly string[], fields: Fields): string {
  const lines = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`${key(name)} = ${written(value)}`],
  );
  return [`[${path.map(key).join('.')}]`, ...lines].join('\n');
}

function written(value: NonNullable<Fields[string]>): string {
  if (typeof value === 'string') return text(value);
  if (isList(value)) return `[${value.map(text).join(', ')}]`;
  const fields = Object.entries(value).map(([name, each]) => `${key(name)} = ${text(each)}`);
  return `{ ${fields.join(', ')} }`;
}

/** `Array.isArray` does not tell a list that may not be changed from a table. */
function isList(value: NonNullable<Fields[string]>): value is readonly string[] {
  return Array.isArray(value);
}

function key(name: string): string {
  return /^[A-Za-z0-9_-]+$/.test(name) ? name : text(name);
}

/** A basic string, of one line. */
function text(value: string): string {
  return `"${replaceUnprintable(value.replace(/["\\]/g, '\\$&'), escaped)}"`;
}

/** TOML has no halves of characters; a URL and a header are sent with U+FFFD in place of one, too. */
function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0xd800 && code <= 0xdfff) return '\\ufffd';
  const digits = code.toString(16);
  return code > 0xffff ? `\\U${digits.padStart(8, '0')}` : `\\u${digits.padStart(4, '0')}`;
}
