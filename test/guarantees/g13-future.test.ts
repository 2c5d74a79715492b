/** G13: unknown fields and newer formats survive an older version's update. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, onTestFinished } from 'vitest';
import { createId } from '../../src/core/id.js';
import { Registry } from '../../src/index.js';
import { Layout } from '../../src/store/file/directory.js';
import { FileStore } from '../../src/store/file/file-store.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { FakeProbe } from '../../src/testing/fake-probe.js';
import { cli } from '../support/cli.js';
import { makeInstance } from '../support/make-instance.js';
import { prove, times } from '../support/prove.js';
import { tempFolder } from '../support/temp.js';

type Fields = Record<string, unknown>;

/** Any JSON that nests less deeply than an entry may; a key `__proto__` is dropped by design. */
const json = fc
  .jsonValue({ maxDepth: 4 })
  .filter((value) => !JSON.stringify(value).includes('"__proto__"'))
  // As JSON has it: it knows no -0.
  .map((value) => JSON.parse(JSON.stringify(value)));
/** Fields that this version does not know. */
const future = fc.dictionary(fc.stringMatching(/^future[A-Z][a-z]{0,5}$/), json, { maxKeys: 3 });
const futures = fc.record({
  top: future,
  process: future,
  endpoint: future,
  header: future,
  metadata: future,
  mcp: future,
});

const folderOf = () => {
  const directory = tempFolder();
  const layout = new Layout(directory);
  layout.prepare();
  return { directory, layout };
};

prove(
  'G13',
  'what a newer version added to an entry is there after updates, heartbeats and a mended file',
  async () => {
    const { layout, directory } = folderOf();
    await fc.assert(
      fc.asyncProperty(futures, fc.string({ unit: 'grapheme' }), async (added, title) => {
        const [clock, probe] = [new FakeClock(), new FakeProbe()];
        const registry = new Registry({ directory, clock, probe });
        const registration = await registry.register({
          name: 'api',
          endpoints: [
            { type: 'http', url: 'http://127.0.0.1:1/', headers: [{ name: 'A', value: 'b', isSecret: true }] },
          ],
        });
        const path = layout.entry(registration.id);
        const read = (): Fields => JSON.parse(readFileSync(path, 'utf8'));
        // The same process, by another copy of the library that knows more.
        const entry = read();
        const [endpoint] = entry.endpoints as [{ headers: [Fields] }];
        const newer = {
          ...entry,
          ...added.top,
          process: { ...(entry.process as Fields), ...added.process },
          metadata: added.metadata,
          mcp: added.mcp,
          endpoints: [{ ...endpoint, ...added.endpoint, headers: [{ ...endpoint.headers[0], ...added.header }] }],
        };
        writeFileSync(path, JSON.stringify(newer));
        await clock.advance(30_000);
        expect(read()).toEqual(newer);
        await registration.update({ title });
        expect(read()).toEqual({ ...newer, title, updatedAt: expect.any(String) });
        await registration.update({ tags: ['a'] });
        const updated = read();
        expect(updated).toEqual({ ...newer, title, tags: ['a'], updatedAt: expect.any(String) });
        // What it writes when the file is gone is what it wrote last.
        writeFileSync(path, '{');
        await clock.advance(30_000);
        expect(read()).toEqual(updated);
        expect((await registry.discover())[0]).toMatchObject(added.top);
        await registry.close();
      }),
      { numRuns: times({ full: 3_000, quick: 50 }) },
    );
  },
  { timeout: 60_000 },
);

prove(
  'G13',
  'an entry of a newer format is shown as that, and neither found, changed nor removed, whatever is in it',
  async () => {
    const { layout, directory } = folderOf();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 1_000_000 }), future, fc.boolean(), async (format, rest, isSound) => {
        const [clock, probe] = [new FakeClock(), new FakeProbe()];
        const errors: unknown[] = [];
        const registry = new Registry({ directory, clock, probe, onError: (error) => void errors.push(error) });
        const id = createId('api');
        // Of a process that is dead, if this version took it for what it knows.
        const sound = makeInstance({ id, name: 'api', process: { pid: 4_711, start: '1' } });
        const text = JSON.stringify({ ...(isSound ? sound : {}), ...rest, format });
        writeFileSync(layout.entry(id), text, { mode: 0o600 });
        const watcher = registry.watch();
        // Several heartbeats and sweeps.
        await registry.register({ name: 'other', status: 'starting' });
        await clock.advance(200_000);
        const found = [...(await registry.discover()), ...watcher.instances].map((instance) => instance.id);
        expect(found).not.toContain(id);
        expect(await registry.get(id)).toBeUndefined();
        expect(await registry.pick({ name: 'api' })).toBeUndefined();
        const { removed, illegible } = await registry.reap();
        expect(removed).toEqual([]);
        expect(illegible.find((sighting) => sighting.id === id)?.reason).toContain(`is of format ${format}`);
        expect(readFileSync(layout.entry(id), 'utf8')).toBe(text);
        expect(errors).toEqual([]);
        await registry.close();
        await new FileStore({ directory }).delete(id);
      }),
      { numRuns: times({ full: 1_000, quick: 20 }) },
    );
  },
  { timeout: 60_000 },
);

prove(
  'G13',
  'an owner that finds an entry of a newer format under its id leaves it alone, to its last act',
  async () => {
    const { layout, directory } = folderOf();
    const [clock, probe] = [new FakeClock(), new FakeProbe()];
    const errors: unknown[] = [];
    const registry = new Registry({ directory, clock, probe, onError: (error) => void errors.push(error) });
    onTestFinished(() => registry.close());
    const registration = await registry.register({ name: 'api', status: 'starting' });
    const path = layout.entry(registration.id);
    const text = JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), format: 2, name: { first: 'api' } });
    writeFileSync(path, text);
    await expect(registration.update({ title: 'x' })).rejects.toMatchObject({ code: 'ROLLCALL_LOST' });
    await clock.advance(60_000);
    expect(errors).toMatchObject([{ code: 'ROLLCALL_LOST' }]);
    expect(await registration.deregister()).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe(text);
  },
);

prove('G13', 'the command line shows a newer format as that, and prunes it not', async () => {
  const { layout, directory } = folderOf();
  const id = createId('api');
  writeFileSync(layout.entry(id), JSON.stringify({ ...makeInstance({ id, name: 'api' }), format: 3 }), { mode: 0o600 });
  expect((await cli(directory, 'list', '--json')).out).toBe('[]\n');
  expect((await cli(directory, 'list', '--all')).out).toContain('format 3');
  expect((await cli(directory, 'prune')).code).toBe(0);
  expect((await cli(directory, 'doctor')).out).toContain('format 3');
  expect(existsSync(layout.entry(id))).toBe(true);
});
