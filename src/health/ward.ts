/** All instances under watch, each checked on a schedule of its own. */

import { setMaxListeners } from 'node:events';
import { callable, fields, oneOf, pass, text } from '../core/checks.js';
import { invalid } from '../core/errors.js';
import type { Instance } from '../core/instance.js';
import { printable } from '../core/printable.js';
import { channels } from '../process/channels.js';
import type { Registry } from '../registry/registry.js';
import { type Check, type CheckFunction, levels, type Placing } from './check.js';
import { Doubt } from './doubt.js';
import { examine } from './examination.js';
import type { Checkup, Suspension } from './health.js';
import { byLevel, type CheckRequest, checkFor, checkNames, usualChecks } from './known-checks.js';
import { Lanes } from './lanes.js';
import { Patient } from './patient.js';
import type { Transition } from './transition.js';
import { checksWished, type Limits, type Schedule, scheduleFor } from './wishes.js';

/** The first round of an instance is this part of an interval away at most: not all at the same moment, and soon. */
const firstWithin = 1 / 20;

/** An interval is so much shorter or longer each time. */
const jitter = 1 / 10;

const placing = fields({ level: oneOf(levels), failing: oneOf(['warning', 'critical']) });

export interface WardOptions {
  readonly usual: Schedule;
  readonly limits: Limits;
  /** Instead of what entries wish for. */
  readonly requests: readonly CheckRequest[] | undefined;
}

export interface WardEvents {
  checked(instance: Instance, checkup: Checkup): void;
  transition(transition: Transition): void;
  doubt(event: { readonly failing: number; readonly of: number }): void;
}

export class Ward {
  readonly #registry: Registry;
  readonly #options: WardOptions;
  readonly #events: WardEvents;
  /** Checks beside those that come with rollcall, by name. */
  readonly #own = new Map<string, Check>();
  readonly #patients = new Map<string, Patient>();
  /** By id, apart from the patients: an entry may vanish for a moment, and be put back. */
  readonly #suspended = new Map<string, Suspension>();
  readonly #lanes: Lanes;
  readonly #doubt: Doubt;
  readonly #closing = new AbortController();

  constructor(registry: Registry, options: WardOptions, events: WardEvents) {
    this.#registry = registry;
    this.#options = options;
    this.#events = events;
    this.#lanes = new Lanes(registry.clock);
    this.#doubt = new Doubt(registry.clock);
    // Each check under way hears of it.
    setMaxListeners(0, this.#closing.signal);
  }

  get patients(): ReadonlyMap<string, Patient> {
    return this.#patients;
  }

  admit(instance: Instance): void {
    if (this.#closing.signal.aborted) return;
    const { usual, limits } = this.#options;
    const schedule = scheduleFor(instance, usual, limits);
    const patient = new Patient(this.#registry.clock, instance, schedule, this.#checksOf(instance));
    patient.suspended = this.#suspended.get(instance.id);
    this.#patients.set(instance.id, patient);
    this.#plan(patient, Math.random() * schedule.interval * firstWithin);
  }

  /** Its entry says something else now. */
  readmit(instance: Instance): void {
    const patient = this.#patients.get(instance.id);
    if (patient === undefined) return;
    const { usual, limits } = this.#options;
    patient.instance = instance;
    patient.schedule = scheduleFor(instance, usual, limits);
    patient.checks = this.#checksOf(instance);
  }

  /** It is gone; if it has died, for good. */
  dismiss(id: string, hasDied: boolean): void {
    this.#patients.get(id)?.timer?.cancel();
    this.#patients.delete(id);
    if (hasDied) this.#suspended.delete(id);
  }

  /** `undefined`: not any more. `false`: it is not watched. */
  suspend(id: string, suspended: Suspension | undefined): boolean {
    const patient = this.#patients.get(id);
    if (patient === undefined) return false;
    patient.suspended = suspended;
    if (suspended === undefined) this.#suspended.delete(id);
    else this.#suspended.set(id, suspended);
    return true;
  }

  /** Adds a check of the caller's own for all. @throws ROLLCALL_INVALID */
  prescribe(name: string, run: CheckFunction, options: Placing): () => void {
    pass(text, name, 'The check', 'name');
    pass(callable, run, 'The check', 'run');
    pass(placing, options, 'The options of the check');
    if (this.#own.has(name) || (checkNames as string[]).includes(name)) {
      throw invalid('The check', [{ path: 'name', message: `${printable(name)} is the name of another check` }]);
    }
    const { level = 'dependencies', failing = 'critical' } = options;
    const check: Check = { name, level, failing, run: (instance, { signal }) => run(instance, { signal }) };
    this.#own.set(name, check);
    this.#updateChecks();
    return () => {
      // The name may be another's by now.
      if (this.#own.get(name) === check) this.#own.delete(name);
      this.#updateChecks();
    };
  }

  /** A round of all, now; each resolves with the one that is under way, if there is one. */
  async round(): Promise<void> {
    await Promise.all([...this.#patients.values()].map((patient) => this.#examine(patient)));
  }

  close(): void {
    this.#closing.abort();
    for (const { timer } of this.#patients.values()) timer?.cancel();
  }

  #updateChecks(): void {
    for (const patient of this.#patients.values()) patient.checks = this.#checksOf(patient.instance);
  }

  #checksOf(instance: Instance): readonly (readonly Check[])[] {
    const requests = this.#options.requests ?? checksWished(instance) ?? usualChecks(instance);
    return byLevel([...requests.map(checkFor), ...this.#own.values()]);
  }

  #plan(patient: Patient, delay: number): void {
    patient.timer?.cancel();
    patient.timer = this.#registry.clock.after(delay, () => void this.#examine(patient));
  }

  #examine(patient: Patient): Promise<void> {
    patient.timer?.cancel();
    patient.running ??= this.#once(patient).finally(() => {
      patient.running = undefined;
    });
    return patient.running;
  }

  async #once(patient: Patient): Promise<void> {
    const { clock } = this.#registry;
    const began = clock.monotonic();
    const { signal } = this.#closing;
    const checkup = await examine(patient, { registry: this.#registry, lanes: this.#lanes, signal });
    if (signal.aborted || this.#patients.get(patient.instance.id) !== patient) return;
    if (checkup !== undefined) this.#record(patient, checkup);
    // A listener may have closed us.
    if (signal.aborted) return;
    const interval = patient.schedule.interval * (1 - jitter + 2 * jitter * Math.random());
    this.#plan(patient, Math.max(0, interval - (clock.monotonic() - began)));
  }

  #record(patient: Patient, checkup: Checkup): void {
    const { instance, status: from } = patient;
    const { clock } = this.#registry;
    if (checkup.outcome === 'fail') patient.failingSince ??= clock.monotonic();
    let standing = patient.after(checkup);
    if (standing.status === 'critical' && from !== 'critical') {
      const doubt = this.#doubt.about(patient, this.#patients.values());
      if (doubt !== undefined) standing = { ...standing, status: from };
      if (doubt?.isNew === true) this.#events.doubt({ failing: doubt.failing, of: doubt.of });
    }
    patient.record(checkup, standing);
    this.#events.checked(instance, checkup);
    const to = standing.status;
    if (to === from) return;
    const { check, reason } = checkup;
    const { id, name } = instance;
    const at = clock.now();
    if (channels.health.hasSubscribers) channels.health.publish({ at, id, name, from, to, reason });
    this.#events.transition({ id, instance, from, to, at, check, reason });
  }
}
