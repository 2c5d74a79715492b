/** Which instances stand behind which label, where all of one name are as good as each other. */

import { byAge } from '../core/age.js';
import type { Instance } from '../core/instance.js';
import { labelFor } from './names.js';
import type { Place } from './place.js';

/**
 * A label belongs to a name, whatever the folder: that is what was asked for. Each instance has a place of its own, so
 * that nobody is led elsewhere when another goes.
 */
export class MergedBoard {
  /** By name, kept as long as the board is there. */
  readonly #labels = new Map<string, string>();
  readonly #taken = new Set<string>();

  /** Those that are there now; of one name the oldest first. */
  arrange(instances: readonly Instance[]): Place[] {
    const names = new Set(instances.map(({ name }) => name));
    for (const name of [...names].sort()) this.#give(name);
    return [...instances].sort(byAge).map((instance) => {
      return { key: instance.id, label: this.#labels.get(instance.name) ?? instance.name, instance };
    });
  }

  #give(name: string): void {
    if (this.#labels.has(name)) return;
    const label = labelFor(name, this.#taken, name);
    this.#labels.set(name, label);
    this.#taken.add(label);
  }
}
