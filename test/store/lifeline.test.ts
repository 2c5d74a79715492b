/** Lifelines: a socket for each entry, which the kernel closes when its process ends. */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createId } from '../../src/core/id.js';
import { systemClock } from '../../src/process/system-clock.js';
import { Registry } from '../../src/registry/registry.js';
import { Layout } from '../../src/store/file/directory.js';
import { FileStore } from '../../src/store/file/file-store.js';
import { lifelinePath } from '../../src/store/file/lifeline.js';
import { eventually } from '../support/eventually.js';
import { endpoints } from '../support/fake-world.js';
import { startServer } from '../support/servers.js';
import { tempFolder } from '../support/temp.js';

const weather = { name: 'weather', endpoints };

function newRegistry(directory = join(tempFolder(), 'registry')) {
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  // Without the ticks: what is told is told because a hint came.
  const clock = {
    ...systemClock,
    after: (delay: number, act: () => void) => systemClock.after(delay === 500 ? 1_000_000 : delay, act),
  };
  const registry = new Registry({ directory, onError, clock });
  onTestFinished(() => registry.close());
  const layout = new Layout(directory);
  const held = () => (existsSync(layout.lifelines) ? readdirSync(layout.lifelines).sort() : []);
  return { registry, directory, layout, errors, held };
}

const nameOf = (id: string) => id.slice(-26);

test('one is there a moment after the entry, is this user’s alone, and goes with the entry', async () => {
  const { registry, held } = newRegistry();
  const a = await registry.register(weather);
  const b = await registry.register(weather);
  await eventually('both have one', () => held().length === 2);
  expect(held()).toEqual([a, b].map(({ id }) => nameOf(id)).sort());
  await a.deregister();
  expect(held()).toEqual([nameOf(b.id)]);
  await registry.close();
  expect(held()).toEqual([]);
});

describe('a watcher', () => {
  test('is told of a SIGKILL by it, and not only when it looks again', async () => {
    const { registry, directory, held } = newRegistry();
    const watcher = registry.watch();
    const told: string[] = [];
    watcher.on('add', ({ name }) => told.push(`add ${name}`));
    watcher.on('remove', ({ name }, reason) => told.push(`remove ${name} ${reason}`));
    const server = await startServer(directory, { name: 'short' });
    await eventually('it is shown, and has its lifeline', () => told.length === 1 && held().length === 1);
    server.child.kill('SIGKILL');
    await eventually('its death is told', () => told.length === 2);
    expect(told).toEqual(['add short', 'remove short dead']);
  });

  test('hangs on one of each process, and on another of it when that is let go', async () => {
    const { registry, directory, held } = newRegistry();
    const first = await registry.register(weather);
    const second = await registry.register(weather);
    await eventually('both have one', () => held().length === 2);
    const other = newRegistry(directory);
    const told: string[] = [];
    const watcher = other.registry.watch();
    watcher.on('remove', ({ id }, reason) => told.push(`${id} ${reason}`));
    await eventually('both are shown', () => watcher.instances.length === 2);
    await first.deregister();
    await eventually('that is told', () => told.length === 1);
    expect(told).toEqual([`${first.id} deregistered`]);
    expect(watcher.instances.map(({ id }) => id)).toEqual([second.id]);
  });

  test('connects to no socket that a link leads to', async () => {
    const { registry, layout, held } = newRegistry();
    let connections = 0;
    const victim = join(layout.root, 'victim.sock');
    const registration = await registry.register(weather);
    await eventually('it has one', () => held().length === 1);
    const server = createServer(() => connections++).listen(victim);
    onTestFinished(() => void server.close());
    const path = lifelinePath(layout, registration.id) as string;
    rmSync(path);
    symlinkSync(victim, path);
    const store = new FileStore({ directory: layout.root });
    expect(await store.follow(registration.id, () => {})).toBeUndefined();
    expect(connections).toBe(0);
  });
});

describe('it is never a reason to fail', () => {
  test('where the path is too long for a socket', async () => {
    const { registry, layout, held, errors } = newRegistry(join(tempFolder(), 'x'.repeat(80), 'registry'));
    const registration = await registry.register(weather);
    expect(await registry.get(registration.id)).toBeDefined();
    expect(lifelinePath(layout, registration.id)).toBeUndefined();
    expect([held(), errors]).toEqual([[], []]);
  });

  test.each(['a file', 'a link'])('where %s is in the way of their folder', async (what) => {
    const { registry, layout, errors } = newRegistry();
    layout.prepare();
    if (what === 'a file') writeFileSync(layout.lifelines, 'x');
    else symlinkSync(tempFolder(), layout.lifelines);
    const registration = await registry.register(weather);
    const watcher = registry.watch();
    await eventually('it is shown', () => watcher.instances.length === 1);
    await registration.update({ title: 'x' });
    await eventually('the change is told', () => watcher.instances[0]?.title === 'x');
    expect(errors).toEqual([]);
  });

  test('where something is in its own place', async () => {
    const { registry, layout, errors } = newRegistry();
    layout.prepare();
    layout.prepareLifelines();
    const store = new FileStore({ directory: layout.root });
    const id = createId('weather');
    writeFileSync(lifelinePath(layout, id) as string, 'x');
    await expect(store.hold(id)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(await store.follow(id, () => {})).toBeUndefined();
    await registry.register(weather);
    expect(errors).toEqual([]);
  });
});

test('whoever talks on it is hung up on, and it goes on', async () => {
  const { registry, layout, held } = newRegistry();
  const { id } = await registry.register(weather);
  await eventually('it has one', () => held().length === 1);
  const path = lifelinePath(layout, id) as string;
  const talker = connect(path, () => talker.write('GET / HTTP/1.1\r\n\r\n'));
  talker.on('error', () => {});
  let isClosed = false;
  talker.on('close', () => {
    isClosed = true;
  });
  await eventually('it is hung up on', () => isClosed);
  const store = new FileStore({ directory: layout.root });
  const follower = await store.follow(id, () => {});
  expect(follower?.wasHeld).toBe(true);
  follower?.stop();
});

test('that one ended while nobody hung on it can be seen, and proves nothing', async () => {
  const { directory, layout, held } = newRegistry();
  const server = await startServer(directory);
  await eventually('it has one', () => held().length === 1);
  server.child.kill('SIGKILL');
  await server.ended;
  expect(held()).toEqual([nameOf(server.id)]);
  const store = new FileStore({ directory: layout.root });
  let told = 0;
  const follower = await store.follow(server.id, () => void told++);
  expect([follower?.wasHeld, await follower?.hasEnded(), told]).toEqual([false, false, 0]);
});

describe('the proof of an end', () => {
  async function followed() {
    const { registry, directory, layout, held } = newRegistry();
    const server = await startServer(directory);
    await eventually('it has one', () => held().length === 1);
    const store = new FileStore({ directory });
    // Its name is there a moment before anyone listens.
    await eventually('it holds it', async () => (await store.follow(server.id, () => {}))?.wasHeld === true);
    let isTold = false;
    const follower = await store.follow(server.id, () => {
      isTold = true;
    });
    if (follower === undefined) throw new Error('It cannot be followed.');
    onTestFinished(() => follower.stop());
    const path = lifelinePath(layout, server.id) as string;
    return { registry, layout, server, follower, path, told: () => isTold };
  }

  test('is there once the process that held it has ended, and not before', async () => {
    const { server, follower, told } = await followed();
    expect([follower.wasHeld, await follower.hasEnded(), told()]).toEqual([true, false, false]);
    server.child.kill('SIGKILL');
    await server.ended;
    await eventually('it is told', told);
    expect(await follower.hasEnded()).toBe(true);
    follower.stop();
    follower.stop();
  });

  test('is not there while the process is stopped', async () => {
    const { server, follower, told } = await followed();
    server.child.kill('SIGSTOP');
    expect([await follower.hasEnded(), told()]).toEqual([false, false]);
    server.child.kill('SIGCONT');
  });

  test('is not there where it was only let go of', async () => {
    const { registry, layout } = await followed();
    const registration = await registry.register(weather);
    const store = new FileStore({ directory: layout.root });
    await eventually('it has one', async () => (await store.follow(registration.id, () => {}))?.wasHeld === true);
    let isTold = false;
    const follower = await store.follow(registration.id, () => {
      isTold = true;
    });
    await registration.deregister();
    await eventually('it is told', () => isTold);
    expect(await follower?.hasEnded()).toBe(false);
  });

  test.each(['nothing', 'another socket'])('is not there where %s is in its place by now', async (what) => {
    const { server, follower, path, told } = await followed();
    server.child.kill('SIGKILL');
    await server.ended;
    await eventually('it is told', told);
    rmSync(path);
    // Bound, and not listened on, as one is that begins, and as one is that was copied.
    if (what === 'another socket') await pythonBinds(path);
    expect(existsSync(path)).toBe(what === 'another socket');
    expect(await follower.hasEnded()).toBe(false);
  });

  async function pythonBinds(path: string): Promise<void> {
    const text = 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])';
    const { status } = spawnSync('python3', ['-c', text, path]);
    expect(status).toBe(0);
  }
});

test('what the dead leave is swept once their entries are gone, and nothing else', async () => {
  const { registry, directory, layout, held } = newRegistry();
  const dead = await startServer(directory);
  const living = await startServer(directory);
  await eventually('both have one', () => held().length === 2);
  const ours = await registry.register(weather);
  await eventually('ours, too', () => held().length === 3);
  dead.child.kill('SIGKILL');
  await dead.ended;
  const other = join(layout.lifelines, 'of-another-name');
  writeFileSync(other, 'x');
  const before = new Date(Date.now() - 120_000);
  for (const name of held()) utimesSync(join(layout.lifelines, name), before, before);
  await registry.reap();
  expect(held()).toEqual([nameOf(living.id), nameOf(ours.id), 'of-another-name'].sort());
});

test('an entry that is put back has one again', async () => {
  const { directory, held } = newRegistry();
  const server = await startServer(directory, { env: { TTL: '1000' } });
  await eventually('it has one', () => held().length === 1);
  rmSync(directory, { recursive: true });
  await eventually('it is back, and has one', () => held().length === 1);
  expect(held()).toEqual([nameOf(server.id)]);
});
