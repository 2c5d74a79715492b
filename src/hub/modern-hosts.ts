/** Hosts over HTTP that speak the protocol of 2026. */

import type { ClientCapabilities } from '@modelcontextprotocol/client';
import { createMcpHandler, type McpHttpHandler } from '@modelcontextprotocol/server';
import { frontOf } from './front.js';
import type { About } from './host.js';
import type { Hub } from './hub.js';
import { Listening, type Message } from './listening.js';
import { Presence } from './presence.js';
import { Session } from './session.js';

/** Several sessions have the same news within so long, in ms. */
const gather = 50;

/** They have no sessions: they say with each request what they can do, and those that can do the same share one. */
export class ModernHosts {
  readonly #hub: Hub;
  readonly #present: Presence<Session>;
  readonly #handler: McpHttpHandler;
  /** What is about to be told to all who listen. */
  readonly #news = new Map<string, () => void>();

  constructor(hub: Hub, version: string, report: (error: unknown) => void) {
    this.#hub = hub;
    this.#present = new Presence<Session>(hub.clock, (session) => void session.close());
    this.#handler = createMcpHandler(() => frontOf(version, (about) => this.#sessionFor(about)), {
      legacy: 'reject',
      onerror: report,
    });
  }

  async answer(request: Request): Promise<Response> {
    const isListening = request.headers.get('mcp-method') === 'subscriptions/listen';
    const message = isListening ? await messageIn(request) : undefined;
    const response = await this.#handler.fetch(request);
    // What was refused is not followed.
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    if (message !== undefined && response.ok && isStream) this.#follow(message, request.signal);
    return response;
  }

  async close(): Promise<void> {
    await Promise.all([this.#handler.close(), ...this.#present.hosts.map((session) => session.close())]);
  }

  #follow(message: Message, signal: AbortSignal): void {
    const told = message.params?._meta?.['io.modelcontextprotocol/clientCapabilities'];
    const about = { capabilities: (told ?? {}) as ClientCapabilities, isModern: true };
    const listening = new Listening(() => this.#sessionFor(about));
    listening.hear(message);
    this.#present.listens(keyOf(about), signal);
    const end = () => listening.hear({ method: 'notifications/cancelled', params: { requestId: message.id } });
    signal.addEventListener('abort', end, { once: true });
  }

  #sessionFor(about: About): Session {
    const key = keyOf(about);
    let session = this.#present.heard(key);
    if (session === undefined) {
      const { notify } = this.#handler;
      session = new Session(
        this.#hub,
        { ...about, isShared: true },
        {
          changed: (kind) => this.#tellOnce(kind, () => notify[`${kind}Changed`]()),
          tell: ({ method, params }) => {
            const uri = String(params.uri);
            if (method === 'notifications/resources/updated') this.#tellOnce(uri, () => notify.resourceUpdated(uri));
          },
          ask: () => Promise.reject(new Error('A host can be asked in the middle of a call only.')),
        },
      );
      this.#present.add(key, session);
    }
    return session;
  }

  #tellOnce(what: string, tell: () => void): void {
    if (this.#news.size === 0) {
      this.#hub.clock.after(gather, () => {
        const all = [...this.#news.values()];
        this.#news.clear();
        for (const each of all) each();
      });
    }
    this.#news.set(what, tell);
  }
}

const keyOf = ({ capabilities: { elicitation, sampling, roots } }: About) =>
  JSON.stringify({ elicitation, sampling, roots });

/** Whether it is right is for the SDK to say. */
async function messageIn(request: Request): Promise<Message | undefined> {
  try {
    return ((await request.clone().json()) as Message | null) ?? undefined;
  } catch {
    return undefined;
  }
}
