/** What a watching program has told, and when: each can be waited for. */

/** Beyond that it is lost and not late, in ms. */
const patience = 10_000;

/** @typedef {{ id: string, type: string, at: string, reason?: string }} Sighting */

export class Sightings {
  /** @type {Map<string, Sighting>} */
  #seen = new Map();
  #hear = () => {};

  /** @param {import('./program.js').Program} watcher */
  constructor(watcher) {
    watcher.hear((/** @type {Sighting} */ sighting) => {
      this.#seen.set(`${sighting.type} ${sighting.id}`, sighting);
      this.#hear();
    });
  }

  /**
   * Resolves with it, also if it was told before, or with nothing if it is lost. To be waited for one at a time.
   *
   * @param {string} id
   * @param {string} type
   * @returns {Promise<Sighting | undefined>}
   */
  async of(id, type) {
    const key = `${type} ${id}`;
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), patience);
      this.#hear = () => {
        const sighting = this.#seen.get(key);
        if (sighting === undefined) return;
        this.#seen.delete(key);
        clearTimeout(timer);
        resolve(sighting);
      };
      this.#hear();
    });
  }

  /** How long after `began` it was told, in ms; infinite if it is lost. @param {string} id @param {string} type @param {string} began */
  async since(id, type, began) {
    const sighting = await this.of(id, type);
    return sighting === undefined ? Number.POSITIVE_INFINITY : Number(BigInt(sighting.at) - BigInt(began)) / 1e6;
  }
}
