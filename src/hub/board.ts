/** Which instance stands under which label. */

import { byAge } from '../core/age.js';
import type { Instance } from '../core/instance.js';
import { serviceOf } from '../mcp/service.js';
import { labelFor } from './names.js';

/**
 * A label belongs to a service, and is kept for it as long as the board is there: when `weather` of one project is away,
 * nobody is led to the `weather` of another. What works neither in the folder we are in, nor around or below it, never has
 * a plain label: it might be another project's, whoever else is there. Of several instances of one service the oldest has
 * the plain label.
 */
export class Board {
  readonly #cwd: string;
  /** By service and place in it. */
  readonly #labels = new Map<string, string>();
  readonly #taken = new Set<string>();

  /** Services near to `cwd` are labelled first, so that they get their own names. */
  constructor(cwd: string) {
    this.#cwd = cwd;
  }

  /** Who stands where, of those that are there now. */
  arrange(instances: readonly Instance[]): Map<string, Instance> {
    const services = groupBy(instances);
    const arranged = new Map<string, Instance>();
    for (const service of [...services.keys()].sort((a, b) => this.#rank(a) - this.#rank(b) || (a < b ? -1 : 1))) {
      const members = [...(services.get(service) ?? [])].sort(byAge);
      for (const [index, instance] of members.entries())
        arranged.set(this.#labelOf(service, index, instance), instance);
    }
    return arranged;
  }

  #labelOf(service: string, index: number, { name }: Instance): string {
    const place = `${service}\0${index}`;
    let label = this.#labels.get(place);
    if (label === undefined) {
      const first = this.#labels.get(`${service}\0${0}`);
      const isElsewhere = first === undefined && this.#rank(service) > 1;
      label = labelFor(first === undefined ? name : `${first}_${index + 1}`, this.#taken, place, isElsewhere);
      this.#labels.set(place, label);
      this.#taken.add(label);
    }
    return label;
  }

  /** Where we are, around it, elsewhere. */
  #rank(service: string): number {
    const folder = service.slice(service.indexOf('\0') + 1);
    if (folder === this.#cwd) return 0;
    const isIn = (inner: string, outer: string) => outer !== '' && inner.startsWith(outer.replace(/[/\\]?$/, '/'));
    return isIn(this.#cwd, folder) || isIn(folder, this.#cwd) ? 1 : 2;
  }
}

function groupBy(instances: readonly Instance[]): Map<string, Instance[]> {
  const services = new Map<string, Instance[]>();
  for (const instance of instances) {
    const service = serviceOf(instance);
    services.set(service, [...(services.get(service) ?? []), instance]);
  }
  return services;
}
