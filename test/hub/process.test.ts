/** The hub as a process: what it writes, when it ends, and what it leaves behind. */

import { readdirSync, readFileSync } from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import { type FleetOptions, startFleet } from '../support/fleet.js';
import { hubProgram } from '../support/hub.js';
import { start } from '../support/processes.js';
import { RawHost } from '../support/raw-host.js';
import { tempFolder } from '../support/temp.js';

let stage: FleetOptions & { log: string };
beforeEach(() => {
  const folder = tempFolder();
  stage = { directory: `${folder}/registry`, log: `${folder}/log` };
});

test('it ends when its host is gone, and when nobody has ever said a word', async () => {
  const silent = start(process.execPath, [hubProgram, 'hub'], { ROLLCALL_DIR: stage.directory });
  silent.child.stdin?.end();
  expect(await silent.ended).toEqual({ code: 0, signal: null });
  const host = await new RawHost(stage.directory).open();
  host.hub.child.stdin?.destroy();
  expect(await host.hub.ended).toEqual({ code: 0, signal: null });
});

test('it starts no process, and writes nothing into the registry', async () => {
  await startFleet(stage, [{ flavour: 'v2-http', name: 'one' }]);
  const host = await new RawHost(stage.directory).open();
  await host.ask('tools/list');
  const children = readFileSync(`/proc/${host.hub.pid}/task/${host.hub.pid}/children`, 'utf8');
  expect(children).toBe('');
  const before = readdirSync(`${stage.directory}/v1`);
  await host.call('one__echo', { text: 'x' });
  expect(readdirSync(`${stage.directory}/v1`)).toEqual(before);
});
