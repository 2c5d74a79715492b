/** Why each entry was chosen or not, in words. */

import type { Explanation } from '../core/explanation.js';
import type { Instance } from '../core/instance.js';
import type { StrategyName } from '../core/pick.js';
import { printable } from '../core/printable.js';
import type { Condition } from '../core/query.js';
import { compareNearness, foldersOf, type Nearness, tellFolders } from '../core/workspace.js';
import type { Probe } from '../process/probe.js';
import type { Choice } from './picker.js';
import type { Sighting } from './sighting.js';
import type { World } from './world.js';

/** One for each entry: the chosen one first, then those that come closest. */
export function explain(choice: Choice, { probe, clock }: World): Explanation[] {
  const sinceOf = (instance: Instance) => successorOf(instance, probe, clock.now());
  const told = choice.sightings.map((sighting) => {
    const { id, verdict, instance } = sighting;
    const isChosen = instance !== undefined && instance === choice.chosen;
    const failures = failuresOf(sighting, choice.conditions, sinceOf);
    const [failed, reason] = isChosen
      ? ([undefined, whyChosen(instance, choice)] as const)
      : (failures[0] ?? whyNotChosen(instance as Instance, choice));
    const explanation: Explanation = { id, verdict, instance, isChosen, failed, reason: printable(reason) };
    return { distance: isChosen ? -1 : failures.length, explanation };
  });
  return told.sort((a, b) => a.distance - b.distance).map(({ explanation }) => explanation);
}

type Failure = readonly [failed: Explanation['failed'], reason: string];

/** Whose the pid of a dead instance is now, if it is another process's. */
function successorOf({ process: { pid, start } }: Instance, probe: Probe, now: number): string | undefined {
  const look = probe.look(pid, start);
  if (look.is !== 'there' || look.start === undefined || look.start === start) return undefined;
  const at = probe.startedAt?.(look.start);
  return at === undefined ? undefined : `pid ${pid} belongs to another process since ${tellTime(at, now)}`;
}

/** The hour, with the day if that is another. */
function tellTime(at: number, now: number): string {
  const date = new Date(at);
  const time = [date.getHours(), date.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':');
  return date.toDateString() === new Date(now).toDateString() ? time : `${time} on ${date.toDateString().slice(4)}`;
}

/** All that keeps it from being an answer. What is not meant at all is told so first, dead or not. */
function failuresOf(
  { verdict, instance, reason }: Sighting,
  conditions: readonly Condition[],
  sinceOf: (instance: Instance) => string | undefined,
): Failure[] {
  if (instance === undefined)
    return [['verdict', `illegible: ${reason}`], ...conditions.map(({ field }) => [field, ''] as const)];
  const failures = conditions
    .filter((condition) => !condition.isMet(instance))
    .map((condition): Failure => [condition.field, condition.tell(instance)]);
  if (verdict === 'alive') return failures;
  const since = verdict === 'dead' ? sinceOf(instance) : undefined;
  const why: Failure = ['verdict', since === undefined ? `${verdict}: ${reason}` : `dead: ${since}`];
  const isMeant = failures[0]?.[0] !== 'id' && failures[0]?.[0] !== 'name';
  return isMeant ? [why, ...failures] : [failures[0] as Failure, why, ...failures.slice(1)];
}

const nouns: Readonly<Partial<Record<StrategyName, string>>> = {
  newest: 'the newest',
  oldest: 'the oldest',
  random: 'by chance',
  'round-robin': 'its turn',
  weighted: 'by chance, by weight',
  'least-connections': 'the fewest leases',
  'least-loaded': 'the least loaded',
};

function whyChosen(instance: Instance, { pin, strategy, state, candidates, cwd }: Choice): string {
  if (pin !== undefined) return `named by ${pin.by}`;
  if (typeof strategy === 'function') return 'chosen by the strategy';
  const among = candidates.length === 1 ? 'the only one' : `${nouns[strategy]} of ${candidates.length}`;
  return strategy === 'nearest' ? `${tellFolders(instance)}: ${tellNearness(state.nearness(instance), cwd)}` : among;
}

function whyNotChosen(instance: Instance, choice: Choice): Failure {
  const { pin, strategy, chosen, state, cwd } = choice;
  if (pin !== undefined) return ['named', `${pin.by} names ${pin.id}${chosen === undefined ? ', which is gone' : ''}`];
  if (strategy === 'nearest') {
    const own = state.nearness(instance);
    const told = `${tellFolders(instance)}: ${tellNearness(own, cwd)}`;
    if (own.relation === 'unrelated' && !state.orAny) return ['unrelated', tellUnrelated(instance, cwd)];
    if (chosen === undefined) return ['strategy', told];
    const isAsNear = compareNearness(own, state.nearness(chosen)) === 0;
    return ['strategy', isAsNear ? `${chosen.id} is as near, and newer` : `${told}; ${chosen.id} is nearer`];
  }
  if (chosen === undefined) return ['strategy', 'the strategy chose none'];
  const { id } = chosen;
  switch (strategy) {
    case 'newest':
      return ['strategy', `${id} is newer`];
    case 'oldest':
      return ['strategy', `${id} is older`];
    case 'weighted':
      return ['strategy', state.weight(instance) === 0 ? 'its weight is 0' : `${id} was chosen by chance, by weight`];
    case 'least-connections':
      return ['strategy', `${id} has ${state.connections(chosen)} leases, this one ${state.connections(instance)}`];
    case 'least-loaded':
      return [
        'strategy',
        `the load of ${id} is ${tellLoad(state.load(chosen))}, of this one ${tellLoad(state.load(instance))}`,
      ];
    case 'random':
      return ['strategy', `${id} was chosen by chance`];
    case 'round-robin':
      return ['strategy', `it is the turn of ${id}`];
    default:
      return ['strategy', `the strategy chose ${id}`];
  }
}

const tellLoad = (load: number | undefined) => (load === undefined ? 'not known' : load.toFixed(2));

function tellNearness({ relation, distance }: Nearness, cwd = ''): string {
  const levels = `${distance} ${distance === 1 ? 'level' : 'levels'}`;
  switch (relation) {
    case 'same':
      return 'the same folder';
    case 'ancestor':
      return `${levels} above ${cwd}`;
    case 'descendant':
      return `${levels} below ${cwd}`;
    case 'repository':
      return `of the same git repository as ${cwd}`;
    case 'unrelated':
      return `has nothing to do with ${cwd}`;
  }
}

function tellUnrelated(instance: Instance, cwd = ''): string {
  const folders = foldersOf(instance);
  if (folders.length === 0) return 'cwd is not given';
  const what = instance.workspaceFolders?.length ? 'folder' : 'cwd';
  return `${folders.map((folder) => `${what} ${folder} is not inside ${cwd}`).join(', ')}, nor around it, nor of the same git repository`;
}
