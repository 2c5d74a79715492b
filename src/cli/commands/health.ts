/** `rollcall health`: how well what runs is. */

import { addressOf } from '../../core/address.js';
import type { Instance } from '../../core/instance.js';
import { printable, printableJson } from '../../core/printable.js';
import type { Query } from '../../core/query.js';
import type { Checkup, Health, HealthStatus } from '../../health/health.js';
import { HealthMonitor } from '../../health/monitor.js';
import type { Registry } from '../../registry/registry.js';
import { formatDuration } from '../duration.js';
import { exitCodes } from '../failure.js';
import { type Cell, table } from '../table.js';
import type { Terminal } from '../terminal.js';

export interface HealthOptions {
  readonly json?: boolean;
  readonly watch?: boolean;
  readonly interval: number;
  readonly timeout: number;
}

const colors = { passing: 'green', warning: 'yellow', critical: 'red', unknown: 'dim' } as const;

const statusAfter = { pass: 'passing', warn: 'warning', fail: 'critical' } as const;

/** One round, and what that says; or, with `watch`, until it is interrupted. Exits with 3 if something is critical. */
export async function health(
  registry: Registry,
  terminal: Terminal,
  query: Query,
  options: HealthOptions,
): Promise<number | undefined> {
  const { interval, timeout, json = false } = options;
  const monitor = new HealthMonitor(registry, { query, interval, timeout });
  monitor.on('error', (error) => terminal.say(error instanceof Error ? error.message : String(error)));
  if (options.watch) return watch(registry, monitor, terminal, query, json);
  const { instances } = await monitor.round();
  // There is but this one round: what it says counts, and no threshold.
  const seen = instances.map((each): Health => ({ ...each, status: statusOf(each.history.at(-1)) }));
  await monitor.close();
  if (json) {
    terminal.json(seen.map(toJson));
  } else if (seen.length === 0) {
    terminal.say(Object.keys(query).length > 0 ? 'Nothing that runs matches.' : 'Nothing is running.');
  } else {
    const all = new Map((await registry.discover(query)).map((instance) => [instance.id, instance]));
    for (const line of healthTable(seen, (id) => all.get(id), terminal)) terminal.line(line);
  }
  return seen.some(({ status }) => status === 'critical') ? exitCodes.critical : undefined;
}

function statusOf(checkup: Checkup | undefined): HealthStatus {
  return checkup === undefined ? 'unknown' : statusAfter[checkup.outcome];
}

/** Instants as the rest of the command line has them. */
function toJson({ since, checkedAt, lastFailure, suspended, history, ...rest }: Health): Record<string, unknown> {
  const iso = (at: number) => new Date(at).toISOString();
  return {
    ...rest,
    since: iso(since),
    ...(checkedAt !== undefined && { checkedAt: iso(checkedAt) }),
    ...(lastFailure !== undefined && { lastFailure: { ...lastFailure, at: iso(lastFailure.at) } }),
    ...(suspended !== undefined && { suspended: { ...suspended, since: iso(suspended.since) } }),
    history: history.map((checkup) => ({ ...checkup, at: iso(checkup.at) })),
  };
}

/** A live table for a person; a line for each transition otherwise, as JSON if asked. */
async function watch(
  registry: Registry,
  monitor: HealthMonitor,
  terminal: Terminal,
  query: Query,
  json: boolean,
): Promise<undefined> {
  if (terminal.isInteractive && !json) {
    const watcher = registry.watch(query);
    // Told by the monitor already.
    watcher.on('error', () => {});
    const draw = () => {
      const { instances } = monitor.report();
      const all = new Map(watcher.instances.map((instance) => [instance.id, instance]));
      terminal.clear();
      for (const line of healthTable(instances, (id) => all.get(id), terminal, Date.now())) terminal.line(line);
      terminal.line();
      terminal.line(terminal.style('dim', `${instances.length} running. Ctrl-C ends this.`));
    };
    watcher.on('ready', draw);
    setInterval(draw, 500);
  }
  for await (const { id, from, to, at, check, reason } of monitor) {
    if (json) terminal.line(printableJson({ at: new Date(at).toISOString(), id, from, to, check, reason }));
    else if (!terminal.isInteractive) terminal.line(printable(`${id} ${from} → ${to}${told(check, reason)}`));
  }
  return undefined;
}

const told = (check: string | undefined, reason: string | undefined) =>
  check === undefined ? '' : ` (${check}: ${reason})`;

/** With `now`, in ms since 1970, also since when each is as it is, and how much of the time it was well. */
function healthTable(
  all: readonly Health[],
  instanceOf: (id: string) => Instance | undefined,
  terminal: Terminal,
  now?: number,
): string[] {
  const titles = ['NAME', 'HEALTH', ...(now === undefined ? [] : ['FOR', 'UPTIME']), 'TIME', 'PID', 'URL', 'REASON'];
  const rows: Cell[][] = [titles.map((text) => ({ text, style: (seen) => terminal.style('dim', seen) }))];
  for (const { id, name, status, since, uptime, history, suspended } of all) {
    const instance = instanceOf(id);
    const { took, check, reason } = history.at(-1) ?? {};
    const why = [
      ...(suspended === undefined ? [] : [`suspended: ${suspended.reason}`]),
      ...(check === undefined ? [] : [`${check}: ${reason}`]),
    ].join('; ');
    const texts = [
      name,
      status,
      ...(now === undefined
        ? []
        : [formatDuration(now - since), uptime === undefined ? '-' : `${uptime.toFixed(0)} %`]),
      took === undefined ? '-' : `${took.toFixed(took < 10 ? 1 : 0)} ms`,
      instance === undefined ? '-' : String(instance.process.pid),
      (instance && addressOf(instance)) ?? '-',
      why,
    ];
    const cells = texts.map((text): Cell => ({ text: printable(text) }));
    cells[1] = { text: status, style: (seen) => terminal.style(colors[status], seen) };
    rows.push(cells);
  }
  return table(rows, terminal.columns);
}
