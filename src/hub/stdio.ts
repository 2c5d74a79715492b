/** The hub over stdin and stdout, for the one host that has started it. */

import type { Server } from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { frontOf, voiceOf } from './front.js';
import type { Hub } from './hub.js';
import { Listening, type Message } from './listening.js';
import { Session } from './session.js';

/** Resolves when the host has closed its end. */
export function serveHost(hub: Hub, version: string, report: (error: unknown) => void): Promise<void> {
  let server: Server | undefined;
  let session: Session | undefined;
  const voice = voiceOf(() => server);
  const listening = new Listening(() => session);
  const transport = new StdioServerTransport();
  const ended = new Promise<void>((resolve) => {
    // A host that only asks which protocol is spoken gets a server of its own for that; what it sees is one session.
    serveStdio(
      () => {
        server = frontOf(version, (about) => {
          if (session === undefined) {
            session = new Session(hub, about, voice);
            listening.begin(session);
          }
          return session;
        });
        return server;
      },
      { transport, onerror: report },
    );
    const { onclose, onmessage } = transport;
    transport.onclose = () => {
      onclose?.();
      resolve();
    };
    transport.onmessage = (message) => {
      listening.hear(message as Message);
      onmessage?.(message);
    };
  });
  return ended;
}
