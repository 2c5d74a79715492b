/** The schemas of format 1: what is refused at the door, and what an entry must be to be legible. */

import * as z from 'zod';
import {
  absolutePath,
  forbiddenInHeader,
  headerName,
  highestPid,
  longestExclusive,
  longestHost,
  longestKind,
  longestStamp,
  longestTtl,
  longestWord,
  mostEndpoints,
  mostFolders,
  mostWords,
  shortestTtl,
  statuses,
} from './bounds.js';
import { isIdOf, namePattern } from './id.js';
import { DEFAULT_TTL, FORMAT, type Instance, type RegistrationInput, type RegistrationPatch } from './instance.js';
import { isSecret } from './secret.js';
import { urlProblem } from './url.js';

const nonEmpty = z.string().min(1, 'must not be empty');

const name = z
  .string()
  .regex(
    namePattern,
    'must be 1 to 64 letters, digits, ".", "_" or "-", beginning and ending with a letter or digit ("acme-weather")',
  );

const headerShape = {
  name: z.string().regex(headerName, 'must be a header name (RFC 9110, token)'),
  value: z
    .custom<string>((value) => typeof value === 'string' || isSecret(value), 'must be a string or a Secret')
    .refine((value) => !forbiddenInHeader.test(isSecret(value) ? value.reveal() : value), {
      message: 'must not contain control characters',
    }),
  isSecret: z.boolean().optional(),
};

const endpointShape = {
  type: nonEmpty.max(longestKind),
  url: z
    .string()
    .superRefine((text, context) => {
      const message = urlProblem(text);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .optional(),
  socketPath: nonEmpty.optional(),
  supportedProtocolVersions: z.array(nonEmpty).max(mostEndpoints).optional(),
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
      .strictObject({ ...endpointShape, headers: z.array(z.strictObject(headerShape)).max(mostEndpoints).optional() })
      .refine(isReachable, unreachable),
  )
  .max(mostEndpoints);
const looseEndpoints = z
  .array(
    z
      .looseObject({ ...endpointShape, headers: z.array(z.looseObject(headerShape)).max(mostEndpoints).optional() })
      .refine(isReachable, unreachable),
  )
  .max(mostEndpoints);

const status = z.enum(statuses);
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

const words = z.array(nonEmpty.max(longestWord)).max(mostWords);

/** The fields a server may give, one by one; the same whether they come through the door or from a file. */
const fields = {
  title: z.string().optional(),
  version: z.string().optional(),
  description: z.string().optional(),
  kind: nonEmpty.max(longestKind).optional(),
  mcp: open.optional(),
  health: open.optional(),
  cwd: nonEmpty.optional(),
};
/** At the door a folder is absolute: a relative one leads elsewhere for every reader. */
const folders = z.array(z.string().regex(absolutePath, 'must be an absolute path')).max(mostFolders);
const foldersInFile = z.array(nonEmpty).max(mostFolders);
const ttl = z.int().min(shortestTtl).max(longestTtl);

/** What a server passes to `register`. */
export const registrationSchema = z
  .strictObject({
    name,
    ...fields,
    workspaceFolders: folders.optional(),
    endpoints: strictEndpoints.default([]),
    capabilities: words.default([]),
    tags: words.default([]),
    metadata: open.default({}),
    status: status.default('ready'),
    ttl: ttl.optional(),
    exclusive: z
      .union(
        [z.boolean(), nonEmpty.max(longestExclusive)],
        `must be true, false or a key of at most ${longestExclusive} characters`,
      )
      .optional(),
  })
  .refine(hasEndpoint, noEndpoint) satisfies z.ZodType<unknown, RegistrationInput>;

/** What a server passes to `update`. */
export const patchSchema = z
  .strictObject({
    ...fields,
    workspaceFolders: folders,
    endpoints: strictEndpoints,
    capabilities: words,
    tags: words,
    metadata: open,
    status,
  })
  .partial() satisfies z.ZodType<unknown, RegistrationPatch>;

const processIdentity = z.looseObject({
  pid: z.int().min(1).max(highestPid),
  start: z.string().max(longestStamp).optional(),
  machine: z.string().max(longestHost).optional(),
  host: z.string().max(longestHost).optional(),
  boot: z.string().max(longestStamp).optional(),
  pidNamespace: z.string().max(longestStamp).optional(),
  timeNamespace: z.string().max(longestStamp).optional(),
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
    workspaceFolders: foldersInFile.optional(),
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
    ttl: ttl.default(DEFAULT_TTL),
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
