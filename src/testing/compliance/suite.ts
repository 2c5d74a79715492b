/** The compliance suite: what every store must do, whatever it keeps its entries in. */

import type { StoreTraits } from '../../store/store.js';
import { type Cases, contextOf, type StoreArea } from './area.js';
import { conditions } from './conditions.js';
import { entries } from './entries.js';
import type { OptionalMethod } from './optional.js';
import { races } from './races.js';
import { traitCases } from './traits.js';

/** The `test` of vitest, node:test or jest. */
export interface RunnerTest {
  (name: string, run: () => Promise<void>): unknown;
  skip(name: string, run: () => Promise<void>): unknown;
}

export interface StoreTestOptions {
  /** What the names of the tests begin with: `MyStore`. */
  readonly name: string;
  /** Your runner's own. */
  readonly test: RunnerTest;
  /** Opens two stores on one new, empty area. Called once for each test; the suite closes them. */
  readonly open: () => StoreArea | Promise<StoreArea>;
  /** What the store says of itself. It must say the same, and is held to it. */
  readonly traits: StoreTraits;
  /** Which of the optional methods it has. Those that are not named must be missing. */
  readonly methods: readonly OptionalMethod[];
  /** How long it keeps an entry that nobody touches, in ms. Needed if `traits.expiry`. */
  readonly lifetime?: number | undefined;
  /** Tests that cannot be run, by name, each with the reason. */
  readonly skip?: Readonly<Record<string, string>> | undefined;
  /** How long to wait for what must come soon, such as a hint, in ms of real time; 5,000 unless given. */
  readonly patience?: number | undefined;
}

/**
 * Holds a store of your own to the contract of `Store`, with thirty to forty tests in the runner you have.
 *
 * ```ts
 * import { test } from 'vitest'; // or node:test, or jest
 * import { testStore } from 'rollcall/testing';
 *
 * testStore({
 *   name: 'MyStore',
 *   test,
 *   open: async () => {
 *     const [clock, area] = [new FakeClock(), newArea()];
 *     const [store, other] = [new MyStore(area, { clock }), new MyStore(area, { clock })];
 *     return { store, other, pass: (ms) => clock.stop(ms), fail: () => area.disconnect(), close: () => area.remove() };
 *   },
 *   traits: { reach: 'network', expiry: false, hints: false },
 *   methods: ['deleteNow'],
 * });
 * ```
 *
 * What the store declares is tried, and of what it does not declare the opposite: one without `expiry` must keep
 * what nobody touches, one without `hints` must not tell of what others do. A test that cannot be run is named in
 * `skip` with the reason, which shows in its name. Not tried is what needs another process or machine: that the
 * reach is as far as declared, and that a crash in the midst of a `put` leaves nothing torn.
 *
 * @throws Error if a skip has no reason or names no test, or the declaration contradicts itself.
 */
export function testStore(options: StoreTestOptions): void {
  const { name, test, open, traits, methods, lifetime = 0, skip = {}, patience = 5_000 } = options;
  if (traits.hints && !methods.includes('watch')) throw new Error(`${name} declares hints, and no method watch.`);
  if (methods.includes('hold') !== methods.includes('follow')) {
    throw new Error(`${name} declares one of the methods hold and follow without the other.`);
  }
  if (traits.expiry && !(lifetime > 0)) throw new Error(`${name} declares expiry: say its lifetime, in ms.`);
  const cases: Cases = { ...entries, ...conditions, ...races, ...traitCases({ traits, methods }) };
  for (const [skipped, reason] of Object.entries(skip)) {
    if (cases[skipped] === undefined) throw new Error(unknownSkip(name, skipped, cases));
    if (typeof reason !== 'string' || reason.trim() === '') throw new Error(`Say why "${skipped}" is skipped.`);
  }
  for (const [title, run] of Object.entries(cases)) {
    const held = async () => {
      const area = await open();
      try {
        await run(contextOf(area, { patience, lifetime }));
      } finally {
        await area.store.close();
        await area.other.close();
        await area.close?.();
      }
    };
    const reason = skip[title];
    if (reason === undefined) test(`${name}: ${title}`, held);
    else test.skip(`${name}: ${title} (skipped: ${reason})`, held);
  }
}

function unknownSkip(name: string, skipped: string, cases: Cases): string {
  return `${name} has no test "${skipped}" to skip. There are:\n  ${Object.keys(cases).join('\n  ')}`;
}
