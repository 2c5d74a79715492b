/** What is plainly right: the entries and inputs there usually are, told in a microsecond and without loading zod.
 *
 * All else is left to the schemas. They say what is right; what passes here passes there, and comes out equal: a test
 * holds it so.
 */

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
import { copy, type Fields, isJson, isList, isPlainObject } from './json.js';
import { isSecret } from './secret.js';
import { urlProblem } from './url.js';

/** What a registration is once its defaults are filled in. */
export type CheckedInput = RegistrationInput &
  Required<Pick<Instance, 'endpoints' | 'capabilities' | 'tags' | 'metadata' | 'status'>>;

/** `input` with its defaults, if it is plainly right. Not a copy. */
export function plainInput(input: unknown): CheckedInput | undefined {
  if (!isPlainObject(input)) return undefined;
  for (const key in input) {
    const value = input[key];
    if (value === undefined ? !ownWords.has(key) : !isOwnWord(key, value) && !isOwnChoice(key, value)) return undefined;
  }
  const { endpoints = [], capabilities = [], tags = [], metadata = {}, status = 'ready' } = input;
  const checked = { ...input, endpoints, capabilities, tags, metadata, status } as CheckedInput;
  return typeof input.name === 'string' && hasPlace(checked) ? checked : undefined;
}

/** What can only be said at the beginning. */
function isOwnChoice(key: string, value: unknown): boolean {
  return key === 'ttl'
    ? isTtl(value)
    : key === 'exclusive' && (typeof value === 'boolean' || isText(value, 1, longestExclusive));
}

/** A copy of `patch`, if it is plainly right. */
export function plainPatch(patch: unknown): RegistrationPatch | undefined {
  if (!isPlainObject(patch)) return undefined;
  for (const key in patch) {
    const value = patch[key];
    if (key === 'name' || key === 'ttl' || key === 'exclusive') return undefined;
    if (value === undefined ? !ownWords.has(key) : !isOwnWord(key, value)) return undefined;
  }
  return copy(patch) as RegistrationPatch;
}

/** `raw`, fresh from `JSON.parse`, as an instance, if it is plainly one. It is completed in place. */
export function plainEntry(raw: Fields): Instance | undefined {
  for (const key in raw) if (!isEntryField(key, raw[key])) return undefined;
  const { format, name, id } = raw;
  if (format !== FORMAT || typeof name !== 'string' || typeof id !== 'string' || !isIdOf(name, id)) return undefined;
  if (raw.process === undefined || raw.registeredAt === undefined || raw.endpoints === undefined) return undefined;
  raw.capabilities ??= [];
  raw.tags ??= [];
  raw.metadata ??= {};
  raw.status ??= 'ready';
  raw.ttl ??= DEFAULT_TTL;
  raw.updatedAt ??= raw.registeredAt;
  const instance = raw as unknown as Instance;
  return hasPlace(instance) ? instance : undefined;
}

function isEntryField(key: string, value: unknown): boolean {
  switch (key) {
    case 'format':
    case 'id':
      return true;
    case 'process':
      return isProcess(value);
    case 'registeredAt':
    case 'updatedAt':
      return isText(value, 1, 64) && plainInstant.test(value);
    case 'ttl':
      return isTtl(value);
    default:
      return isOwnWord(key, value) || (!ownWords.has(key) && isUnknown(key, value));
  }
}

/** A field from a newer version is kept as it is. */
function isUnknown(key: string, value: unknown): boolean {
  return key !== '__proto__' && (typeof value !== 'object' || value === null);
}

/** What a server says of itself, in an entry or at the door. */
function isOwnWord(key: string, value: unknown): boolean {
  switch (key) {
    case 'name':
      return typeof value === 'string' && namePattern.test(value);
    case 'title':
    case 'version':
    case 'description':
      return typeof value === 'string';
    case 'kind':
      return isText(value, 1, longestKind);
    case 'cwd':
      return isText(value, 1);
    case 'workspaceFolders':
      return isList(value, mostFolders, (folder) => typeof folder === 'string' && absolutePath.test(folder));
    case 'endpoints':
      return isList(value, mostEndpoints, isEndpoint);
    case 'capabilities':
    case 'tags':
      return isList(value, mostWords, isWord);
    case 'metadata':
    case 'mcp':
    case 'health':
      return isPlainObject(value) && isJson(value, deepest);
    case 'status':
      return statuses.includes(value as never);
    default:
      return false;
  }
}

/** All of them. One whose value is not plainly right must not pass as unknown. */
const ownWords = new Set(
  'name title version description kind cwd workspaceFolders endpoints capabilities tags metadata mcp health status ttl exclusive'.split(
    ' ',
  ),
);

/** `YYYY-MM-DDTHH:MM:SS.sssZ`, of the days that every such month has. */
const plainInstant =
  /^\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

/** Levels of an open field: fewer than may be, since it is itself inside of something. */
const deepest = 24;

function isEndpoint(value: unknown): boolean {
  if (!isPlainObject(value)) return false;
  for (const key in value) if (!isEndpointField(key, value[key])) return false;
  const { type, url, socketPath } = value;
  return typeof type === 'string' && (type === 'stdio' || url !== undefined || socketPath !== undefined);
}

function isEndpointField(key: string, value: unknown): boolean {
  switch (key) {
    case 'type':
      return isText(value, 1, longestKind);
    case 'url':
      return (
        value === undefined || (typeof value === 'string' && (isLocalUrl(value) || urlProblem(value) === undefined))
      );
    case 'socketPath':
      return value === undefined || isText(value, 1);
    case 'supportedProtocolVersions':
      return value === undefined || isList(value, mostEndpoints, (version) => isText(version, 1));
    case 'headers':
      return value === undefined || isList(value, mostEndpoints, isHeader);
    default:
      return false;
  }
}

const localUrl = /^https?:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):([1-9]\d{0,4})(?:\/[A-Za-z0-9/_~-]*)?$/;

/** As nearly all are: there is nothing in it that `new URL`, at a microsecond or two, could find. */
function isLocalUrl(url: string): boolean {
  const port = localUrl.exec(url)?.[1];
  return port !== undefined && Number(port) <= 65_535;
}

function isHeader(value: unknown): boolean {
  if (!isPlainObject(value)) return false;
  for (const key in value) if (key !== 'name' && key !== 'value' && key !== 'isSecret') return false;
  const { name, value: content, isSecret: isMarked } = value;
  const shown = isSecret(content) ? content.reveal() : content;
  return (
    typeof name === 'string' &&
    headerName.test(name) &&
    typeof shown === 'string' &&
    !forbiddenInHeader.test(shown) &&
    (isMarked === undefined || typeof isMarked === 'boolean')
  );
}

function isProcess(value: unknown): boolean {
  if (!isPlainObject(value) || !isWhole(value.pid, 1, highestPid)) return false;
  for (const key in value) if (!isProcessField(key, value[key])) return false;
  return true;
}

function isProcessField(key: string, value: unknown): boolean {
  switch (key) {
    case 'pid':
      return true;
    case 'start':
    case 'boot':
    case 'pidNamespace':
    case 'timeNamespace':
      return isText(value, 0, longestStamp);
    case 'machine':
    case 'host':
      return isText(value, 0, longestHost);
    case 'uid':
      return isWhole(value, 0, Number.MAX_SAFE_INTEGER);
    default:
      return isUnknown(key, value);
  }
}

/** Whoever has no endpoint yet only holds a place, and says so. */
function hasPlace({ endpoints, status }: Pick<Instance, 'endpoints' | 'status'>): boolean {
  return endpoints.length > 0 || status === 'starting';
}

function isTtl(value: unknown): boolean {
  return isWhole(value, shortestTtl, longestTtl);
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

function isText(value: unknown, least: number, most = Number.POSITIVE_INFINITY): value is string {
  return typeof value === 'string' && value.length >= least && value.length <= most;
}

const isWord = (value: unknown) => isText(value, 1, longestWord);
