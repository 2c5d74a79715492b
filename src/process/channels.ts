/** What rollcall tells to whoever listens: channels of node:diagnostics_channel. They cost nothing unless someone does. */

import { type Channel, channel } from 'node:diagnostics_channel';

/** Instants (`at`) are in ms since 1970, durations (`took`) in ms. Nothing in here is secret. */
export interface Messages {
  /** An instance has been registered; its entry can be seen by all. */
  'rollcall:register': { at: number; id: string; name: string; pid: number };
  /** It has been taken back by its owner. */
  'rollcall:deregister': { at: number; id: string; name: string };
  /** A `discover` or `pick` has been answered. */
  'rollcall:discover': { at: number; took: number; query: object; found: number };
  /** The verdict on an entry is another than at the last look, or it is the first. */
  'rollcall:verdict': {
    at: number;
    id: string;
    name: string | undefined;
    verdict: string;
    previous: string | undefined;
    reason: string;
  };
  /** A dead entry has been removed. */
  'rollcall:reap': { at: number; id: string; name: string | undefined; reason: string };
  /** A monitor has come to another status. */
  'rollcall:health': { at: number; id: string; name: string; from: string; to: string; reason: string | undefined };
  /** One attempt of a call through a router has ended. */
  'rollcall:route': {
    at: number;
    took: number;
    query: object;
    id: string;
    name: string;
    /** From 1. */
    attempt: number;
    outcome: 'answered' | 'failed';
    reason: string | undefined;
  };
}

const named = <Name extends keyof Messages>(name: Name) => channel(name) as Channel<Messages[Name], Messages[Name]>;

export const channels = {
  register: named('rollcall:register'),
  deregister: named('rollcall:deregister'),
  discover: named('rollcall:discover'),
  verdict: named('rollcall:verdict'),
  reap: named('rollcall:reap'),
  health: named('rollcall:health'),
  route: named('rollcall:route'),
} as const;
