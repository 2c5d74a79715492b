/** What the compliance suite is given, and what each of its tests gets of it. */

import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { isRollcallError } from '../../core/errors.js';
import { createId } from '../../core/id.js';
import type { ListedEntry, Store } from '../../store/store.js';

/** Two users of the same entries, of which there are none at first. */
export interface StoreArea {
  readonly store: Store;
  /** Another user, as another process would be one; the same object only if `reach` is `process`. */
  readonly other: Store;
  /** Lets `ms` pass by the clock of both. Without it, the tests that need it must be skipped, with a reason. */
  readonly pass?: ((ms: number) => void | Promise<void>) | undefined;
  /** Makes whatever is behind both stores fail from now on. Without it, the test that needs it must be skipped. */
  readonly fail?: (() => void | Promise<void>) | undefined;
  /** Clears up, when both stores have been closed. */
  readonly close?: (() => void | Promise<void>) | undefined;
}

/** What a test of the suite works with. */
export interface Context {
  readonly store: Store;
  readonly other: Store;
  /** Lets `ms` pass. */
  pass(ms: number): Promise<void>;
  /** Lets `ms` pass if that can be done. */
  passIfPossible(ms: number): Promise<void>;
  fail(): Promise<void>;
  /** Resolves as soon as `look` gives true; fails if that does not come. */
  soon(what: string, look: () => boolean | Promise<boolean>): Promise<void>;
  /** A moment of real time in which what must not come would come. */
  quiet(): Promise<void>;
  /** How long the store keeps what nobody touches, in ms, if it does not keep it for ever. */
  readonly lifetime: number;
}

/** The tests of the suite, by name. */
export type Cases = Readonly<Record<string, (context: Context) => Promise<void>>>;

export function contextOf(area: StoreArea, { patience, lifetime }: { patience: number; lifetime: number }): Context {
  const { store, other, pass, fail } = area;
  const missing = (what: string) =>
    new Error(`This test needs ${what} of what \`open\` gives. Give it, or skip the test with a reason.`);
  return {
    store,
    other,
    lifetime,
    async pass(ms) {
      if (pass === undefined) throw missing('`pass(ms)`');
      await pass(ms);
    },
    async passIfPossible(ms) {
      await pass?.(ms);
    },
    async fail() {
      if (fail === undefined) throw missing('`fail()`');
      await fail();
    },
    async soon(what, look) {
      const until = performance.now() + patience;
      while (!(await look())) {
        if (performance.now() > until) assert.fail(`Within ${patience} ms it did not come true that ${what}.`);
        await pause(5);
      }
    },
    quiet: () => pause(patience / 50),
  };
}

/** A new id. */
export const newId = (name = 'weather') => createId(name);

/** Fails unless both are the same entry, as far as the contract tells of it. */
export function assertSame(seen: ListedEntry | undefined, expected: ListedEntry | undefined): void {
  assert.deepEqual(told(seen), told(expected));
}

const told = (entry: ListedEntry | undefined) =>
  entry && [entry.id, entry.body, entry.version, entry.renewedAt, entry.problem];

/** Fails unless the call is refused because its condition does not hold. */
export async function assertConflict(call: Promise<unknown>, id: string): Promise<void> {
  const outcome = await call.then(
    () => 'was done',
    (error: unknown) => error,
  );
  assert.ok(
    isRollcallError(outcome, 'ROLLCALL_CONFLICT'),
    `A call whose condition does not hold must reject with ROLLCALL_CONFLICT; this one ${text(outcome)}.`,
  );
  assert.equal(outcome.details.id, id, 'The conflict must name the id.');
}

const text = (outcome: unknown) => (outcome instanceof Error ? `rejected with: ${outcome.message}` : String(outcome));
