/** Ends a run of attacks with one line for each promise: how many ran, held, broke, and were skipped and why. */

import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { failureLine } from './failure-line.js';

export default class ProveReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const attacks = modules.flatMap((module) => [...module.children.allTests()]).filter(isChosen);
    const promises = [...new Set(attacks.map(promiseOf))].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
    console.log('\npromise   run  held  broken  skipped');
    for (const promise of promises) {
      const own = attacks.filter((test) => promiseOf(test) === promise);
      console.log(row(promise, own));
    }
    console.log(row('all', attacks));
    for (const test of attacks) {
      const result = test.result();
      if (result.state === 'skipped') console.log(`skipped: ${test.name}: ${result.note ?? 'NO REASON GIVEN'}`);
      if (result.state === 'failed') console.log(`failed: ${failureLine(test)}`);
    }
    const unrunnable = modules.filter((module) => module.errors().length > 0).length + errors.length;
    const [passed, failed, skipped] = ['passed', 'failed', 'skipped'].map((state) => count(attacks, state)) as [
      number,
      number,
      number,
    ];
    console.log(`${passed} passed, ${failed + unrunnable} failed, ${skipped} skipped`);
  }
}

/** Those left out by name on the command line were neither run nor skipped. */
function isChosen(test: TestCase): boolean {
  const result = test.result();
  return result.state !== 'skipped' || result.note !== undefined;
}

const promiseOf = ({ name }: TestCase) => /^G\d+/.exec(name)?.[0] ?? 'other';

const count = (tests: readonly TestCase[], state: string) =>
  tests.filter((test) => test.result().state === state).length;

function row(title: string, tests: readonly TestCase[]): string {
  const [held, broken, skipped] = ['passed', 'failed', 'skipped'].map((state) => count(tests, state)) as [
    number,
    number,
    number,
  ];
  const cells = [held + broken, held, broken, skipped];
  const widths = [6, 6, 8, 9];
  return title.padEnd(7) + cells.map((cell, index) => String(cell).padStart(widths[index] ?? 0)).join('');
}
