/** G4: `discover` never returns a local instance that had died before the call. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { expect, onTestFinished } from 'vitest';
import { Registry } from '../../src/index.js';
import { eventually } from '../support/eventually.js';
import { start } from '../support/processes.js';
import { prove, times } from '../support/prove.js';
import { inPidNamespace, startServer } from '../support/servers.js';
import { tempFolder } from '../support/temp.js';

const endpoints = [{ type: 'stdio' }];

/** A registry whose registrations outlive nothing here. */
function openRegistry(directory = tempFolder()): Registry {
  const registry = new Registry({ directory });
  onTestFinished(() => registry.close());
  return registry;
}

/** Everything that answers who is there must leave the dead out. */
async function expectNone(registry: Registry, id: string): Promise<void> {
  const [found, got, picked] = [await registry.discover(), await registry.get(id), await registry.pick()];
  expect([found, got, picked]).toEqual([[], undefined, undefined]);
}

/** All of it: the first thread may be one (Z) a moment before the last has ended. */
const isZombie = (pid: number) => /\) Z (\S+ ){16}1 /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));

prove('G4', 'a server that is killed is gone from discover, get, pick and watch with its exit', async () => {
  const directory = tempFolder();
  const reader = openRegistry(directory);
  for (let round = 0; round < times({ full: 150, quick: 6 }); round++) {
    const server = await startServer(directory);
    expect((await reader.discover()).map(({ id }) => id)).toEqual([server.id]);
    const exit = once(server.child, 'exit');
    server.child.kill('SIGKILL');
    await exit;
    await expectNone(reader, server.id);
    const watcher = reader.watch();
    await eventually('the watcher is ready', () => watcher.isReady);
    expect(watcher.instances).toEqual([]);
    await watcher.close();
    // Left for the next round now and then, so that old ones are there too.
    if (round % 4 === 3) await reader.reap();
  }
});

prove('G4', 'a child that was registered by its parent is gone with its exit, thousands of times', async () => {
  const registry = openRegistry();
  const children = new Set<ChildProcess>();
  onTestFinished(() => {
    for (const child of children) child.kill('SIGKILL');
  });
  for (let round = 0; round < times({ full: 2_000, quick: 60 }); round++) {
    const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
    children.add(child);
    await once(child, 'spawn');
    const registration = await registry.register({ name: 'child', endpoints }, { pid: child.pid });
    expect((await registry.discover()).map(({ id }) => id)).toEqual([registration.id]);
    const exit = once(child, 'exit');
    child.kill(round % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
    await exit;
    children.delete(child);
    await expectNone(registry, registration.id);
    await registration.deregister();
  }
});

prove(
  'G4',
  'a zombie, which its parent never asks for, is dead',
  async () => {
    const directory = tempFolder();
    // The shell starts a server and becomes a program that never waits for a child.
    const script = 'sleep 1000 | "$0" test/programs/server.js child & echo "pid $!"; exec sleep 1000';
    const parent = start('sh', ['-c', script, process.execPath], { ROLLCALL_DIR: directory });
    const pid = Number((await parent.line(/^pid /)).split(' ')[1]);
    const id = (await parent.line(/^registered /)).split(' ')[1] ?? '';
    await eventually(
      'the shell has become sleep',
      () => readFileSync(`/proc/${parent.pid}/comm`, 'latin1') === 'sleep\n',
    );
    const registry = openRegistry(directory);
    expect(await registry.discover()).toHaveLength(1);
    process.kill(pid, 'SIGKILL');
    await eventually('it is a zombie', () => isZombie(pid));
    await expectNone(registry, id);
    expect((await registry.inspect()).map(({ reason }) => reason)).toEqual([`process ${pid} has ended (zombie)`]);
  },
  { needs: ['linux'] },
);

prove(
  'G4',
  'a pid that now belongs to another process, or to a thread of one, does not bring the dead back',
  async () => {
    const rounds = times({ full: 400, quick: 10 });
    const env = { ROLLCALL_DIR: tempFolder() };
    const [command = '', ...args] = [...inPidNamespace, process.execPath, 'test/programs/reuse.js', String(rounds)];
    const program = start(command, args, env);
    expect((await program.ended).code, program.errors()).toBe(0);
    const told = program.lines.map((line) => JSON.parse(line));
    expect(told).toHaveLength(rounds);
    for (const { kind, before, found, reason, removed } of told) {
      expect({ before, found, removed }).toEqual({ before: 1, found: 0, removed: 1 });
      expect(reason).toMatch(
        kind === 'thread' ? /is the id of another process's thread now/ : /belongs to another process now/,
      );
    }
  },
  { tier: 'full', needs: ['root', 'linux', 'unshare'] },
);

prove(
  'G4',
  'an orphan lives as long as itself, not as its parent',
  async () => {
    const directory = tempFolder();
    const registry = openRegistry(directory);
    for (let round = 0; round < times({ full: 50, quick: 2 }); round++) {
      const script = 'sleep 1000 | "$0" test/programs/server.js orphan & echo "pid $!"; read go';
      const parent = start('sh', ['-c', script, process.execPath], { ROLLCALL_DIR: directory });
      const pid = Number((await parent.line(/^pid /)).split(' ')[1]);
      const id = (await parent.line(/^registered /)).split(' ')[1] ?? '';
      const exit = once(parent.child, 'exit');
      parent.child.kill('SIGKILL');
      await exit;
      expect((await registry.discover()).map((instance) => instance.id)).toEqual([id]);
      process.kill(pid, 'SIGKILL');
      // Gone, or a zombie that its new parent has yet to ask for: in both cases it has ended.
      await eventually('it has ended', () => !existsSync(`/proc/${pid}`) || isZombie(pid));
      await expectNone(registry, id);
      await registry.reap();
    }
  },
  { needs: ['linux'] },
);

prove(
  'G4',
  'a process that becomes another program (exec) is the same one until it ends',
  async () => {
    const registry = openRegistry();
    const child = start('sh', ['-c', 'read go; exec sleep 1000']);
    const registration = await registry.register({ name: 'shell', endpoints }, { pid: child.pid });
    child.say('go');
    await eventually(
      'the shell has become sleep',
      () => readFileSync(`/proc/${child.pid}/comm`, 'latin1') === 'sleep\n',
    );
    expect((await registry.discover()).map(({ id }) => id)).toEqual([registration.id]);
    const exit = once(child.child, 'exit');
    child.child.kill('SIGKILL');
    await exit;
    await expectNone(registry, registration.id);
  },
  { needs: ['linux'] },
);
