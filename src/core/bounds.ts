/** What the fields of an entry may hold: for the schemas, and for what is checked by hand. */

/** How long an entry may stay fresh without a heartbeat, in ms. */
export const shortestTtl = 1_000;
export const longestTtl = 86_400_000;

/** The highest pid Linux can give (`PID_MAX_LIMIT`, proc(5)). */
export const highestPid = 4_194_304;

/** Characters of a kind, and of an endpoint's type. */
export const longestKind = 64;
/** Endpoints of an instance, headers of an endpoint, versions of its protocol. */
export const mostEndpoints = 64;
/** Folders that an instance has open. */
export const mostFolders = 64;
/** Capabilities, and tags; and the characters of each. */
export const mostWords = 1_000;
export const longestWord = 256;
/** Characters of what identifies a process: start, boot, namespaces; machine and host. */
export const longestStamp = 64;
export const longestHost = 256;

export const statuses = ['starting', 'ready', 'draining', 'stopping'] as const;

/** Characters of a key that one holds alone. */
export const longestKey = 1_024;
/** Characters of an exclusive name; its key is a word longer. */
export const longestExclusive = 1_000;

/** Of this platform or another: an entry may be read on both sides of WSL. */
export const absolutePath = /^(?:[/\\]|[A-Za-z]:[/\\])/;

/** RFC 9110, token. */
export const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** A line break in a header's value would forge further headers. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
export const forbiddenInHeader = /[\u0000-\u0008\u000a-\u001f\u007f]/;
