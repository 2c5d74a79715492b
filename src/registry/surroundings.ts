/** How near instances are to a folder: their folders, as the file system has them now. */

import type { Instance } from '../core/instance.js';
import { isBeside } from '../core/verdict.js';
import { type Folder, foldersOf, type Nearness, nearestOf, unrelated } from '../core/workspace.js';
import type { World } from './world.js';

/** How long what was found of a folder is believed, in ms: links and repositories are seldom moved. */
const lasts = 2_000;

/** How many folders are remembered. */
const most = 1_000;

export class Surroundings {
  readonly #world: World;
  readonly #known = new Map<string, { readonly folder: Promise<Folder>; readonly until: number }>();

  constructor(world: World) {
    this.#world = world;
  }

  /** How near each of them is to `folder`. */
  async nearness(instances: readonly Instance[], folder: string): Promise<(instance: Instance) => Nearness> {
    const asker = await this.#folderOf(folder);
    const found = await Promise.all(
      instances.map(async (instance) => {
        // Of another machine or container a path may be there as well as here, and leads elsewhere.
        const isHere = isBeside(instance.process, this.#world.probe.observer);
        const folders = foldersOf(instance).map((each) => (isHere ? this.#folderOf(each) : { paths: [each] }));
        return [instance.id, nearestOf(await Promise.all(folders), asker)] as const;
      }),
    );
    const byId = new Map(found);
    return ({ id }) => byId.get(id) ?? unrelated;
  }

  #folderOf(folder: string): Promise<Folder> {
    const { probe, clock } = this.#world;
    const now = clock.monotonic();
    const known = this.#known.get(folder);
    if (known !== undefined && now < known.until) return known.folder;
    const found = probe.folder?.(folder) ?? Promise.resolve({ paths: [folder] });
    this.#known.delete(folder);
    this.#known.set(folder, { folder: found, until: now + lasts });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= most) break;
      this.#known.delete(oldest);
    }
    return found;
  }
}
