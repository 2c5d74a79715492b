/** The text of an entry as an instance, by the schema where that is needed. */

import { type Decoded, decodePlain, illegible, legible } from './codec.js';
import { printable } from './printable.js';
import { deepest, isTooDeep, problemsOf } from './problems.js';
import { entrySchema } from './schema.js';

/** Reads the entry `id`. Never throws: what cannot be read comes back with the reason, which never quotes the text. */
export function decode(id: string, text: string): Decoded {
  return decodePlain(id, text, decodeBySchema);
}

/** Reads what came out of `JSON.parse`. */
export function decodeBySchema(raw: object): Decoded {
  if (isTooDeep(raw)) return illegible(`nests deeper than ${deepest} levels`);
  const result = entrySchema.safeParse(raw);
  if (result.success) return legible(result.data);
  const [first, ...others] = problemsOf(result.error);
  const more = others.length > 0 ? ` (and ${others.length} more)` : '';
  return illegible(`${printable(first?.path ?? '')}: ${first?.message}${more}`);
}
