/** What went wrong in a test, on one line: of a long log often only the end is kept. */

import type { TestCase } from 'vitest/node';

/** The name of the test, each error's message, and where it was thrown; at most 1,000 characters. */
export function failureLine(test: TestCase): string {
  const errors = test.result().errors ?? [];
  const told = errors.map(({ message, stack }) => `${message} ${/at .*\btest\/.*/.exec(stack ?? '')?.[0] ?? ''}`);
  return `${test.module.relativeModuleId} > ${test.fullName}: ${told.join('; ')}`
    .replaceAll(/\s+/g, ' ')
    .slice(0, 1000);
}
