/** Lifelines: a socket for each entry, which the kernel closes when its process ends, however it ends. */

import type { Socket } from 'node:net';
import { fs } from '../../process/builtins.js';
import type { Follower } from '../store.js';
import type { Layout } from './directory.js';

/** The longest path of a socket, in bytes: `sun_path` of macOS without its end. Linux has 4 more (unix(7)). */
const longestPath = 103;

/** How many may hang on one. Who comes later is turned away, and goes without. */
const mostFollowers = 256;

/** Where the lifeline of `id` is, if it can have one. By its random part, which is unique and never too long. */
export function lifelinePath(layout: Layout, id: string): string | undefined {
  const name = id.slice(-26);
  if (process.platform === 'win32') return `\\\\.\\pipe\\rollcall-${name}`;
  const path = `${layout.lifelines}/${name}`;
  return Buffer.byteLength(path) <= longestPath ? path : undefined;
}

/**
 * Listens on the lifeline of `id` until what it resolves with is called, or the process ends. Nothing is said on it,
 * and it keeps no process alive.
 *
 * @throws whatever the system says; an entry is as good without one, only its death is told later.
 */
export async function holdLifeline(layout: Layout, id: string): Promise<() => void> {
  const path = lifelinePath(layout, id);
  if (path === undefined) return () => {};
  layout.prepareLifelines();
  const { createServer } = await import('node:net');
  const followers = new Set<Socket>();
  const server = createServer((socket) => {
    followers.add(socket);
    socket.unref();
    // Whoever talks here has mistaken us for something else.
    socket.once('data', () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => followers.delete(socket));
  });
  server.maxConnections = mostFollowers;
  // Also while it is being opened. `exclusive`: of a cluster's worker, not of its primary.
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, exclusive: true }, resolve);
  });
  server.on('error', () => {});
  // The folder keeps others out already.
  if (process.platform !== 'win32') fs.chmodSync(path, 0o600);
  return () => {
    server.close();
    for (const socket of followers) socket.destroy();
  };
}

/** Removes the name of one that was held here. */
export function removeLifeline(layout: Layout, id: string): void {
  const path = lifelinePath(layout, id);
  if (path === undefined || process.platform === 'win32') return;
  try {
    fs.unlinkSync(path);
  } catch {
    // Not there any more; or a sweep looks after it.
  }
}

/**
 * Hangs on the lifeline of `id`, and calls `ended` once it is let go of or its process has ended. Resolves with
 * `undefined` if there is no lifeline. Keeps no process alive.
 */
export async function followLifeline(layout: Layout, id: string, ended: () => void): Promise<Follower | undefined> {
  const path = lifelinePath(layout, id);
  const identity = path && identityOf(path);
  if (path === undefined || identity === undefined) return undefined;
  const { socket, code } = await connectTo(path);
  // A name, and nobody who listens to it.
  if (code === 'ECONNREFUSED') return { wasHeld: false, hasEnded: async () => false, stop: () => {} };
  if (code !== undefined) return undefined;
  // Without reading it would not be told of the end.
  socket.resume();
  if (socket.destroyed) ended();
  else socket.once('close', ended);
  return {
    wasHeld: true,
    hasEnded: async () => identityOf(path) === identity && (await isRefused(path)) && identityOf(path) === identity,
    stop() {
      socket.off('close', ended);
      socket.destroy();
    },
  };
}

/**
 * Only the end of its process leaves a socket that refuses: whoever lets go of it removes its name first (libuv unlinks
 * before it closes). Proof only of the very socket on which one hung before: in the lower layer of an overlayfs, say, one
 * refuses while its process lives.
 */
async function isRefused(path: string): Promise<boolean> {
  const { socket, code } = await connectTo(path);
  socket.destroy();
  return code === 'ECONNREFUSED';
}

async function connectTo(path: string): Promise<{ readonly socket: Socket; readonly code: string | undefined }> {
  const { connect } = await import('node:net');
  const socket = connect({ path });
  socket.unref();
  const code = await new Promise<string | undefined>((resolve) => {
    socket.once('connect', () => resolve(undefined));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
  return { socket, code };
}

/** Which socket this is, if it is one of ours. Not what a link leads to, which could be a socket of any service. */
function identityOf(path: string): string | undefined {
  if (process.platform === 'win32') return path;
  try {
    const stats = fs.lstatSync(path);
    if (!stats.isSocket() || stats.uid !== process.getuid?.()) return undefined;
    return `${stats.dev}-${stats.ino}-${stats.birthtimeMs}`;
  } catch {
    // None there.
    return undefined;
  }
}
