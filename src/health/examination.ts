/** One round of checks of one instance. */

import type { Clock } from '../core/clock.js';
import type { Registry } from '../registry/registry.js';
import { type Check, type Finding, failureOf, findingOf } from './check.js';
import type { Checkup } from './health.js';
import type { Lanes } from './lanes.js';
import type { Patient } from './patient.js';

/** So much later than due, in ms, a deadline means that we were away: stopped, or our loop blocked. */
const away = 500;

export interface ExaminationWorld {
  readonly registry: Registry;
  readonly lanes: Lanes;
  /** Aborted when nobody wants to know any more. */
  readonly signal: AbortSignal;
}

/**
 * Level by level, as long as nothing fails; all checks of a level at once, each with a deadline of its own.
 *
 * `undefined`: we were away in the middle of it, or it is not wanted any more; that says nothing of the instance.
 */
export async function examine(patient: Patient, world: ExaminationWorld): Promise<Checkup | undefined> {
  const { clock } = world.registry;
  const at = clock.now();
  const { hungBefore } = patient;
  patient.hungBefore = false;
  let took = 0;
  let worst: { outcome: 'warn' | 'fail'; check: string; reason: string } | undefined;
  for (const level of patient.checks) {
    const findings = await Promise.all(level.map((check) => run(check, patient, world, hungBefore)));
    if (findings.includes(undefined) || world.signal.aborted) return undefined;
    took += Math.max(...findings.map((finding) => finding?.took ?? 0));
    for (const [index, finding] of findings.entries()) {
      const check = level[index];
      if (finding === undefined || check === undefined || finding.outcome === 'pass') continue;
      const outcome = finding.outcome === 'fail' && check.failing === 'critical' ? 'fail' : 'warn';
      if (worst !== undefined && (worst.outcome === 'fail' || outcome === 'warn')) continue;
      worst = { outcome, check: check.name, reason: finding.reason ?? '' };
    }
    if (worst?.outcome === 'fail') break;
  }
  return worst === undefined ? { at, outcome: 'pass', took } : { at, took, ...worst };
}

type Timed = Finding & {
  /** In ms, without the wait for a lane. */
  readonly took: number;
};

function run(check: Check, patient: Patient, world: ExaminationWorld, hungBefore: boolean): Promise<Timed | undefined> {
  return world.lanes.run(hungBefore, async () => {
    if (world.signal.aborted) return undefined;
    const { timeout } = patient.schedule;
    const { clock } = world.registry;
    const began = clock.monotonic();
    const late = deadline(clock, timeout, world.signal);
    try {
      const finding = await Promise.race([ask(check, patient, world, late.signal), late.passed]);
      return finding && { ...finding, took: clock.monotonic() - began };
    } finally {
      if (late.isOver && !world.signal.aborted) patient.hungBefore = true;
      late.end();
    }
  });
}

/** Never rejects. After the deadline it does not settle: whatever it says then, its time was up. */
async function ask(
  check: Check,
  patient: Patient,
  { registry }: ExaminationWorld,
  signal: AbortSignal,
): Promise<Finding> {
  let found: Finding;
  try {
    found = findingOf(await check.run(patient.instance, { signal, timeout: patient.schedule.timeout, registry }));
  } catch (error) {
    found = failureOf(error);
  }
  return signal.aborted ? new Promise(() => {}) : found;
}

function deadline(clock: Clock, timeout: number, signal: AbortSignal) {
  const controller = new AbortController();
  const due = clock.monotonic() + timeout;
  let isOver = false;
  let tell: (finding: Finding | undefined) => void = () => {};
  const passed = new Promise<Finding | undefined>((resolve) => {
    tell = resolve;
  });
  const timer = clock.after(timeout, () => {
    isOver = true;
    const wasAway = clock.monotonic() - due > away;
    tell(wasAway ? undefined : { outcome: 'fail', reason: `does not answer within ${timeout} ms` });
    controller.abort(new DOMException('It took too long.', 'TimeoutError'));
  });
  const abort = () => {
    tell(undefined);
    controller.abort(signal.reason);
  };
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    passed,
    get isOver() {
      return isOver;
    },
    end() {
      timer.cancel();
      signal.removeEventListener('abort', abort);
      // What still goes on, a connection above all, is let go of.
      controller.abort();
    },
  };
}
