/** `rollcall ping`: whether one instance answers, and how quickly. */

import { addressOf } from '../../core/address.js';
import { printable } from '../../core/printable.js';
import type { Checkup } from '../../health/health.js';
import { usualChecks } from '../../health/known-checks.js';
import { HealthMonitor } from '../../health/monitor.js';
import { checksWished } from '../../health/wishes.js';
import type { Registry } from '../../registry/registry.js';
import { Failure } from '../failure.js';
import { find } from '../find.js';
import type { Terminal } from '../terminal.js';

/** Asks it as `rollcall health` does, twice, and prints how long the second time took. Fails if it does not answer, or not well. */
export async function ping(
  registry: Registry,
  terminal: Terminal,
  word: string,
  { timeout, json = false }: { timeout: number; json?: boolean },
): Promise<number | undefined> {
  const { id, instance, verdict, reason } = await find(registry, word, terminal);
  if (instance === undefined || verdict !== 'alive') throw new Failure(`${id} is ${verdict}: ${reason}.`);
  const monitor = new HealthMonitor(registry, { query: { id }, timeout });
  let checkup: Checkup | undefined;
  try {
    // The first time is spent on loading what is needed here.
    await monitor.round();
    const { instances } = await monitor.round();
    checkup = instances[0]?.history.at(-1);
  } finally {
    await monitor.close();
  }
  if (checkup === undefined) throw new Failure(`${id} has gone in this moment.`);
  if (json) terminal.json({ id, ...checkup, at: new Date(checkup.at).toISOString() });
  if (checkup.outcome === 'fail') {
    throw new Failure(`${id} (pid ${instance.process.pid}) is not well: ${checkup.check}: ${checkup.reason}.`);
  }
  if (json) return undefined;
  if ((checksWished(instance) ?? usualChecks(instance)).every((check) => check === 'process')) {
    terminal.line(`${id} (pid ${instance.process.pid}) is running; there is nothing of it that could be asked`);
    return undefined;
  }
  const where = addressOf(instance);
  const warning = checkup.outcome === 'warn' ? `, with a warning: ${checkup.check}: ${checkup.reason}` : '';
  const at = where === undefined ? '' : ` at ${where}`;
  terminal.line(
    printable(`${id} (pid ${instance.process.pid}) answers in ${checkup.took.toFixed(1)} ms${at}${warning}`),
  );
  return undefined;
}
