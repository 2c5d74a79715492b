/** What is told on the channels, to a test. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { onTestFinished } from 'vitest';
import type { Messages } from '../../src/index.js';
import { channels } from '../../src/process/channels.js';

type Name = keyof Messages;
export type Told = { [Each in Name]: { readonly channel: Each } & Messages[Each] }[Name];

export const names = Object.values(channels).map(({ name }) => name as Name);

/** Listens to these channels, or to all, until the test ends. What they tell is added to the list. */
export function listen(...only: Name[]): Told[] {
  const told: Told[] = [];
  for (const channel of only.length > 0 ? only : names) {
    const hear = (message: unknown) => void told.push({ channel, ...(message as object) } as Told);
    subscribe(channel, hear);
    onTestFinished(() => void unsubscribe(channel, hear));
  }
  return told;
}
