/** What stands behind one label, and offers the same: one instance, or several of one name. */

import { isDeepStrictEqual } from 'node:util';
import type { Prompt, Tool } from '@modelcontextprotocol/client';
import { byAge } from '../core/age.js';
import type { Link } from './link.js';
import type { Offer } from './offer.js';

/** Some of those behind one label. */
export interface Group {
  readonly label: string;
  /** Who is well first, then the newest. */
  readonly links: readonly Link[];
}

/** One thing that is offered, by one or more who agree on what it is. */
export interface Offered<T> {
  readonly label: string;
  /** The first is the one whose words these are. */
  readonly links: readonly [Link, ...Link[]];
  /** In the instance's own words. */
  readonly own: T;
}

export function groupsOf(links: readonly Link[], isWell: (link: Link) => boolean): Map<string, Group> {
  const groups = new Map<string, Link[]>();
  for (const link of links) groups.set(link.label, [...(groups.get(link.label) ?? []), link]);
  const order = (a: Link, b: Link) => Number(isWell(b)) - Number(isWell(a)) || byAge(b.instance, a.instance);
  return new Map([...groups].map(([label, members]) => [label, { label, links: members.sort(order) }]));
}

/**
 * All that any of them offers, each once. Where they do not agree what a thing takes and gives, the first decides what is
 * shown, and only those who say the same get its calls.
 */
export function offeredBy<T extends object>(
  { label, links }: Group,
  listOf: (offer: Offer) => readonly T[],
  keyOf: (own: T) => string,
): Offered<T>[] {
  const offered = new Map<string, { label: string; links: [Link, ...Link[]]; own: T }>();
  for (const link of links) {
    for (const own of listOf(link.offer)) {
      const known = offered.get(keyOf(own));
      if (known === undefined) offered.set(keyOf(own), { label, links: [link], own });
      // Of two of one name the first is meant, as with the server itself.
      else if (!known.links.includes(link) && isAlike(known.own, own)) known.links.push(link);
    }
  }
  return [...offered.values()];
}

type Form = Partial<Pick<Tool, 'inputSchema' | 'outputSchema'> & Pick<Prompt, 'arguments'>>;

/** A host checks what it gives, and what it gets, against what it was shown. */
function isAlike(one: Form, other: Form): boolean {
  const formOf = ({ inputSchema, outputSchema, arguments: taken }: Form) => [inputSchema, outputSchema, taken];
  return isDeepStrictEqual(formOf(one), formOf(other));
}
