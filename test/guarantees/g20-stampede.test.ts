/** G20: 200 processes may register at the same moment. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Registry } from '../../src/index.js';
import { startNode } from '../support/processes.js';
import { isFullTier, prove, times } from '../support/prove.js';
import { tempFolder } from '../support/temp.js';

/** Two cores take their time to start 200 processes, in ms. */
const patience = 120_000;

prove(
  'G20',
  'a stampede: every one of 200 processes that register at once is there, and found',
  async () => {
    const processes = isFullTier ? 200 : 24;
    for (let round = 0; round < times({ full: 20, quick: 1 }); round++) {
      const directory = tempFolder();
      const env = { ROLLCALL_DIR: directory, WAIT: '1' };
      const servers = Array.from({ length: processes }, () => startNode('test/programs/server.js', ['server'], env));
      for (const server of servers) await server.line(/^waiting/, patience);
      for (const server of servers) server.say('register');
      const ids: string[] = [];
      for (const server of servers) ids.push((await server.line(/^registered /, patience)).split(' ')[1] ?? '');
      expect(new Set(ids).size).toBe(processes);
      const registry = new Registry({ directory });
      expect((await registry.discover()).map(({ id }) => id).sort()).toEqual([...ids].sort());
      const files = readdirSync(join(directory, 'v1')).filter((name) => name.endsWith('.json'));
      expect(files.sort()).toEqual(ids.map((id) => `${id}.json`).sort());
      for (const server of servers) server.child.kill('SIGKILL');
      await Promise.all(servers.map(({ ended }) => ended));
      expect(await registry.discover()).toEqual([]);
    }
  },
  { timeout: 120_000 },
);
