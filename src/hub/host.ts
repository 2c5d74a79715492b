/** The host: what it says of itself, and how it is spoken to. */

import type { ClientCapabilities } from '@modelcontextprotocol/client';
import type { Kind } from './offer.js';
import type { Notice } from './outbox.js';

export interface About {
  readonly capabilities: ClientCapabilities;
  /** Speaks the protocol of 2026. */
  readonly isModern: boolean;
  /** Several that say the same share one session. */
  readonly isShared?: boolean;
}

/** How the host is told, and asked, of what belongs to none of its calls. */
export interface Voice {
  changed(kind: Kind): void;
  tell(notice: Notice): void;
  ask(method: string, params: unknown): Promise<unknown>;
}
