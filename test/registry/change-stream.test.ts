/** Changes for one consumer at its own pace. */

import { expect, test, vi } from 'vitest';
import type { Instance } from '../../src/core/instance.js';
import { ChangeStream } from '../../src/registry/change-stream.js';
import { makeInstance } from '../support/make-instance.js';

function streamOver(current: Map<string, Instance>) {
  const onWait = vi.fn();
  const onReturn = vi.fn(async () => {});
  const stream = new ChangeStream((id) => current.get(id), onWait, onReturn);
  const add = (instance: Instance) => {
    current.set(instance.id, instance);
    stream.tell({ type: 'add', instance });
  };
  const remove = (instance: Instance) => {
    current.delete(instance.id);
    stream.tell({ type: 'remove', instance, reason: 'dead' });
  };
  return { stream, onWait, onReturn, add, remove };
}

test('several who wait get one change each, in the order they asked', async () => {
  const { stream, add } = streamOver(new Map());
  const asked = [stream.next(), stream.next()];
  const [a, b] = [makeInstance(), makeInstance()];
  add(a);
  add(b);
  expect((await asked[0])?.value.instance).toBe(a);
  expect((await asked[1])?.value.instance).toBe(b);
});

test('what came and went unasked costs nothing', async () => {
  const current = new Map<string, Instance>();
  const now = vi.fn((id: string) => current.get(id));
  const stream = new ChangeStream(
    now,
    () => {},
    async () => {},
  );
  for (let count = 0; count < 1_000; count++) {
    const instance = makeInstance();
    current.set(instance.id, instance);
    stream.tell({ type: 'add', instance });
    current.delete(instance.id);
    stream.tell({ type: 'remove', instance, reason: 'dead' });
  }
  now.mockClear();
  const next = stream.next();
  expect(now).not.toHaveBeenCalled();
  stream.end();
  expect(await next).toEqual({ value: undefined, done: true });
});

test('what was removed and added again before it was asked is one change', async () => {
  const { stream, add, remove } = streamOver(new Map());
  const first = makeInstance();
  add(first);
  await stream.next();
  remove(first);
  const second = { ...first, title: 'x' };
  add(second);
  expect(await stream.next()).toEqual({ value: { type: 'change', instance: second, previous: first }, done: false });
});

test('what came and went before it was asked is not told', async () => {
  const { stream, add, remove } = streamOver(new Map());
  const brief = makeInstance();
  add(brief);
  remove(brief);
  const next = stream.next();
  const kept = makeInstance();
  add(kept);
  expect((await next).value.instance).toBe(kept);
});

test('what was told is removed with its reason, as it was last told', async () => {
  const { stream, add, remove } = streamOver(new Map());
  const first = makeInstance();
  add(first);
  await stream.next();
  add({ ...first, title: 'not told' });
  remove(first);
  expect(await stream.next()).toEqual({ value: { type: 'remove', instance: first, reason: 'dead' }, done: false });
});

test('it costs one place for each instance however often it changes', async () => {
  const { stream, add } = streamOver(new Map());
  const first = makeInstance();
  add(first);
  await stream.next();
  for (let title = 0; title < 1_000; title++) add({ ...first, title: `${title}` });
  expect((await stream.next()).value.instance.title).toBe('999');
  stream.end();
  expect((await stream.next()).done).toBe(true);
});

test('it ends only after what is still untold', async () => {
  const { stream, add } = streamOver(new Map());
  add(makeInstance());
  stream.end();
  expect((await stream.next()).done).toBe(false);
  expect(await stream.next()).toEqual({ value: undefined, done: true });
});

test('with a failure it rejects for those who wait and those who ask later', async () => {
  const { stream } = streamOver(new Map());
  const waiting = stream.next();
  const failure = new Error('broken');
  stream.end(failure);
  await expect(waiting).rejects.toBe(failure);
  await expect(stream.next()).rejects.toBe(failure);
});

test('leaving it forgets what is untold, ends those who wait and tells its owner', async () => {
  const { stream, add, onReturn } = streamOver(new Map());
  add(makeInstance());
  expect(await stream.return()).toEqual({ value: undefined, done: true });
  expect(await stream.next()).toEqual({ value: undefined, done: true });
  expect(onReturn).toHaveBeenCalledTimes(1);
});

test('it says when someone begins and ends to wait', async () => {
  const { stream, add, onWait } = streamOver(new Map());
  expect(stream.isWaiting).toBe(false);
  const next = stream.next();
  expect(stream.isWaiting).toBe(true);
  expect(onWait).toHaveBeenLastCalledWith(true);
  add(makeInstance());
  await next;
  expect(stream.isWaiting).toBe(false);
  expect(onWait).toHaveBeenLastCalledWith(false);
});
