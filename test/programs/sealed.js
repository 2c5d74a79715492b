// Metadata that shows whether it is whole: a text of a given length with a seal over it.
import { createHash } from 'node:crypto';

const seal = (/** @type {string} */ text) => createHash('md5').update(text).digest('hex');

/** Two calls never give the same text. */
export function sealed(/** @type {number} */ length) {
  const text = `${Math.random()} `.padEnd(length, Math.random().toString(36).slice(2, 5));
  return { text, seal: seal(text) };
}

export const isWhole = (/** @type {any} */ { text, seal: given }) => seal(text) === given;

/** Why this text of an entry is not one that was written in one piece; `undefined` if it is. */
export function tearIn(/** @type {string} */ body) {
  try {
    const { metadata } = JSON.parse(body);
    return isWhole(metadata) ? undefined : 'the seal does not fit';
  } catch (error) {
    return String(error);
  }
}
