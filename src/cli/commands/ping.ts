/** `rollcall ping`: whether one instance answers, and how quickly. */

import { addressOf } from '../../core/address.js';
import { printable } from '../../core/printable.js';
import type { Checkup } from '../../health/health.js';
import { HealthMonitor } from '../../health/monitor.js';
import type { Registry } from '../../registry/registry.js';
import { Failure } from '../failure.js';
import { find } from '../find.js';
import type { Terminal } from '../terminal.js';

/** Asks it as `rollcall health` does, and prints how long that took. Fails if it does not answer, or not well. */
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
    checkup = await ask(monitor);
    // The first time includes what has to be loaded here.
    if (checkup?.outcome !== 'fail') checkup = await ask(monitor);
  } finally {
    await monitor.close();
  }
  if (checkup === undefined) throw new Failure(`${id} has gone in this moment.`);
  if (json) terminal.json({ id, ...checkup, at: new Date(checkup.at).toISOString() });
  if (checkup.outcome === 'fail') {
    throw new Failure(`${id} (pid ${instance.process.pid}) is not well: ${checkup.check}: ${checkup.reason}.`);
  }
  if (json) return undefined;
  const where = addressOf(instance);
  const warning = checkup.outcome === 'warn' ? `, with a warning: ${checkup.check}: ${checkup.reason}` : '';
  const at = where === undefined ? '' : ` at ${where}`;
  terminal.line(
    printable(`${id} (pid ${instance.process.pid}) answers in ${checkup.took.toFixed(1)} ms${at}${warning}`),
  );
  return undefined;
}

async function ask(monitor: HealthMonitor): Promise<Checkup | undefined> {
  const { instances } = await monitor.round();
  return instances[0]?.history.at(-1);
}
