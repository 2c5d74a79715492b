/** One thing after the other. */

/**
 * Runs acts in the order they were added, each when the one before has ended, well or badly. Whatever happens to
 * one registration passes one of these: deregistering while a write was in flight brought the entry back otherwise.
 */
export class Queue {
  #last: Promise<unknown> = Promise.resolve();

  add<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#last.then(act);
    this.#last = result.catch(() => {
      // Its caller has the error; the next in line does not care.
    });
    return result;
  }
}
