// @ts-check
/** The code under test: a client that stays with one server, and finds another when that one is gone. */

import { urlOf } from 'rollcall';

export class WeatherClient {
  /** @type {import('rollcall').Instance | undefined} */
  #current;
  #watcher;

  /** @param {import('rollcall').Registry} registry */
  constructor(registry) {
    this.#watcher = registry.watch({ name: 'weather', status: 'ready' });
    this.#watcher.on('add', () => this.#choose());
    this.#watcher.on('change', () => this.#choose());
    this.#watcher.on('remove', () => this.#choose());
    /** Resolves when it knows which servers there are. */
    this.ready = new Promise((resolve) => this.#watcher.on('ready', resolve));
  }

  /** Where the server is that it talks to; `undefined` while there is none. */
  get url() {
    return this.#current && urlOf(this.#current);
  }

  close() {
    return this.#watcher.close();
  }

  #choose() {
    const candidates = this.#watcher.instances;
    this.#current = candidates.find(({ id }) => id === this.#current?.id) ?? candidates[0];
  }
}
