/** What a library does to `process` is undone. */

import { expect, onTestFinished, test } from 'vitest';
import { withoutPatches } from '../../src/process/patches.js';
import { gate } from '../support/faulty-store.js';

const patched = process as unknown as { emit: unknown; reallyExit: unknown };
const original = { ...{ emit: patched.emit, reallyExit: patched.reallyExit } };
const patch = () => {
  onTestFinished(() => void Object.assign(patched, original));
  patched.emit = () => false;
  patched.reallyExit = () => {};
};
const expectOriginal = () => {
  expect(patched.emit).toBe(original.emit);
  expect(patched.reallyExit).toBe(original.reallyExit);
};

test('patches are undone, and the result is handed on', async () => {
  expect(
    await withoutPatches(() => {
      patch();
      return 5;
    }),
  ).toBe(5);
  expectOriginal();
});

test('patches are undone when the act fails', async () => {
  await expect(
    withoutPatches(async () => {
      patch();
      throw new Error('mine');
    }),
  ).rejects.toThrow('mine');
  expectOriginal();
});

test('acts that overlap leave what was there before the first', async () => {
  const [first, second] = [gate(), gate()];
  const a = withoutPatches(async () => {
    patch();
    await first.wait();
  });
  const b = withoutPatches(async () => {
    patch();
    await second.wait();
  });
  first.open();
  await a;
  second.open();
  await b;
  expectOriginal();
});
