/** Where rollcall tells whoever listens: channels of node:diagnostics_channel. They cost nothing unless someone does. */

import type { Channel } from 'node:diagnostics_channel';
import { diagnostics } from './builtins.js';
import type { Messages } from './messages.js';

const named = <Name extends keyof Messages>(name: Name) =>
  diagnostics.channel(name) as Channel<Messages[Name], Messages[Name]>;

/** Whoever tells asks `hasSubscribers` before he makes a message. Held here, since Node holds them weakly. */
export const channels = {
  register: named('rollcall:register'),
  deregister: named('rollcall:deregister'),
  discover: named('rollcall:discover'),
  verdict: named('rollcall:verdict'),
  reap: named('rollcall:reap'),
  health: named('rollcall:health'),
  route: named('rollcall:route'),
} as const;
