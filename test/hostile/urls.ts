/** URLs that lead elsewhere than they seem to, and what is to become of them. */

export interface HostileUrl {
  readonly url: string;
  /** Why it is refused at the door, and illegible in a file; missing if it is accepted. */
  readonly refused?: RegExp;
  /** For one that is accepted: whom it leads to, by the rules of the URL standard. Clients see it there. */
  readonly host?: string;
}

const credentials = /user name or password/;
const relative = /must be an absolute URL/;
const hostless = /must name a host/;

export const hostileUrls: readonly HostileUrl[] = [
  { url: 'javascript:alert(1)', refused: hostless },
  { url: 'data:text/html,<script>alert(1)</script>', refused: hostless },
  { url: 'file:///home/me/.ssh/id_rsa', refused: hostless },
  { url: 'mailto:me@example.com', refused: hostless },
  { url: 'blob:http://127.0.0.1/x', refused: hostless },
  { url: 'about:blank', refused: hostless },
  { url: 'http://localhost@evil.example/', refused: credentials },
  { url: 'http://localhost:80@evil.example/', refused: credentials },
  { url: 'http://me:secret@127.0.0.1/', refused: credentials },
  { url: 'http://127.0.0.1\\@evil.example/', host: '127.0.0.1' },
  { url: 'http://evil.example#@127.0.0.1/', host: 'evil.example' },
  { url: 'http://evil.example?@127.0.0.1/', host: 'evil.example' },
  { url: '//evil.example/', refused: relative },
  { url: '/\\evil.example', refused: relative },
  { url: '\\\\evil.example\\share', refused: relative },
  { url: '/mcp', refused: relative },
  { url: '', refused: relative },
  { url: 'http://', refused: relative },
  { url: 'http:///', refused: relative },
  { url: 'http://[::1', refused: relative },
  { url: 'http://[fe80::1%25eth0]/', refused: relative },
  { url: 'http://127.0.0.1:99999/', refused: relative },
  { url: 'http://127.0.0.1:-1/', refused: relative },
  { url: 'http://127.0.0.1:0/', refused: /port 0/ },
  { url: 'http://a b/', refused: relative },
  { url: 'http://127.0.0.1%00/', refused: relative },
  { url: 'http:\\\\evil.example\\', host: 'evil.example' },
  { url: 'ht\ntp://127.0.0.1/\n', host: '127.0.0.1' },
  { url: ' http://127.0.0.1/ ', host: '127.0.0.1' },
  { url: 'http://0x7f.1/', host: '127.0.0.1' },
  { url: 'http://2130706433/', host: '127.0.0.1' },
  { url: 'http://0177.0.0.1/', host: '127.0.0.1' },
  { url: 'http://127.1/', host: '127.0.0.1' },
  { url: 'http://%31%32%37.0.0.1/', host: '127.0.0.1' },
  { url: 'http://localhost./', host: 'localhost.' },
  { url: 'http://lоcalhost/', host: 'xn--lcalhost-nbh' },
  { url: 'http://127。0。0。1/', host: '127.0.0.1' },
  { url: `http://127.0.0.1/${'a'.repeat(30_000)}`, host: '127.0.0.1' },
];

/** What a shell would run if it were asked to. Each would make the file `pwned`. */
export const commands: readonly string[] = [
  '$(touch pwned)',
  '`touch pwned`',
  '; touch pwned;',
  '| touch pwned',
  '&& touch pwned',
  '\ntouch pwned\n',
  "'; touch pwned; '",
  '"; touch pwned; "',
  '$(touch$IFS./pwned)',
];
