/** The schemas of format 1: what is refused at the door, and what an entry must be to be legible. */

import * as z from 'zod';
import { isIdOf, namePattern } from './id.js';
import { DEFAULT_TTL, FORMAT, type Instance, type RegistrationInput, type RegistrationPatch } from './instance.js';
import { isSecret } from './secret.js';

/** The highest pid Linux can give (`PID_MAX_LIMIT`, proc(5)). */
const highestPid = 4_194_304;

const nonEmpty = z.string().min(1, 'must not be empty');

const name = z
  .string()
  .regex(
    namePattern,
    'must be 1 to 64 letters, digits, ".", "_" or "-", beginning and ending with a letter or digit ("acme-weather")',
  );

/** They lead to no server: a page runs them, a viewer opens them. `new URL` takes a host in each (`file://host/x`). */
const withoutServer = new Set(['javascript:', 'vbscript:', 'data:', 'file:']);

/** Why `text` cannot serve as an endpoint's URL, if it cannot. `new URL` alone takes `javascript:` and hidden hosts. */
function urlProblem(text: string): string | undefined {
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

const headerShape = {
  name: z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'must be a header name (RFC 9110, token)'),
  value: z
    .custom<string>((value) => typeof value === 'string' || isSecret(value), 'must be a string or a Secret')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a line break here would forge further headers
    .refine((value) => !/[\u0000-\u0008\u000a-\u001f\u007f]/.test(isSecret(value) ? value.reveal() : value), {
      message: 'must not contain control characters',
    }),
  isSecret: z.boolean().optional(),
};

const endpointShape = {
  type: nonEmpty.max(64),
  url: z
    .string()
    .superRefine((text, context) => {
      const message = urlProblem(text);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .optional(),
  socketPath: nonEmpty.optional(),
  supportedProtocolVersions: z.array(nonEmpty).max(64).optional(),
};

/** An endpoint must lead somewhere; only stdio is reached by other means than an address. */
function isReachable(value: { type: string; url?: string | undefined; socketPath?: string | undefined }): boolean {
  return value.type === 'stdio' || value.url !== undefined || value.socketPath !== undefined;
}
const unreachable = { message: 'must be given (or socketPath)', path: ['url'], when: isObject };

/** Who has no endpoint yet only holds a place, and says so. */
function hasEndpoint({ endpoints, status }: { endpoints?: unknown; status?: unknown }): boolean {
  return !Array.isArray(endpoints) || endpoints.length > 0 || status === 'starting';
}
const noEndpoint = {
  message: 'must name at least one, unless status is "starting"',
  path: ['endpoints'],
  when: isObject,
};

/** zod asks a refinement only when all else is right, unless told when; every problem is to be named at once. */
function isObject({ value }: { value: unknown }): boolean {
  return typeof value === 'object' && value !== null;
}

/** At the door a field that is not known is a typing error; in a file it is from a newer version, and kept. */
const strictEndpoints = z
  .array(
    z
      .strictObject({ ...endpointShape, headers: z.array(z.strictObject(headerShape)).max(64).optional() })
      .refine(isReachable, unreachable),
  )
  .max(64);
const looseEndpoints = z
  .array(
    z
      .looseObject({ ...endpointShape, headers: z.array(z.looseObject(headerShape)).max(64).optional() })
      .refine(isReachable, unreachable),
  )
  .max(64);

const status = z.enum(['starting', 'ready', 'draining', 'stopping']);
const open = z.record(z.string(), z.json());
/**
 * The same in a file. Of what comes out of `JSON.parse` only a number too large for a double is no JSON, and to find
 * that is 20 times as quick by hand as by `z.json()`, which also names the way to it: keys that could be a token.
 */
const openInFile = z.looseObject({}).refine(isFiniteThroughout, 'must not hold a number too large for a double');

function isFiniteThroughout(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value !== 'object' || value === null || Object.values(value).every(isFiniteThroughout);
}

const words = z.array(nonEmpty.max(256)).max(1000);

/** The fields a server may give, one by one; the same whether they come through the door or from a file. */
const fields = {
  title: z.string().optional(),
  version: z.string().optional(),
  description: z.string().optional(),
  kind: nonEmpty.max(64).optional(),
  mcp: open.optional(),
  health: open.optional(),
  cwd: nonEmpty.optional(),
};
/** How long an entry may stay fresh without a heartbeat, in ms. */
export const ttlSchema = z.int().min(1_000).max(86_400_000);

export const pidSchema = z.int().min(1).max(highestPid);

/** What a server passes to `register`. */
export const registrationSchema = z
  .strictObject({
    name,
    ...fields,
    endpoints: strictEndpoints.default([]),
    capabilities: words.default([]),
    tags: words.default([]),
    metadata: open.default({}),
    status: status.default('ready'),
    ttl: ttlSchema.optional(),
  })
  .refine(hasEndpoint, noEndpoint) satisfies z.ZodType<unknown, RegistrationInput>;

/** What a server passes to `update`. */
export const patchSchema = z
  .strictObject({
    ...fields,
    endpoints: strictEndpoints,
    capabilities: words,
    tags: words,
    metadata: open,
    status,
  })
  .partial() satisfies z.ZodType<unknown, RegistrationPatch>;

const processIdentity = z.looseObject({
  pid: pidSchema,
  start: z.string().max(64).optional(),
  machine: z.string().max(256).optional(),
  host: z.string().max(256).optional(),
  boot: z.string().max(64).optional(),
  pidNamespace: z.string().max(64).optional(),
  timeNamespace: z.string().max(64).optional(),
  uid: z.int().min(0).optional(),
});

const instant = z.iso.datetime({ offset: true });

/** An entry, as it stands in its file. Unknown fields are kept at every level. */
export const entrySchema = z
  .looseObject({
    format: z.literal(FORMAT),
    id: z.string(),
    name,
    ...fields,
    mcp: openInFile.optional(),
    health: openInFile.optional(),
    endpoints: looseEndpoints,
    capabilities: words.default([]),
    tags: words.default([]),
    metadata: openInFile.default({}),
    status: status.default('ready'),
    process: processIdentity,
    registeredAt: instant,
    updatedAt: instant.optional(),
    ttl: ttlSchema.default(DEFAULT_TTL),
  })
  .refine((entry) => isIdOf(entry.name, entry.id), {
    message: 'must be the name, "-" and 26 characters out of 0-9 and a-z',
    path: ['id'],
  })
  .refine(hasEndpoint, noEndpoint)
  .transform((entry) => ({ ...entry, updatedAt: entry.updatedAt ?? entry.registeredAt })) satisfies z.ZodType<Instance>;

/** The JSON Schema (draft 2020-12) of an entry, for other languages: what `rollcall/schema.json` ships. */
export function jsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(entrySchema, {
    io: 'input',
    // `custom` has no JSON Schema of its own: a header's value is a string in the file.
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'custom') jsonSchema.type = 'string';
    },
  });
  return { ...schema, $id: 'rollcall/schema.json', title: 'A rollcall entry, format 1' };
}
