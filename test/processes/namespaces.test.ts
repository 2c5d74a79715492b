/** Other pid namespaces that share the directory: nobody hides or removes what it cannot judge. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Registry } from '../../src/index.js';
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
