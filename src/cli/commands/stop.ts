/** `rollcall stop`: ends an instance, and never another process. */

import { printable } from '../../core/printable.js';
import { prove } from '../../core/verdict.js';
import { endProcess } from '../../registry/end-process.js';
import type { Registry } from '../../registry/registry.js';
import { Failure } from '../failure.js';
import { find } from '../find.js';
import type { Terminal } from '../terminal.js';

/** See `endProcess`. */
export async function stop(
  registry: Registry,
  terminal: Terminal,
  word: string,
  { grace }: { grace: number },
): Promise<undefined> {
  const { instance, id, verdict, reason } = await find(registry, word, terminal, { isOnly: true });
  if (instance === undefined) throw new Failure(`${id} is ${verdict}: ${reason}.`);
  const { name } = instance;
  // The beginning of an id is enough if it is one: `api` is not to end `api-gateway`.
  if (word !== name && word.length <= name.length + 1) {
    throw new Failure(`No live instance is named ${word}. ${id} begins alike; name it by its id, or more of it.`);
  }
  const { pid } = instance.process;
  const ended = await endProcess(registry, instance, grace);
  if (ended === 'before') {
    const { probe } = registry;
    const look = prove(instance.process, probe.observer, (at, start) => probe.look(at, start));
    terminal.say(printable(`${id} had ended already: ${look.reason}.`));
  } else if (ended === 'SIGTERM') {
    terminal.say(`${id} (pid ${pid}) has ended.`);
  } else {
    terminal.say(`${id} (pid ${pid}) did not end by SIGTERM within ${grace / 1000} s, and was killed.`);
  }
  // So that whoever looks at the folder next need not find that out again.
  await registry.reap();
  return undefined;
}
