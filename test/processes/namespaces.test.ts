/** Other pid namespaces that share the directory: nobody hides or removes what it cannot judge. */

import { chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Registry } from '../../src/index.js';
import { identifySelf } from '../../src/process/identity.js';
import { eventually } from '../support/eventually.js';
import { root, start, startNode } from '../support/processes.js';
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

function plant(directory: string, id: string, process: object): void {
  mkdirSync(join(directory, 'v1'), { recursive: true, mode: 0o700 });
  const now = new Date().toISOString();
  const name = id.slice(0, -27);
  const entry = { format: 1, id, name, status: 'ready', endpoints: [{ type: 'stdio' }], registeredAt: now, process };
  writeFileSync(join(directory, 'v1', `${id}.json`), JSON.stringify(entry), { mode: 0o600 });
}

test('a pid that was reused is dead, a zombie is dead, a live process of another user is alive', async (context) => {
  needsRoot(context, 'setpriv', 'sh');
  const directory = tempFolder();
  const self = identifySelf();
  const id = (name: string) => `${name}-${'0'.repeat(26)}`;
  plant(directory, id('reused'), { ...self, start: String(Number(self.start) - 1) });
  plant(directory, id('itself'), self);

  // sh starts a child and then becomes a program that never waits for one; sh itself would, so kill only after that.
  const parent = start('sh', ['-c', 'sleep 1000 & echo $!; exec sleep 1000']);
  const zombie = Number(await parent.line(/^\d+$/));
  await eventually('sh has become sleep', () => readFileSync(`/proc/${parent.pid}/comm`, 'latin1') === 'sleep\n');
  process.kill(zombie, 'SIGKILL');
  await eventually('it is a zombie', () => / Z /.test(readFileSync(`/proc/${zombie}/stat`, 'latin1')));
  const startOf = (pid: number) =>
    readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ')[19];
  plant(directory, id('zombie'), { ...self, pid: zombie, start: startOf(zombie) });

  const other = start('setpriv', ['--reuid=65534', '--clear-groups', 'sleep', '1000']);
  plant(directory, id('other'), { ...self, pid: other.pid, start: startOf(other.pid) });

  const verdicts = async (registry: Registry) =>
    Object.fromEntries((await registry.inspect()).map(({ instance, verdict }) => [instance?.name, verdict]));
  expect(await verdicts(new Registry({ directory }))).toEqual({
    reused: 'dead',
    itself: 'alive',
    zombie: 'dead',
    other: 'alive',
  });
});

test('whoever may not signal a process (EPERM) sees it alive', async (context) => {
  needsRoot(context);
  const directory = tempFolder();
  const server = startNode('test/programs/server.js', ['root'], { ROLLCALL_DIR: directory });
  const id = (await server.line(/^registered /)).split(' ')[1] ?? '';
  const entry = readFileSync(join(directory, 'v1', `${id}.json`));
  const theirs = tempFolder();
  chownSync(theirs, 65534, 65534);
  // The same entry in a registry of another user's. It becomes that user after the import, which it might not be
  // allowed to read.
  const script = `
    import { mkdirSync, writeFileSync } from 'node:fs';
    import { Registry } from '${root}dist/index.js';
    process.setgroups([]);
    process.setgid(65534);
    process.setuid(65534);
    mkdirSync('${theirs}/v1', { mode: 0o700 });
    writeFileSync('${theirs}/v1/${id}.json', Buffer.from('${entry.toString('base64')}', 'base64'), { mode: 0o600 });
    try { process.kill(${server.pid}, 0); } catch (error) { console.log(error.code); }
    console.log((await new Registry({ directory: '${theirs}' }).discover()).length);`;
  const reader = start(process.execPath, ['--input-type=module', '-e', script]);
  expect((await reader.ended).code, reader.errors()).toBe(0);
  expect(reader.lines).toEqual(['EPERM', '1']);
});
