/** What one observer thinks of each entry, told to whoever listens when it changes its mind. */

import type { Clock } from '../core/clock.js';
import type { Verdict } from '../core/verdict.js';
import { channels } from '../process/channels.js';
import type { Messages } from '../process/messages.js';
import type { Sighting } from './sighting.js';

/** How many are remembered that are in no survey: of those that were only asked for by their id. */
const most = 10_000;

/** Verdicts are told when a look is over: within one, what is stale at first may prove to be alive. */
export class Verdicts {
  readonly #clock: Clock;
  readonly #by: Messages['rollcall:verdict']['by'];
  /** While someone listens: the last of each, by id. */
  #known: Map<string, Verdict> | undefined;

  constructor(clock: Clock, by: Messages['rollcall:verdict']['by']) {
    this.#clock = clock;
    this.#by = by;
  }

  /** After a survey that shows others than the one before. */
  tellAll(before: readonly Sighting[], now: readonly Sighting[]): void {
    const known = this.#whileHeard(before);
    if (known === undefined) return;
    const present = new Set<string>();
    for (const sighting of now) {
      present.add(sighting.id);
      this.#tell(known, sighting);
    }
    for (const { id } of before) if (!present.has(id)) known.delete(id);
  }

  /** After a look at one entry. `before` is what the last survey has shown. */
  tellOne(before: readonly Sighting[], id: string, sighting: Sighting | undefined): void {
    const known = this.#whileHeard(before);
    if (known === undefined) return;
    if (sighting === undefined) known.delete(id);
    else this.#tell(known, sighting);
    if (known.size > Math.max(most, 2 * before.length)) known.delete(known.keys().next().value ?? '');
  }

  /** Whoever begins to listen is told of changes, and not of all that has long been known. */
  #whileHeard(before: readonly Sighting[]): Map<string, Verdict> | undefined {
    if (!channels.verdict.hasSubscribers) this.#known = undefined;
    else this.#known ??= new Map(before.map(({ id, verdict }) => [id, verdict]));
    return this.#known;
  }

  #tell(known: Map<string, Verdict>, { id, verdict, reason, instance }: Sighting): void {
    const previous = known.get(id);
    if (previous === verdict) return;
    known.set(id, verdict);
    const [at, by, name] = [this.#clock.now(), this.#by, instance?.name];
    channels.verdict.publish({ at, by, id, name, verdict, previous, reason });
  }
}
