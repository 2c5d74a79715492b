/** What is told to a host: in order, and only so much as it can take. */

/** What is told without an answer. */
export interface Notice {
  readonly method: string;
  readonly params: Record<string, unknown>;
}

/** So many wait for a host that does not read. Beyond, the latest progress takes the place of the last, and the rest is left out. */
const most = 200;

export class Outbox {
  readonly #send: (notice: Notice) => Promise<void>;
  readonly #waiting: Notice[] = [];
  #sending = Promise.resolve();
  #isSending = false;

  constructor(send: (notice: Notice) => Promise<void>) {
    this.#send = send;
  }

  /** Resolves when all that was pushed has been told. */
  get empty(): Promise<void> {
    return this.#sending;
  }

  push(notice: Notice): void {
    const { length } = this.#waiting;
    const { method } = notice;
    // That a list has changed is said once, and never left out.
    const isNews = method.endsWith('/list_changed') && !this.#waiting.some((each) => each.method === method);
    if (length < most || isNews) this.#waiting.push(notice);
    else if (method === 'notifications/progress') {
      const last = this.#waiting.findLastIndex((each) => each.method === method);
      this.#waiting[last === -1 ? length - 1 : last] = notice;
    }
    if (!this.#isSending) this.#sending = this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    for (let notice = this.#waiting.shift(); notice !== undefined; notice = this.#waiting.shift()) {
      // A host that is gone is told nothing.
      await this.#send(notice).catch(() => {});
    }
    this.#isSending = false;
  }
}
