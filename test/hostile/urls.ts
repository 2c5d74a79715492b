/** URLs that lead elsewhere than they seem to, or do more than lead somewhere; and what becomes of each. */

interface Trick {
  readonly url: string;
  readonly why: string;
}

/** Refused by `register` and `update`, with a problem that says so; an entry that holds one is illegible. */
export interface Refused extends Trick {
  readonly says: RegExp;
}

/** Taken as the WHATWG standard reads it, as `fetch` and browsers do: it leads to this host, and nowhere else. */
export interface Taken extends Trick {
  readonly host: string;
}

const noUrl = /absolute URL/;
const noServer = /must name a host/;
const credentials = /user name or password/;
const noPort = /port 0/;
const mended = /blanks, control characters or backslashes/;

export const refused: readonly Refused[] = [
  { url: 'javascript:alert(1)', says: noServer, why: 'a page that shows it as a link runs it' },
  { url: 'javascript://localhost/%0aalert(1)', says: noServer, why: 'with a host it is a comment and a line of code' },
  { url: 'JavaScript://localhost/%0aalert(1)', says: noServer, why: 'schemes have no case' },
  { url: 'java\nscript://localhost/%0aalert(1)', says: mended, why: 'the standard drops line breaks inside' },
  { url: 'vbscript://localhost/x', says: noServer, why: 'as javascript:, in old viewers' },
  { url: 'data:text/html,<script>alert(1)</script>', says: noServer, why: 'is a page, and leads to none' },
  { url: 'data://localhost/text/html,x', says: noServer, why: 'a host makes it no server' },
  { url: 'file:///etc/passwd', says: noServer, why: 'is a file' },
  { url: 'file://evil.example/share', says: noServer, why: 'Windows signs in to whoever answers there' },
  { url: 'about:blank', says: noServer, why: 'no host' },
  { url: 'blob:http://localhost/x', says: noServer, why: 'no host of its own' },
  { url: 'view-source:http://localhost/', says: noServer, why: 'no host of its own' },
  { url: 'mailto:a@evil.example', says: noServer, why: 'no host' },
  { url: 'localhost:8080', says: noServer, why: 'localhost is read as the scheme' },
  { url: 'http://localhost@evil.example/', says: credentials, why: 'localhost is the user name' },
  { url: 'http://localhost:80@evil.example/', says: credentials, why: 'and 80 the password' },
  { url: 'http://:secret@localhost/', says: credentials, why: 'a password alone' },
  { url: 'http://--output=x@localhost/', says: credentials, why: 'an option of curl as the user name' },
  { url: 'http://localhost\\@evil.example/', says: mended, why: 'fetch goes to localhost, RFC 3986 to evil.example' },
  { url: 'http:\\\\evil.example\\', says: mended, why: 'only some readers take backslashes for slashes' },
  { url: '\\\\evil.example\\share', says: noUrl, why: 'a share of Windows' },
  { url: '//evil.example/', says: noUrl, why: 'leaves the origin of whatever it is joined to' },
  { url: '/\\evil.example', says: noUrl, why: 'so does this, read as //evil.example' },
  { url: '/mcp', says: noUrl, why: 'leads nowhere by itself' },
  { url: '', says: noUrl, why: 'empty' },
  { url: 'http://', says: noUrl, why: 'no host' },
  { url: 'http://localhost:0/', says: noPort, why: 'nobody can connect to port 0' },
  { url: 'tcp://localhost:0', says: noPort, why: 'nor with another scheme' },
  { url: 'http://localhost:00/', says: noPort, why: 'nor written longer' },
  { url: 'http://localhost:99999/', says: noUrl, why: 'there is no such port; some would wrap it to 34463' },
  { url: 'http://localhost:-1/', says: noUrl, why: 'nor this one' },
  { url: 'http://localhost:8o80/', says: noUrl, why: 'a letter' },
  { url: 'http://localhost:80:81/', says: noUrl, why: 'two ports' },
  { url: 'http://::1/', says: noUrl, why: 'IPv6 without brackets' },
  {
    url: 'http://[fe80::1%25eth0]/',
    says: noUrl,
    why: 'zone ids mean something on one machine only; no fetch takes them',
  },
  { url: 'http://[fe80::1%eth0]/', says: noUrl, why: 'nor unescaped' },
  { url: 'http://256.1.1.1/', says: noUrl, why: 'ends in a number, so it is an IPv4 address, and is none' },
  { url: 'http://1.2.3.4.5/', says: noUrl, why: 'nor is this' },
  { url: 'http://%00/', says: noUrl, why: 'a percent-encoded NUL' },
  { url: 'http://localhost%2fevil.example/', says: noUrl, why: 'a percent-encoded slash in the host' },
  { url: 'http://localhost%40evil.example/', says: noUrl, why: 'a percent-encoded @ in the host' },
  { url: 'http://$(touch pwned)/', says: noUrl, why: 'shell syntax, and a blank' },
  { url: 'http://localhost/ -o pwned', says: mended, why: 'curl $(rollcall url x) gets further arguments' },
  { url: 'http://localhost/\t--config\tpwned', says: mended, why: 'tabs part words, too' },
  { url: 'http://localhost/\nhttp://evil.example/', says: mended, why: 'so do line breaks' },
  { url: ' http://localhost/', says: mended, why: 'the standard trims it, not everyone does' },
  { url: 'http://localhost\t.evil.example/', says: mended, why: 'the standard drops the tab' },
  { url: 'http://localhost/\u0000', says: mended, why: 'C ends a text here' },
  { url: 'http://localhost/\u007f', says: mended, why: 'a control character' },
  { url: 'http://localhost/\u00a0x', says: mended, why: 'a blank, to some' },
  { url: 'unix:run/x.sock', says: /absolute path/, why: 'relative to whoever reads it' },
  { url: 'unix:', says: /absolute path/, why: 'no path' },
];

export const taken: readonly Taken[] = [
  { url: 'http://evil.example#@localhost', host: 'evil.example', why: 'what follows # is no host' },
  { url: 'http://evil.example?@localhost', host: 'evil.example', why: 'nor what follows ?' },
  { url: 'http://localhost/@evil.example', host: 'localhost', why: 'nor what follows the first slash' },
  { url: 'http://@evil.example/', host: 'evil.example', why: 'an empty user name hides nothing' },
  { url: 'http:evil.example', host: 'evil.example', why: 'slashes may be missing' },
  { url: 'http:////evil.example', host: 'evil.example', why: 'or be too many' },
  { url: 'HTTP://LOCALHOST:80/', host: 'localhost', why: 'no case, and the usual port goes' },
  { url: 'http://localhost./', host: 'localhost.', why: 'a trailing dot is a name from the root' },
  { url: 'http://localhost.evil.example/', host: 'localhost.evil.example', why: 'is a host of evil.example' },
  { url: 'http://%6cocalhost/', host: 'localhost', why: 'percent-encoding is undone' },
  { url: 'http://ｌocalhost/', host: 'localhost', why: 'wide letters are letters' },
  { url: 'http://evil。example/', host: 'evil.example', why: 'a wide full stop is a dot' },
  { url: 'http://lоcalhost/', host: 'xn--lcalhost-nbh', why: 'a Cyrillic о is another host than localhost' },
  { url: 'http://0177.0.0.1/', host: '127.0.0.1', why: 'octal' },
  { url: 'http://0x7f.1/', host: '127.0.0.1', why: 'hexadecimal, and short' },
  { url: 'http://2130706433/', host: '127.0.0.1', why: 'one number' },
  { url: 'http://0/', host: '0.0.0.0', why: 'one number' },
  { url: 'http://[::ffff:127.0.0.1]/', host: '[::ffff:7f00:1]', why: 'IPv4 in IPv6' },
  { url: 'http://[0:0::0:1]:81/', host: '[::1]:81', why: 'the same address written otherwise' },
  { url: 'http://localhost/$(touch%20pwned)`id`;rm', host: 'localhost', why: 'no shell reads it again after $(…)' },
  { url: 'http://a;b/', host: 'a;b', why: 'odd, and no more' },
  { url: 'http://$(id)/', host: '$(id)', why: 'a host may look like this; it is text and leads nowhere' },
  { url: 'tcp://$(id)/', host: '$(id)', why: 'with any scheme' },
  { url: 'http://localhost/*', host: 'localhost', why: 'a shell looks for files of this name, and finds none' },
  { url: 'unix://evil.example/run/x.sock', host: 'evil.example', why: 'its path is what counts' },
  { url: `http://localhost/${'a'.repeat(50_000)}`, host: 'localhost', why: 'long, and within what an entry may have' },
];
