/** What a link needs of the host's session it is part of. */

import type { ClientCapabilities } from '@modelcontextprotocol/client';
import type { Clock } from '../core/clock.js';
import type { Instance } from '../core/instance.js';
import type { Level } from './log-level.js';
import type { Kind } from './offer.js';
import type { Notice } from './outbox.js';

export interface LinkWorld {
  readonly clock: Clock;
  /** What the host can do: an instance is told so, and asks for no more. */
  readonly capabilities: ClientCapabilities;
  /** Whether several hosts stand behind it, which are not to hear of each other. */
  readonly isShared: boolean;
  /** For connecting, and for each list, in ms. */
  readonly timeout: number;
  /** The least severe log messages the host wants, if it said so. */
  level(): Level | undefined;
  /** Whether its process is proved to run still. */
  isAlive(instance: Instance): boolean;
  /** Waits for `act`, but not for long. */
  patiently(act: () => Promise<void>): Promise<void>;
  /** What it offers has changed. */
  changed(kinds: readonly Kind[]): void;
  /** It tells something that belongs to no call: a log message, that a resource has changed. */
  told(label: string, notice: Notice): void;
  /** It asks something that belongs to no call. */
  asked(method: string, params: unknown): Promise<unknown>;
}
