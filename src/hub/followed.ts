/** The resources a host follows, as often as it has said so. */

export class Followed {
  readonly #counts = new Map<string, number>();

  has(uri: string): boolean {
    return this.#counts.has(uri);
  }

  add(uri: string): void {
    this.#counts.set(uri, (this.#counts.get(uri) ?? 0) + 1);
  }

  /** Whether this was the last time. */
  remove(uri: string): boolean {
    const count = this.#counts.get(uri);
    if (count === undefined) return false;
    if (count === 1) return this.#counts.delete(uri);
    this.#counts.set(uri, count - 1);
    return false;
  }
}
