/** Whether a server has said that it does not know the session: then it has not done what it was asked. */

/**
 * Of a message that named a session. 404 by the specification (2025-11-25, transports); 400 by the protocol's own
 * reference server, in these words. Over SSE, where the session stands in the URL, a message is taken with 202 or not at
 * all. That there is no stream to listen to (404 to GET) says nothing of the session.
 */
export function isForgotten({ method, url, headers }: Request, status: number, refusal = ''): boolean {
  if (method !== 'POST') return false;
  if (headers.has('mcp-session-id')) return status === 404 || (status === 400 && saysSo(refusal));
  return /[?&]session_?id=/i.test(url) && (status === 400 || status === 404 || status === 410);
}

/** As an answer to nobody: one that names the request may come from a tool, which has done something. */
function saysSo(refusal: string): boolean {
  try {
    const { id, error } = JSON.parse(refusal) as { id?: unknown; error?: { message?: unknown } };
    return id === null && /^bad request: no valid session id/i.test(String(error?.message));
  } catch {
    // No JSON, or none of that shape.
    return false;
  }
}
