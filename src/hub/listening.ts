/** Which resources a host follows. */

import type { Session } from './session.js';

/** As much of a message as is looked at. */
export interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: {
    readonly notifications?: { readonly resourceSubscriptions?: unknown };
    readonly requestId?: unknown;
    readonly _meta?: Readonly<Record<string, unknown>>;
  };
}

/** So many resources are followed for one request. */
const most = 100;

/** A host of 2026 says which resources it follows when it begins to listen; the SDK answers that, and does not tell us. */
export class Listening {
  readonly #session: () => Session | undefined;
  /** By the id of the request: each resource, and whether it can be followed. */
  readonly #streams = new Map<unknown, Map<string, Promise<boolean>>>();

  constructor(session: () => Session | undefined) {
    this.#session = session;
  }

  /** There is a session now: what was asked for before is asked of it. */
  begin(session: Session): void {
    for (const followed of this.#streams.values()) {
      for (const uri of followed.keys()) followed.set(uri, tried(session.follow(uri)));
    }
  }

  hear({ id, method, params }: Message): void {
    const uris = params?.notifications?.resourceSubscriptions;
    if (method === 'subscriptions/listen' && Array.isArray(uris)) this.#follow(id, uris.slice(0, most).map(String));
    if (method === 'notifications/cancelled') this.#unfollow(params?.requestId);
  }

  #follow(id: unknown, uris: readonly string[]): void {
    const session = this.#session();
    const followed = new Map<string, Promise<boolean>>();
    for (const uri of uris)
      followed.set(uri, session === undefined ? Promise.resolve(false) : tried(session.follow(uri)));
    this.#streams.set(id, followed);
  }

  #unfollow(id: unknown): void {
    for (const [uri, isFollowed] of this.#streams.get(id) ?? []) {
      // If its server does not know it any more, there is nothing to end.
      isFollowed.then(async (isSo) => isSo && (await this.#session()?.unfollow(uri))).catch(() => {});
    }
    this.#streams.delete(id);
  }
}

/** One that cannot be followed is one that does not change. */
const tried = (following: Promise<void>): Promise<boolean> =>
  following.then(
    () => true,
    () => false,
  );
