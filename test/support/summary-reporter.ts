/** Ends a run with one plain line of counts, and says before it why each test was skipped, and why it failed. */

import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { failureLine } from './failure-line.js';

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests: TestCase[] = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    for (const test of tests) {
      const result = test.result();
      if (result.state === 'skipped')
        console.log(`skipped: ${test.fullName}: ${result.note ?? reasonIn(test) ?? 'NO REASON GIVEN'}`);
      if (result.state === 'failed') console.log(`failed: ${failureLine(test)}`);
    }
    const broken = modules.filter((module) => module.errors().length > 0).length;
    const failed = count('failed') + broken + errors.length;
    console.log(`${count('passed')} passed, ${failed} failed, ${count('skipped')} skipped`);
  }
}

/** The compliance suite of stores runs under any runner, and so says it in the name. */
const reasonIn = ({ name }: TestCase) => /\(skipped: (.+)\)$/.exec(name)?.[1];
