/** Which entry a person means. */

import { isIdOf } from '../core/id.js';
import { printable } from '../core/printable.js';
import type { Registry } from '../registry/registry.js';
import type { Sighting } from '../registry/sighting.js';
import { Failure } from './failure.js';
import type { Terminal } from './terminal.js';

/**
 * The entry that `word` names: a name (then the newest that is alive, or the one of ROLLCALL_INSTANCE), an id, or the
 * beginning of one id. With `isOnly` a name that several have names none of them.
 *
 * @throws Failure if there is none, or if it is the beginning of several.
 */
export async function find(
  registry: Registry,
  word: string,
  terminal: Terminal,
  { isOnly = false }: { readonly isOnly?: boolean } = {},
): Promise<Sighting> {
  const sightings = await registry.inspect();
  const chosen = process.env.ROLLCALL_INSTANCE;
  if (chosen !== undefined && isIdOf(word, chosen)) {
    const sighting = sightings.find(({ id, verdict }) => id === chosen && verdict === 'alive');
    if (sighting !== undefined) return sighting;
    throw new Failure(
      `${chosen} is named by ROLLCALL_INSTANCE in the environment, and is gone. Name another, or none.`,
    );
  }
  const named = sightings.filter(({ verdict, instance }) => verdict === 'alive' && instance?.name === word);
  const newest = named.at(-1);
  if (newest !== undefined) {
    if (named.length > 1 && isOnly) {
      const ids = enumerate(named.map(({ id, instance }) => `${id} (${instance?.cwd ?? 'no folder'})`));
      throw new Failure(`${named.length} instances are named ${word}; say which by its id: ${ids}`);
    }
    if (named.length > 1) {
      const others = enumerate(named.slice(0, -1).map(({ id }) => id));
      terminal.say(`${named.length} instances are named ${word}; this is the newest. The others: ${others}`);
    }
    return newest;
  }
  const gone = sightings.filter(({ instance }) => instance?.name === word);
  if (gone.length > 0) {
    const why = enumerate(
      gone.map(({ id, reason }) => `${id}: ${reason}`),
      '; ',
    );
    throw new Failure(`No live instance is named ${word}. ${why}`);
  }
  const begun = sightings.filter(({ id }) => id.startsWith(word));
  const [only] = begun;
  if (only !== undefined && (begun.length === 1 || only.id === word)) return only;
  if (begun.length > 1)
    throw new Failure(`${word} is the beginning of several ids: ${enumerate(begun.map(({ id }) => id))}`);
  const names = [...new Set(sightings.flatMap(({ instance }) => (instance ? [instance.name] : [])))];
  const known = names.length > 0 ? `There are: ${printable(enumerate(names))}` : 'Nothing is registered.';
  throw new Failure(`No instance has the name or id ${word}. ${known}`);
}

/** Nobody reads more of them than this on a terminal. */
const most = 10;

function enumerate(items: readonly string[], separator = ', '): string {
  const more = items.length > most ? `${separator}and ${items.length - most} more` : '';
  return items.slice(0, most).join(separator) + more;
}
