/** Whether a text can serve as the URL of an endpoint. */

/** They lead to no server: a page runs them, a viewer opens them. `new URL` takes a host in each (`file://host/x`). */
const withoutServer = new Set(['javascript:', 'vbscript:', 'data:', 'file:']);

/** Why `text` cannot serve as an endpoint's URL, if it cannot. `new URL` alone takes `javascript:` and hidden hosts. */
export function urlProblem(text: string): string | undefined {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // The platform's message repeats the input; ours says what is expected.
    return 'must be an absolute URL, such as http://127.0.0.1:8080/mcp';
  }
  // `new URL` drops or mends these, others do not: a shell makes further arguments of blanks (curl $(rollcall url x)),
  // and curl sees another host than a browser in http://localhost\@other.example/.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\s\u0000-\u001f\u007f\\]/.test(text)) {
    return 'must not contain blanks, control characters or backslashes; write them as %20 and the like';
  }
  if (url.username !== '' || url.password !== '') {
    return 'must not contain a user name or password; put it into a header marked isSecret';
  }
  if (url.protocol === 'unix:') return url.pathname.startsWith('/') ? undefined : 'must name an absolute path';
  // The scheme is not quoted: what stands before the colon may be the name or token of someone.
  if (url.host === '' || withoutServer.has(url.protocol)) return 'must name a host; URLs of this scheme do not';
  // WHATWG drops a scheme's default port, so 0 can only have been written out.
  if (url.port === '0')
    return 'port 0 is not a port anyone can connect to; register after listening, with the real one';
  return undefined;
}
