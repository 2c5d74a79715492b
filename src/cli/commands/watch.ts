/** `rollcall watch`. */

import { addressOf } from '../../core/address.js';
import type { Instance } from '../../core/instance.js';
import { printable, printableJson } from '../../core/printable.js';
import type { Query } from '../../core/query.js';
import type { Registry } from '../../registry/registry.js';
import type { Sighting } from '../../registry/sighting.js';
import { formatDuration } from '../duration.js';
import type { Terminal } from '../terminal.js';
import { instanceTable } from '../view.js';

/** A live table for a person; a line for each change otherwise, as JSON if asked. Runs until it is interrupted. */
export async function watch(
  registry: Registry,
  terminal: Terminal,
  query: Query,
  { json = false }: { json?: boolean },
): Promise<undefined> {
  const watcher = registry.watch(query);
  watcher.on('error', (error) => terminal.say(error instanceof Error ? error.message : String(error)));
  if (terminal.isInteractive && !json) {
    const draw = () => {
      terminal.clear();
      for (const line of instanceTable(watcher.instances.map(toSighting), terminal)) terminal.line(line);
      terminal.line();
      const { stale, age } = watcher.staleness;
      const known = stale ? `running ${formatDuration(age)} ago: the registry cannot be read` : 'running';
      terminal.line(terminal.style('dim', `${watcher.instances.length} ${known}. Ctrl-C ends this.`));
    };
    // Changes come in bursts, and every drawing costs a line for each instance: a burst is drawn once.
    let isDue = false;
    const drawSoon = () => {
      if (isDue || !watcher.isReady) return;
      isDue = true;
      setTimeout(() => {
        isDue = false;
        draw();
      }, 20);
    };
    watcher.on('ready', draw);
    // Uptimes move on without an event.
    setInterval(draw, 1_000);
    for await (const _ of watcher) drawSoon();
    return undefined;
  }
  for await (const { type, instance, reason } of watcher) {
    if (json) {
      // One line for each, whoever is looking: that is what NDJSON is.
      terminal.line(printableJson({ type, ...(reason !== undefined && { reason }), instance }));
    } else {
      const why = reason === undefined ? '' : ` (${reason})`;
      terminal.line(printable(`${type.padEnd(6)} ${instance.id} ${addressOf(instance) ?? ''}${why}`.trimEnd()));
    }
  }
  return undefined;
}

function toSighting(instance: Instance): Sighting {
  return { id: instance.id, verdict: 'alive', reason: '', instance, renewedAt: 0, version: '' };
}
