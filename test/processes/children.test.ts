/** An entry that speaks of a child of the process that registered it. */

import { expect, test } from 'vitest';
import { Registry } from '../../src/index.js';
import { eventually } from '../support/eventually.js';
import { startNode } from '../support/processes.js';
import { tempFolder } from '../support/temp.js';

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'a child that outlives its parent, ended by %s, is found until it ends itself',
  async (signal) => {
    const directory = tempFolder();
    const parent = startNode('test/programs/parent.js', [], { ROLLCALL_DIR: directory });
    const [, id, pid] = (await parent.line(/^registered /)).split(' ');
    parent.child.kill(signal);
    expect(await parent.ended).toEqual({ code: null, signal });
    const registry = new Registry({ directory });
    const ids = async () => (await registry.discover()).map((instance) => instance.id);
    expect(await ids()).toEqual([id]);
    process.kill(Number(pid), 'SIGKILL');
    await eventually('it is gone', async () => (await ids()).length === 0);
  },
);
