/** One host's links: to what is there, and to what was, since it may come back. */

import type { Link } from './link.js';
import type { Place } from './place.js';

/** So many labels are kept of which nobody is there. */
const mostAbsent = 200;

export class Links {
  readonly #make: (place: Place) => Link;
  readonly #byKey = new Map<string, Link>();

  constructor(make: (place: Place) => Link) {
    this.#make = make;
  }

  get all(): readonly Link[] {
    return [...this.#byKey.values()];
  }

  get(key: string): Link | undefined {
    return this.#byKey.get(key);
  }

  /** Who is there now. Of a label that nobody stands behind any more the last one is kept. */
  arrange(places: readonly Place[]): void {
    for (const place of places) {
      const link = this.#byKey.get(place.key) ?? this.#make(place);
      this.#byKey.set(place.key, link);
      link.assign(place.instance);
    }
    const present = new Set(places.map(({ key }) => key));
    const labels = new Set(places.map(({ label }) => label));
    const absent = [...this.#byKey].filter(([key]) => !present.has(key));
    for (const [, link] of absent) link.assign(undefined);
    const last = new Map(absent.filter(([, { label }]) => !labels.has(label)).map(([key, { label }]) => [label, key]));
    const kept = new Set([...last.values()].slice(-mostAbsent));
    // Nothing of them is open, or will be in a moment.
    for (const [key] of absent) if (!kept.has(key)) this.#byKey.delete(key);
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((link) => link.close()));
  }
}
