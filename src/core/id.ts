/** What names a registration: `<name>-<26 random characters>`, never reused. */

/** Letters, digits, `.`, `_` and `-`; safe as file name, URL segment and key on every platform. */
export const namePattern = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/;

const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}-[0-9a-z]{26}$/;

// Crockford's base 32, in lower case: no i, l, o, u, so an id can be read aloud.
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** Makes a new id for an instance of `name`, of 26 random bytes. 130 bits are used of them: no two are ever alike. */
export function createId(name: string, random: Uint8Array = crypto.getRandomValues(new Uint8Array(26))): string {
  return `${name}-${Array.from(random, (byte) => alphabet[byte & 31]).join('')}`;
}

/** Whether `text` has the form of an id. What does not is never used as a file name. */
export function isId(text: string): boolean {
  return idPattern.test(text);
}

/** From where it is told to look. */
const ending = /-[0-9a-z]{26}$/y;

/** Whether `id` could be that of an instance of `name`, which is one. */
export function isIdOf(name: string, id: string): boolean {
  ending.lastIndex = name.length;
  return name !== '' && id.startsWith(name) && ending.test(id);
}

/** The name in an id. */
export function nameIn(id: string): string {
  return id.slice(0, -27);
}
