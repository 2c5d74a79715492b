/** Other pid namespaces that share the directory: nobody hides or removes what it cannot judge. */

import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FileStore, Registry } from '../../src/index.js';
import { eventually } from '../support/eventually.js';
import { start, startNode } from '../support/processes.js';
import { needsRoot } from '../support/root.js';
import { tempFolder } from '../support/temp.js';

const files = (directory: string) => readdirSync(join(directory, 'v1')).filter((name) => name.endsWith('.json'));
const inNamespace = ['--pid', '--fork', '--kill-child', '--mount-proc', process.execPath];

test('a process in another pid namespace neither hides nor removes ours, nor we theirs', async (context) => {
  needsRoot(context, 'unshare');
  const directory = tempFolder();
  const env = { ROLLCALL_DIR: directory, TTL: '3000' };
  const ours = startNode('test/programs/server.js', ['ours'], env);
  // Its pid is 1 in there: here that is the init process, which is alive and another.
  const theirs = start('unshare', [...inNamespace, 'test/programs/server.js', 'theirs'], env);
  await ours.line(/^registered /);
  await theirs.line(/^registered /);

  const registry = new Registry({ directory });
  expect((await registry.discover()).map(({ name }) => name).sort()).toEqual(['ours', 'theirs']);
  expect((await registry.reap()).removed).toEqual([]);
  const pids = (await registry.discover()).map(({ process }) => process.pid);
  expect(pids).toContain(1);

  const cli = start('unshare', [...inNamespace, 'dist/cli/main.js', 'list', '--json'], env);
  await cli.ended;
  expect(
    JSON.parse(cli.lines.join(''))
      .map(({ name }: { name: string }) => name)
      .sort(),
  ).toEqual(['ours', 'theirs']);
  const prune = start('unshare', [...inNamespace, 'dist/cli/main.js', 'prune', '--json'], env);
  await prune.ended;
  expect(JSON.parse(prune.lines.join(''))).toEqual([]);
  expect(files(directory)).toHaveLength(2);

  // Judged by its heartbeat alone: it is hidden when that has lapsed, and still not removed by a look.
  theirs.child.kill('SIGKILL');
  await eventually('the one that fell silent is stale', async () =>
    (await registry.inspect()).some(({ verdict, instance }) => instance?.name === 'theirs' && verdict === 'stale'),
  );
  expect((await registry.discover()).map(({ name }) => name)).toEqual(['ours']);
  expect((await registry.reap()).removed).toEqual([]);
  expect(files(directory)).toHaveLength(2);
});

test('a watcher is told at once of a death in another pid namespace, by its lifeline', async (context) => {
  needsRoot(context, 'unshare');
  const directory = tempFolder();
  const env = { ROLLCALL_DIR: directory, TTL: '3600000' };
  const theirs = start('unshare', [...inNamespace, 'test/programs/server.js', 'theirs'], env);
  const stays = start('unshare', [...inNamespace, 'test/programs/server.js', 'stays'], env);
  const lifeline = (await theirs.line(/^registered /)).slice(-26);
  await stays.line(/^registered /);
  const held = () => existsSync(join(directory, 'v1', '.lifelines', lifeline));
  await eventually('it has its lifeline', held);

  const registry = new Registry({ directory });
  const watcher = registry.watch();
  const told: string[] = [];
  watcher.on('remove', ({ name }, reason) => told.push(`${name} ${reason}`));
  await eventually('both are shown', () => watcher.instances.length === 2);
  // Followed by now: it is looked for after 2, 8, 30 ms and so on.
  await eventually('it is followed', () => connectionsTo(lifeline) > 0);
  theirs.child.kill('SIGKILL');
  await eventually('its death is told', () => told.length > 0);
  expect(told).toEqual(['theirs dead']);
  // It stays out, although its heartbeat would be good for an hour.
  await registry.inspect();
  expect(watcher.instances.map(({ name }) => name)).toEqual(['stays']);
  // A proof for who hung on it, and for nobody else.
  expect((await registry.discover()).map(({ name }) => name).sort()).toEqual(['stays', 'theirs']);
  expect((await registry.reap()).removed).toEqual([]);
  await registry.close();
});

test('whose heartbeat has lapsed, and who holds its lifeline, lives', async (context) => {
  needsRoot(context, 'unshare');
  const directory = tempFolder();
  const env = { ROLLCALL_DIR: directory, TTL: '1000' };
  const theirs = start('unshare', [...inNamespace, 'test/programs/server.js', 'theirs'], env);
  const id = (await theirs.line(/^registered /)).split(' ')[1] as string;
  // Its name is there a moment before anyone listens.
  const store = new FileStore({ directory });
  await eventually('it holds its lifeline', async () => (await store.follow(id, () => {}))?.wasHeld === true);
  const [pid] = readFileSync(`/proc/${theirs.child.pid}/task/${theirs.child.pid}/children`, 'utf8').split(' ');
  process.kill(Number(pid), 'SIGSTOP');
  const registry = new Registry({ directory });
  await eventually('its heartbeat has lapsed', async () =>
    (await registry.inspect()).some(({ reason }) => reason.includes('it holds its lifeline')),
  );
  expect((await registry.discover()).map(({ name }) => name)).toEqual(['theirs']);
  process.kill(Number(pid), 'SIGKILL');
  await theirs.ended;
  expect((await registry.inspect()).map(({ verdict }) => verdict)).toEqual(['stale']);
  expect((await registry.reap()).removed).toEqual([]);
});

test('in an overlayfs the lifeline of the living refuses, which proves nothing', async (context) => {
  needsRoot(context, 'unshare and mount');
  const [directory, over] = [tempFolder(), tempFolder()];
  for (const name of ['upper', 'work', 'merged']) mkdirSync(join(over, name));
  const env = { ROLLCALL_DIR: directory };
  const ours = startNode('test/programs/server.js', ['ours'], env);
  const id = (await ours.line(/^registered /)).split(' ')[1] as string;
  await eventually('it has its lifeline', () => existsSync(join(directory, 'v1', '.lifelines', id.slice(-26))));
  const text = `
    import { FileStore, Registry } from 'rollcall';
    const [directory, id] = process.argv.slice(1);
    const follower = await new FileStore({ directory }).follow(id, () => {});
    const found = await new Registry({ directory }).discover();
    console.log(JSON.stringify({ ...follower, hasEnded: await follower?.hasEnded(), found: found.length }));`;
  const script =
    'mount -t overlay overlay -o "lowerdir=$0,upperdir=$1/upper,workdir=$1/work" "$1/merged" && shift && exec "$@"';
  const node = [process.execPath, '--input-type=module', '-e', text, join(over, 'merged'), id];
  const shell = ['sh', '-c', script, directory, over, ...node];
  const inside = start('unshare', ['--mount', '--pid', '--fork', '--mount-proc', ...shell], env);
  await inside.ended;
  expect(JSON.parse(inside.lines.join(''))).toEqual({ wasHeld: false, hasEnded: false, found: 1 });
});

/** How many hang on it, as the kernel sees it (proc(5), net/unix). */
function connectionsTo(lifeline: string): number {
  const states = readFileSync('/proc/net/unix', 'utf8').matchAll(
    new RegExp(`^(?:\\S+ ){5}(\\d\\d) .*${lifeline}$`, 'gm'),
  );
  // 03: connected.
  return [...states].filter(([, state]) => state === '03').length;
}

test('with the /proc of another namespace, pids are not looked up there', async (context) => {
  needsRoot(context, 'unshare');
  const directory = tempFolder();
  const env = { ROLLCALL_DIR: directory };
  // Without --mount-proc, /proc is still ours: what stands there under pid 1 is our init.
  const blind = start(
    'unshare',
    ['--pid', '--fork', '--kill-child', process.execPath, 'test/programs/server.js', 'blind'],
    env,
  );
  const id = (await blind.line(/^registered /)).split(' ')[1];
  const inside = start(
    'unshare',
    ['--pid', '--fork', '--kill-child', process.execPath, 'dist/cli/main.js', 'list', '--json'],
    env,
  );
  await inside.ended;
  expect(JSON.parse(inside.lines.join('')).map((instance: { id: string }) => instance.id)).toEqual([id]);
  expect((await new Registry({ directory }).reap()).removed).toEqual([]);
});
