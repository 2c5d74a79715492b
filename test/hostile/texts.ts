/** Texts in the file of an entry that are no entry, or one that means harm. */

import { encode } from '../../src/core/codec.js';
import { makeInstance } from '../support/make-instance.js';

type Fields = Record<string, unknown>;

export interface HostileText {
  readonly is: string;
  /** The text for the entry `id`, which would be `<id>.json`. */
  readonly text: (id: string) => string | Buffer;
  /** What is said of it; missing if it is an entry all the same, and only odd. */
  readonly reason?: RegExp;
}

/** A sound entry of a process that is the test's own, as its fields. */
function fieldsOf(id: string): Fields {
  return JSON.parse(encode(makeInstance({ id, name: id.slice(0, -27) })));
}

/** A sound entry but for some fields, which take the place of its own; as JSON by hand, if need be. */
const but = (change: (fields: Fields) => Fields) => (id: string) => JSON.stringify(change(fieldsOf(id)));
const having = (fields: Fields) => but((sound) => ({ ...sound, ...fields }));
const process = (fields: Fields) =>
  but((sound) => ({ ...sound, process: { ...(sound.process as Fields), ...fields } }));
const endpoint = (fields: Fields) => having({ endpoints: [{ type: 'http', ...fields }] });
/** With `json` where the JSON of its metadata would be: for what no JavaScript value becomes. */
const metadata = (json: string) => (id: string) =>
  JSON.stringify({ ...fieldsOf(id), metadata: 'HERE' }).replace('"HERE"', () => json);
const nested = (open: string, close: string, levels: number) => `${open.repeat(levels)}0${close.repeat(levels)}`;

const json = /is not JSON/;
const named = (path: string) => new RegExp(`^${path.replaceAll('.', '\\.')}`);

export const hostileTexts: readonly HostileText[] = [
  { is: 'nothing', text: () => '', reason: /is empty/ },
  { is: 'blanks', text: () => ' \n\t', reason: json },
  { is: 'words', text: () => 'hello', reason: json },
  { is: 'half of it', text: (id) => having({})(id).slice(0, 40), reason: json },
  { is: 'all but the last byte', text: (id) => having({})(id).slice(0, -1), reason: json },
  { is: 'two of them', text: (id) => having({})(id).repeat(2), reason: json },
  { is: 'NUL bytes', text: () => Buffer.alloc(500), reason: json },
  {
    is: 'random bytes',
    text: () => Buffer.from(Array.from({ length: 999 }, (_, at) => (at * 7919) % 256)),
    reason: json,
  },
  { is: 'invalid UTF-8', text: () => Buffer.from([0xff, 0xfe, 0x00, 0x80]), reason: json },
  { is: 'a byte order mark before it', text: (id) => `\ufeff${having({})(id)}`, reason: json },
  { is: 'UTF-16', text: (id) => Buffer.from(having({})(id), 'utf16le'), reason: json },
  { is: 'one byte too many', text: (id) => having({})(id).padEnd(65_537), reason: /is larger than 65536 bytes/ },
  { is: 'as many bytes as there may be', text: (id) => having({})(id).padEnd(65_536) },
  { is: 'null', text: () => 'null', reason: /is not a JSON object/ },
  { is: 'a list', text: (id) => `[${having({})(id)}]`, reason: /is not a JSON object/ },
  { is: 'a text', text: () => '"format"', reason: /is not a JSON object/ },
  { is: 'lists 30,000 deep', text: () => nested('[', ']', 30_000), reason: /is not a JSON object/ },
  { is: 'metadata 3,000 lists deep', text: metadata(nested('[', ']', 3_000)), reason: /nests deeper/ },
  { is: 'metadata 10,000 objects deep', text: metadata(nested('{"a":', '}', 10_000)), reason: /nests deeper/ },
  { is: 'no format', text: having({ format: undefined }), reason: /has no valid format/ },
  ...[0, -1, 1.5, '1', null, true, [1]].map((format) => ({
    is: `format ${JSON.stringify(format)}`,
    text: having({ format }),
    reason: /has no valid format/,
  })),
  {
    is: 'format 1e309',
    text: (id) => having({})(id).replace('"format":1', '"format":1e309'),
    reason: /has no valid format/,
  },
  { is: 'a newer format', text: having({ format: 2 }), reason: /is of format 2/ },
  { is: 'a far newer format, and nothing else', text: () => '{"format":1000000}', reason: /is of format 1000000/ },
  { is: 'another id', text: having({ id: `other-${'7'.repeat(26)}` }), reason: /another id/ },
  { is: 'no id', text: having({ id: undefined }), reason: /another id/ },
  { is: 'the name of another', text: having({ name: 'other' }), reason: named('id') },
  { is: 'a name of 64 KiB', text: having({ name: 'x'.repeat(60_000) }), reason: named('name') },
  { is: 'a name that leads away', text: having({ name: '../../x' }), reason: named('name') },
  ...['name', 'title', 'description', 'version', 'kind', 'cwd'].map((field) => ({
    is: `a ${field} that is a number`,
    text: having({ [field]: 5 }),
    reason: named(field),
  })),
  { is: 'a status that nobody has', text: having({ status: 'fine' }), reason: named('status') },
  { is: 'tags that are a text', text: having({ tags: 'gpu' }), reason: named('tags') },
  { is: '10,000 tags', text: having({ tags: Array(10_000).fill('a') }), reason: named('tags') },
  { is: 'metadata that is a list', text: having({ metadata: [] }), reason: named('metadata') },
  { is: 'metadata with a number beyond all', text: metadata('{"a":1e400}'), reason: named('metadata') },
  { is: 'no endpoints', text: having({ endpoints: [] }), reason: named('endpoints') },
  { is: 'endpoints that lead nowhere', text: endpoint({}), reason: named('endpoints.0.url') },
  {
    is: 'a thousand endpoints',
    text: having({ endpoints: Array(1_000).fill({ type: 'stdio' }) }),
    reason: named('endpoints'),
  },
  {
    is: 'a header that forges another',
    text: endpoint({ url: 'http://127.0.0.1:1/', headers: [{ name: 'A', value: 'b\r\nC: d' }] }),
    reason: named('endpoints.0.headers.0.value'),
  },
  ...[0, -1, 1.5, 4_194_305, 1e21, '1', null].map((pid) => ({
    is: `pid ${JSON.stringify(pid)}`,
    text: process({ pid }),
    reason: named('process.pid'),
  })),
  { is: 'no process', text: having({ process: undefined }), reason: named('process') },
  { is: 'a start time that is a number', text: process({ start: 5 }), reason: named('process.start') },
  { is: 'a start time of 60,000 digits', text: process({ start: '9'.repeat(60_000) }), reason: named('process.start') },
  { is: 'a ttl of nothing', text: having({ ttl: 0 }), reason: named('ttl') },
  { is: 'a ttl of a year', text: having({ ttl: 31_536_000_000 }), reason: named('ttl') },
  { is: 'a time that is none', text: having({ registeredAt: 'yesterday' }), reason: named('registeredAt') },
  // Odd, and no harm: these are found.
  { is: 'the year 9999', text: having({ registeredAt: '9999-12-31T23:59:59.999Z' }) },
  { is: 'a key named twice', text: metadata('{"a":1,"a":2}') },
  { is: 'huge and tiny numbers', text: metadata('{"a":1e308,"b":-1e-308,"c":9007199254740993}') },
  { is: 'a lone surrogate', text: metadata('{"\\ud800":"\\udfff"}') },
  {
    is: '__proto__ in its metadata',
    text: metadata('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
  },
  { is: '__proto__ at the top', text: (id) => having({})(id).replace('{', '{"__proto__":{"polluted":true},') },
  {
    is: '__proto__ in its process',
    text: (id) => having({})(id).replace('"process":{', '"process":{"__proto__":{"polluted":true},'),
  },
  {
    is: 'methods as data',
    text: metadata('{"toString":"x","valueOf":"x","hasOwnProperty":"x","then":"x","toJSON":"x"}'),
  },
];
