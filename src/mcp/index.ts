/** The public surface of "rollcall/mcp". Every export added here is public API: test/pins.test.ts lists them. */

/// <reference lib="esnext.disposable" preserve="true" />

export {
  Announcement,
  type AnnounceOptions,
  Announcing,
  announce,
  type Listener,
  type StdioTransport,
} from './announce.js';
export { type AnnounceStdioOptions, announceStdio, StdioAnnouncement } from './announce-stdio.js';
export type { AnnouncedEntry } from './announced-entry.js';
export { type ConnectOptions, connect } from './connect.js';
export { Connection, type ConnectionEvents } from './connection.js';
export { Guard, type GuardOptions, type Refusal } from './guard.js';
export { type Answer, type ProbeOptions, probe } from './probe.js';
