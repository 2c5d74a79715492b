/** The public surface of "rollcall/mcp". Every export added here is public API: test/pins.test.ts lists them. */

/// <reference lib="esnext.disposable" preserve="true" />

export {
  type AnnouncedEntry,
  Announcement,
  type AnnounceOptions,
  Announcing,
  announce,
  type Listener,
} from './announce.js';
export { type AnnounceStdioOptions, announceStdio, StdioAnnouncement } from './announce-stdio.js';
export { Guard, type GuardOptions, type Refusal } from './guard.js';
