/** The text of an entry as an instance: at once if it is plainly right or wrong, else when the schema is loaded. */

import { type Decoded, decodePlain } from './codec.js';

/** As `decode`, which it loads only if it must: with its schema it costs a process 10 ms. */
export function read(id: string, text: string): Decoded | Promise<Decoded> {
  return decodePlain<Decoded | Promise<Decoded>>(id, text, async (raw) => {
    const { decodeBySchema } = await import('./decode.js');
    return decodeBySchema(raw);
  });
}
