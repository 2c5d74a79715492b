/** Which resources the results of tools have named, and whose they are: a host asks for them by that name. */

import type { Link } from './link.js';

/** So many are remembered, the latest. */
const most = 1_000;

export class Mentions {
  readonly #byUri = new Map<string, Link>();

  get byUri(): ReadonlyMap<string, Link> {
    return this.#byUri;
  }

  note(link: Link, { content }: { readonly content?: unknown }): void {
    if (!Array.isArray(content)) return;
    for (const { uri, resource } of content as { uri?: unknown; resource?: { uri?: unknown } }[]) {
      const named = uri ?? resource?.uri;
      if (typeof named !== 'string') continue;
      this.#byUri.delete(named);
      this.#byUri.set(named, link);
      const [oldest] = this.#byUri.keys();
      if (this.#byUri.size > most && oldest !== undefined) this.#byUri.delete(oldest);
    }
  }
}
