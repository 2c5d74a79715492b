/** The client of a link: what its server asks and tells goes to the call that is meant. */

import { Client } from '@modelcontextprotocol/client';
import { current, type Exchange } from './exchange.js';
import type { LinkWorld } from './link-world.js';

interface Calls {
  readonly label: string;
  /** Those under way. */
  readonly exchanges: ReadonlySet<Exchange>;
  /** The server says that one of its lists is another now. */
  listChanged(): void;
}

export function clientFor(world: LinkWorld, { label, exchanges, listChanged }: Calls): Client {
  const { capabilities, asked, told } = world;
  const about = { name: 'rollcall-hub', version: '1' };
  const client = new Client(about, { capabilities, versionNegotiation: { mode: 'auto' } });
  // Over SSE, and apart from calls, it is not said which one is meant: the latest, as long as that is the same host's.
  const likely = () => (world.isShared && exchanges.size > 1 ? undefined : [...exchanges].at(-1));
  const exchange = () => current.getStore() ?? likely();
  const ask = async ({ method, params }: { method: string; params?: unknown }) =>
    (exchange()?.ask(method, params) ?? asked(method, params)) as never;
  if (capabilities.elicitation !== undefined) client.setRequestHandler('elicitation/create', ask);
  if (capabilities.sampling !== undefined) client.setRequestHandler('sampling/createMessage', ask);
  if (capabilities.roots !== undefined) client.setRequestHandler('roots/list', ask);
  // That of the SDK leaves out what is read together with the answer.
  client.setNotificationHandler('notifications/progress', ({ params }) =>
    [...exchanges].find(({ ticket }) => ticket === params.progressToken)?.progress(params),
  );
  client.fallbackNotificationHandler = async ({ method, params = {} }) => {
    if (method.endsWith('/list_changed')) return listChanged();
    if (method !== 'notifications/message') return told(label, { method, params });
    const notice = { method, params: { ...params, logger: `${label}/${params.logger ?? ''}` } };
    const heard = exchange();
    if (heard === undefined) told(label, notice);
    else heard.tell(notice);
  };
  // Streams that end, and attempts to open them again: whoever waits for an answer is told by the tether.
  client.onerror = () => {};
  return client;
}
