/** Names that every MCP host takes, for the things of instances whose names they may not take. */

import { createHash } from 'node:crypto';

/**
 * Characters, all of `[A-Za-z0-9_]`. Hosts put `mcp__<server>__` in front, and some stop at 60 to 64; Cursor refuses
 * other characters.
 */
const longest = 48;
/** Leaves enough for the names of tools. */
const longestLabel = 20;
const separator = '__';

/**
 * What an instance is called before `__`: has no `__` of its own, so that no two of them share a name. It is marked by
 * its distinction if its name is taken, or if it `isMarked` in any case.
 */
export function labelFor(
  name: string,
  taken: { has(label: string): boolean },
  distinction: string,
  isMarked = false,
): string {
  const plain = legal(name).replace(/_+/g, '_').replace(/^_|_$/g, '') || 'server';
  const label = shorten(plain, longestLabel, name);
  if (!isMarked && !taken.has(label)) return label;
  for (let length = 4; ; length += 2) {
    const marked = `${label.slice(0, longestLabel - length - 1).replace(/_$/, '')}_${hash(distinction, length)}`;
    if (!taken.has(marked)) return marked;
  }
}

/**
 * What the things of one instance are called: by original name. The same names get the same ones in whatever order they
 * come, so that they are stable over restarts.
 */
export function namesFor(label: string, originals: Iterable<string>): ReadonlyMap<string, string> {
  const room = longest - label.length - separator.length;
  const names = new Map<string, string>();
  const taken = new Set<string>();
  const give = (original: string, name: string) => {
    names.set(original, label + separator + name);
    taken.add(name);
  };
  const sorted = [...new Set(originals)].sort();
  const isPlain = (original: string) => /^[A-Za-z0-9_]+$/.test(original) && original.length <= room;
  for (const original of sorted) if (isPlain(original)) give(original, original);
  // Which of those that are changed come to the same: none of these can keep that.
  const counts = new Map<string, number>();
  const changed = sorted.filter((original) => !isPlain(original));
  const plainly = (original: string) => shorten(legal(original) || 'unnamed', room, original);
  for (const original of changed) counts.set(plainly(original), (counts.get(plainly(original)) ?? 0) + 1);
  for (const original of changed) {
    const name = plainly(original);
    if (counts.get(name) === 1 && !taken.has(name)) give(original, name);
    else give(original, marked(name, original, room, taken));
  }
  return names;
}

function marked(name: string, original: string, room: number, taken: ReadonlySet<string>): string {
  for (let length = 6; ; length += 2) {
    const one = `${name.slice(0, room - length - 1)}_${hash(original, length)}`;
    if (!taken.has(one)) return one;
  }
}

const legal = (text: string) => text.replace(/[^A-Za-z0-9_]/g, '_');

const shorten = (text: string, room: number, original: string) =>
  text.length <= room ? text : `${text.slice(0, room - 7).replace(/_+$/, '')}_${hash(original, 6)}`;

const hash = (text: string, length: number) => createHash('sha256').update(text).digest('hex').slice(0, length);
