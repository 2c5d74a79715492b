/** What a server says of itself, checked at the door, and as every reader will have it. */

import { encode, LARGEST_ENTRY } from '../core/codec.js';
import { invalid } from '../core/errors.js';
import { createId } from '../core/id.js';
import {
  FORMAT,
  type Instance,
  type ProcessIdentity,
  type RegistrationInput,
  type RegistrationPatch,
} from '../core/instance.js';
import { type CheckedInput, plainInput, plainPatch } from '../core/plain.js';
import { parse } from '../core/problems.js';
import { read } from '../core/read.js';
import { randomBytes } from '../process/random.js';

/** The input of `register`, with its defaults. @throws ROLLCALL_INVALID */
export async function checkInput(input: RegistrationInput): Promise<CheckedInput> {
  const plain = plainInput(input);
  if (plain !== undefined) return plain;
  const { registrationSchema } = await import('../core/schema.js');
  return parse(registrationSchema, input, 'The registration');
}

/** The input of `update`. @throws ROLLCALL_INVALID */
export async function checkPatch(patch: RegistrationPatch): Promise<RegistrationPatch> {
  const plain = plainPatch(patch);
  if (plain !== undefined) return plain;
  const { patchSchema } = await import('../core/schema.js');
  return parse(patchSchema, patch, 'The update');
}

/** What was said, with who says it and when: `now` in ms since 1970. */
export function stamp(
  { ttl, cwd, ...said }: Omit<CheckedInput, 'exclusive'>,
  process: ProcessIdentity,
  now: number,
  defaultTtl: number,
): Instance {
  const at = new Date(now).toISOString();
  return {
    format: FORMAT,
    id: createId(said.name, randomBytes(26)),
    ...said,
    cwd: cwd ?? (said.workspaceFolders === undefined ? workingDirectory() : undefined),
    process,
    registeredAt: at,
    updatedAt: at,
    ttl: ttl ?? defaultTtl,
  };
}

function workingDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch {
    // It was removed under the process: then it works nowhere in particular.
    return undefined;
  }
}

/** The text of an entry. @throws ROLLCALL_INVALID if it is larger than an entry may be. */
export function encodeBounded(instance: Instance): string {
  const body = encode(instance);
  const size = Buffer.byteLength(body);
  if (size > LARGEST_ENTRY) {
    const message = `is ${size} bytes as JSON, and an entry has at most ${LARGEST_ENTRY}; put large data elsewhere`;
    throw invalid('The registration', [{ path: '', message }]);
  }
  return body;
}

/** The instance as every reader will have it. What we cannot read ourselves is refused before anyone else sees it. */
export async function legible(id: string, body: string): Promise<Instance> {
  const { instance, illegible } = await read(id, body);
  if (instance === undefined) throw invalid('The registration', [{ path: '', message: illegible }]);
  return instance;
}

/** A field that is given as `undefined` is removed. */
export function withoutUndefined(instance: Instance): Instance {
  return Object.fromEntries(Object.entries(instance).filter(([, value]) => value !== undefined)) as unknown as Instance;
}
