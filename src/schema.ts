/** "rollcall/schema": the schemas, for those who check entries and input by themselves. Loads zod, 10 ms. */

import type { Instance, RegistrationInput, RegistrationPatch } from './core/instance.js';
import * as schemas from './core/schema.js';

/** What a check finds wrong: where, and what. */
export interface SchemaIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** A zod 4 schema, as far as it is promised; also a Standard Schema (standardschema.dev, version 1). */
export interface Schema<Output> {
  /** `value`, checked and with its defaults. @throws zod's error, with `issues`. */
  parse(value: unknown): Output;
  safeParse(value: unknown):
    | { readonly success: true; readonly data: Output; readonly error?: undefined }
    | {
        readonly success: false;
        readonly data?: undefined;
        readonly error: Error & { readonly issues: readonly SchemaIssue[] };
      };
  readonly '~standard': { readonly version: 1; readonly vendor: string };
}

/** An entry, as it stands in its file. Unknown fields are kept at every level. */
export const entrySchema: Schema<Instance> = schemas.entrySchema;

/** What a server passes to `register`. */
export const registrationSchema: Schema<RegistrationInput> = schemas.registrationSchema;

/** What a server passes to `update`. */
export const patchSchema: Schema<RegistrationPatch> = schemas.patchSchema;

/** The JSON Schema (draft 2020-12) of an entry, for other languages: what `rollcall/schema.json` ships. */
export function jsonSchema(): Record<string, unknown> {
  return schemas.jsonSchema();
}
