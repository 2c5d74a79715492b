/** A schema that takes anything as it came: what is not as it should be is for the caller to see. */
export const asItIs = {
  '~standard': { version: 1, vendor: 'rollcall', validate: (value: unknown) => ({ value }) },
} as const;
