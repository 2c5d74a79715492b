/** A secret to search for in everything that is said. */

import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';

/** Letters that English, ids and hexadecimal numbers hardly use, so that no piece of it is there by chance. */
const alphabet = 'QXZJKVWY';

/** How long a piece must be to give it away. */
const piece = 6;

/** A new secret. */
export function createCanary(): string {
  return Array.from(randomBytes(40), (byte) => alphabet[byte % alphabet.length]).join('');
}

/** Fails if `text` holds the canary, or a piece of it, in whatever case. */
export function expectNoCanary(canary: string, text: string, where: string): void {
  // Ids are random; what 26 letters of them hold is chance.
  const searched = text.replace(/-[0-9a-z]{26}\b/g, '').toLowerCase();
  for (let at = 0; at + piece <= canary.length; at++) {
    const found = searched.indexOf(canary.slice(at, at + piece).toLowerCase());
    if (found < 0) continue;
    const around = text.replace(/-[0-9a-z]{26}\b/g, '').slice(Math.max(0, found - 100), found + 100);
    expect.fail(`${where} tells the secret (or a piece of it): …${around}…`);
  }
}
