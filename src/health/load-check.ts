/** Whether the process of an instance uses more than it should. */

import type { Instance } from '../core/instance.js';
import { isBeside } from '../core/verdict.js';
import { readUsage } from '../process/usage.js';
import type { CheckContext, Finding, Placing } from './check.js';

export interface LoadCheck extends Placing {
  readonly check: 'load';
  /** The most it may use of one core, in percent: four busy threads are 400. */
  readonly cpu?: number | undefined;
  /** The most resident memory it may have, in bytes. */
  readonly memory?: number | undefined;
}

/** By pidusage. Of a process that cannot be looked at from here (another machine or container) nothing is said. */
export async function checkLoad(
  { cpu, memory }: Omit<LoadCheck, 'check'>,
  { process }: Instance,
  { registry }: CheckContext,
): Promise<Finding> {
  if (registry.probe.isSimulated === true || !isBeside(process, registry.probe.observer)) return { outcome: 'pass' };
  const usage = await readUsage(process.pid, span);
  if (usage === undefined) return { outcome: 'pass' };
  const over = [
    cpu !== undefined && usage.cpu > cpu && `uses ${Math.round(usage.cpu)} % of a core, more than ${cpu} %`,
    memory !== undefined && usage.memory > memory && `has ${inMiB(usage.memory)} of memory, more than ${inMiB(memory)}`,
  ].filter((reason) => typeof reason === 'string');
  return over.length === 0 ? { outcome: 'pass' } : { outcome: 'fail', reason: over.join('; ') };
}

/** Between two measurements, in ms: from one to the next is what is told, and the first is of its whole life. */
const span = 60_000;

const inMiB = (bytes: number) => `${Math.round(bytes / 1_048_576)} MiB`;
