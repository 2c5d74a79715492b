/** A promise that is waited for no longer than a signal allows. */

import { setMaxListeners } from 'node:events';

/**
 * As `promise`, or rejects with the reason of `signal` as soon as that is aborted. What comes of the promise afterwards is
 * nobody's business any more.
 */
export function within<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Aborts `controller` when `signal` is, and returns what ends that. */
export function follow(signal: AbortSignal | null | undefined, controller: AbortController): () => void {
  if (signal == null) return () => {};
  // Many calls may be made with the same one at once.
  setMaxListeners(0, signal);
  const abort = () => controller.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return () => signal.removeEventListener('abort', abort);
}
