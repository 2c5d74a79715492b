/** What stays when an instance is replaced: its service, and where in it it stands. */

import type { Instance } from '../core/instance.js';
import { wayTo } from './way.js';

/** Instances of one service share a name and the folder they work in: one that comes when another goes is its successor. */
export const serviceOf = ({ name, cwd = '' }: Pick<Instance, 'name' | 'cwd'>): string => `${name}\0${cwd}`;

export const isSameService = (a: Instance, b: Instance): boolean => serviceOf(a) === serviceOf(b);

/** Whether both are reached in the same way, with the same headers. */
export function isSamePlace(a: Instance, b: Instance): boolean {
  const [one, other] = [wayTo(a), wayTo(b)];
  return (
    one?.type === other?.type &&
    one?.url.href === other?.url.href &&
    one?.socketPath === other?.socketPath &&
    JSON.stringify(one?.headers) === JSON.stringify(other?.headers)
  );
}
